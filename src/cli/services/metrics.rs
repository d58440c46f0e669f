//! `--metrics`: the page of numbers, opened.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use crate::cli::args::MetricsArgs;
use crate::cli::failure::{Exit, Failure};
use crate::cli::inputs::Named;
use crate::cli::listen::{refused, resolve};
use crate::cli::mqtt::{read, text_of};
use crate::cli::writer::{failed, shown};
use crate::sink::metrics::Metrics;
use crate::sink::pages::{Login, Names, Rules};
use crate::sink::tls::{self, TlsProblem};

/// Opens the page where it is asked for; a source is well that sends within `timeout`.
///
/// # Errors
/// An address that cannot be had; a file that does not hold what it should; options that do not fit together.
pub fn open(
    args: &MetricsArgs,
    named: &[Named],
    timeout: Option<Duration>,
) -> Result<Option<Metrics>, Failure> {
    let Some(listen) = &args.metrics else {
        return match args.other() {
            Some(option) => Err(
                Failure::new(Exit::Usage, format!("{option} needs --metrics"))
                    .hint("say where: --metrics 9100"),
            ),
            None => Ok(None),
        };
    };
    let address = resolve(&listen.host, listen.port)?;
    let rules = Rules {
        names: names(args, &listen.host, address),
        login: login(args)?,
        tls: secure(args)?,
        ..Rules::default()
    };
    let listener = TcpListener::bind(address).map_err(|error| refused(address, &error))?;
    let expected = named.iter().map(|named| {
        let address = &named.address;
        (address.label.clone(), address.place.to_string())
    });
    let patience = timeout.unwrap_or(PATIENCE);
    let metrics = Metrics::start(listener, rules, expected.collect(), patience);
    metrics.map(Some).map_err(|error| failed("metrics", &error))
}

/// The names that are answered to: on loopback those of this machine, over a network all unless some are given.
fn names(args: &MetricsArgs, host: &str, address: SocketAddr) -> Option<Names> {
    let here = address.ip().to_canonical().is_loopback();
    let more = args.metrics_host.iter().cloned();
    (here || !args.metrics_host.is_empty()).then(|| Names::new(more.chain([host.to_owned()])))
}

fn login(args: &MetricsArgs) -> Result<Option<Login>, Failure> {
    let (user, file) = match (&args.metrics_user, &args.metrics_password_file) {
        (Some(user), Some(file)) => (user, file),
        (None, None) => return Ok(None),
        _ => {
            let what = "--metrics-user and --metrics-password-file belong together";
            return Err(Failure::new(Exit::Usage, what).hint("give both, or none"));
        }
    };
    if user.is_empty() || user.contains(':') {
        let what = "--metrics-user: expected a name without a colon in it";
        return Err(Failure::new(Exit::Usage, what));
    }
    match text_of(file)? {
        password if password.is_empty() => {
            let what = format!("{}: holds no password", shown(file));
            Err(Failure::new(Exit::Usage, what).hint("write the password on its first line"))
        }
        password => Ok(Some(Login::new(user, &password))),
    }
}

fn secure(args: &MetricsArgs) -> Result<Option<Arc<ServerConfig>>, Failure> {
    let (certificate, key) = match (&args.metrics_cert, &args.metrics_cert_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Ok(None),
        _ => {
            let what = "--metrics-cert and --metrics-cert-key belong together";
            return Err(Failure::new(Exit::Usage, what).hint("give both, or none"));
        }
    };
    let config = tls::serving(&read(certificate)?, &read(key)?);
    config
        .map(Some)
        .map_err(|problem| unfit(problem, certificate, key))
}

fn unfit(problem: TlsProblem, certificate: &Path, key: &Path) -> Failure {
    let (what, hint) = match problem {
        TlsProblem::Certificate | TlsProblem::Authority => (
            format!("{}: holds no certificate", shown(certificate)),
            "a PEM file begins with -----BEGIN CERTIFICATE-----",
        ),
        TlsProblem::Key => (
            format!("{}: holds no private key", shown(key)),
            "a PEM file begins with -----BEGIN PRIVATE KEY-----",
        ),
        TlsProblem::Pair => (
            format!("{}: is not the key of the certificate", shown(key)),
            "give the two that were made together",
        ),
        TlsProblem::Library => (
            "TLS does not work here".to_owned(),
            "leave --metrics-cert away",
        ),
    };
    Failure::new(Exit::Usage, what).hint(hint)
}

/// How long a source may be silent where no `--timeout` says it.
const PATIENCE: Duration = Duration::from_secs(60);
