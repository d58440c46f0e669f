//! Certificates and keys of TLS, from PEM files that the user names.

use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

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

/// Texts of the files that the user names; PEM.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pem<'a> {
    /// Authorities that are trusted instead of those of the machine.
    pub authority: Option<&'a [u8]>,
    /// Our own certificate.
    pub certificate: Option<&'a [u8]>,
    /// The private key that belongs to it.
    pub key: Option<&'a [u8]>,
    /// Whether a certificate of those authorities may be for any name.
    pub any_name: bool,
}

/// Makes the configuration of all connections to a server.
///
/// # Errors
/// A file that does not hold what it should.
pub fn connecting(pem: Pem<'_>) -> Result<Arc<ClientConfig>, TlsProblem> {
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
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsProblem::Library)?;
    let builder = match pem.any_name {
        false => builder.with_root_certificates(roots),
        true => {
            let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|_| TlsProblem::Authority)?;
            let verifier = Arc::new(AnyName(inner));
            builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
        }
    };
    let config = match (pem.certificate, pem.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate).ok_or(TlsProblem::Certificate)?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsProblem::Key)?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|_| TlsProblem::Pair)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

/// Verifies all of a certificate but its name: devices that have no name of their own in the house.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The name is looked at last: all else fits.
        match self
            .0
            .verify_server_cert(certificate, between, name, ocsp, now)
        {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
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
fn certificates(text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .ok()?;
    (!certificates.is_empty()).then_some(certificates)
}
