//! TLS towards the broker: whom we trust, and who we are.

use std::sync::Arc;

use rumqttc_v5::TlsConfiguration;
use rumqttc_v5::tokio_rustls::rustls::crypto::ring;
use rumqttc_v5::tokio_rustls::rustls::pki_types::PrivateKeyDer;
use rumqttc_v5::tokio_rustls::rustls::pki_types::pem::PemObject;
use rumqttc_v5::tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub use crate::sys::tls::TlsProblem;
use crate::sys::tls::certificates;

/// Texts of the files that the user names; PEM.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pem<'a> {
    /// Authorities that are trusted instead of those of the machine.
    pub authority: Option<&'a [u8]>,
    /// Our own certificate.
    pub certificate: Option<&'a [u8]>,
    /// The private key that belongs to it.
    pub key: Option<&'a [u8]>,
}

/// Makes the configuration of all connections to a broker.
///
/// # Errors
/// A file that does not hold what it should.
pub fn configure(pem: Pem<'_>) -> Result<TlsConfiguration, TlsProblem> {
    let mut roots = RootCertStore::empty();
    match pem.authority {
        Some(text) => {
            let certificates = certificates(text).ok_or(TlsProblem::Authority)?;
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(TlsProblem::Authority);
            }
        }
        None => {
            // What cannot be read of the machine's own is not there: the connection says so.
            let own = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(own.certs);
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsProblem::Library)?
        .with_root_certificates(roots);
    let config = match (pem.certificate, pem.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate).ok_or(TlsProblem::Certificate)?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsProblem::Key)?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|_| TlsProblem::Pair)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(TlsConfiguration::Rustls(Arc::new(config)))
}
