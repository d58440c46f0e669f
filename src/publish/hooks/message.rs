//! The message of a hook: JSON, posted.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring::default_provider;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Posts a message.
///
/// # Errors
/// Why it was not taken, in words; of the address, which may hold a secret, the host alone.
pub(super) fn post(url: &str, json: &str, limit: Duration) -> Result<(), String> {
    let sent = agent()
        .post(url)
        .config()
        .timeout_global(Some(limit))
        .build()
        .header("Content-Type", "application/json")
        .header("Title", "smarty")
        .send(json);
    let moved = |status: u16| match status {
        300.. => Err(ureq::Error::StatusCode(status)),
        _ => Ok(()),
    };
    let taken = sent.and_then(|answer| moved(answer.status().as_u16()));
    taken.map_err(|error| {
        let why = match error {
            ureq::Error::StatusCode(code) => format!("it answers with {code}"),
            ureq::Error::Timeout(_) => format!("no answer within {} s", limit.as_secs_f32()),
            ureq::Error::Io(error) => crate::source::error::plain(&error),
            ureq::Error::HostNotFound => "no machine has this name".to_owned(),
            ureq::Error::BadUri(_) => "is no address".to_owned(),
            error => error.to_string().replace(url, "the address"),
        };
        format!("{}: {why}", host(url))
    })
}

/// Scheme and host of an address.
pub(super) fn host(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "the address".to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{place}")
}

/// What speaks HTTP; certificates are those that the machine trusts.
fn agent() -> &'static Agent {
    static AGENT: OnceLock<Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let trusted = rustls_native_certs::load_native_certs().certs;
        let trusted: Vec<_> = trusted
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(trusted)))
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .user_agent(concat!("smarty/", env!("CARGO_PKG_VERSION")))
            .build();
        config.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_the_host_alone_is_shown() {
        assert_eq!(
            host("https://ntfy.sh/secret-topic?auth=x"),
            "https://ntfy.sh"
        );
        assert_eq!(host("http://anna:pass@host:80/x"), "http://host:80");
        assert_eq!(host("nonsense"), "the address");
    }
}
