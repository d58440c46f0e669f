//! Certificates and keys of TLS, from PEM files that the user names.

use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What does not fit; which file it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsProblem {
    /// The file of the authority holds no certificate.
    Authority,
    /// The file of our certificate holds none.
    Certificate,
    /// The file of the key holds none that can be used.
    Key,
    /// Certificate and key do not belong together.
    Pair,
    /// The library does not work.
    Library,
}

/// Makes the configuration of a server of pages from the texts of both files.
///
/// # Errors
/// A file that does not hold what it should.
pub fn serving(certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, TlsProblem> {
    let chain = certificates(certificate).ok_or(TlsProblem::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsProblem::Key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsProblem::Library)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| TlsProblem::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The certificates of a PEM file, where there are any.
pub(crate) fn certificates(text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .ok()?;
    (!certificates.is_empty()).then_some(certificates)
}
