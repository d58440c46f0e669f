//! `--metrics`: the page of numbers, opened.
//!
//! The password is the first of: `--metrics-password-file`, `SMARTY_METRICS_PASSWORD`, `smarty.metrics-password` among
//! the credentials of systemd.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::system::uname;
use tokio_rustls::rustls::ServerConfig;
use zeroize::Zeroizing;

use crate::cli::args::MetricsArgs;
use crate::cli::caution::say_who_reads;
use crate::cli::inputs::Named;
use crate::cli::output::writer::{failed, shown};
use crate::cli::services::Publishing;
use crate::cli::services::files::{read, text_of};
use crate::cli::services::listen::{refused, resolve};
use crate::observe::standing::Places;
use crate::publish::metrics::Metrics;
use crate::publish::pages::{Login, Names, Rules};
use crate::run::failure::{Exit, Failure};
use crate::sys::peer::want_files;
use crate::sys::tls::{self, TlsProblem};

/// Opens the page where it is asked for; a source is well that sends within its time-out.
///
/// # Errors
/// An address that cannot be had; a file that does not hold what it should; options that do not fit together.
pub fn open(
    args: &MetricsArgs,
    named: &[Named],
    publishing: &Publishing<'_>,
    places: Places,
) -> Result<Option<Metrics>, Failure> {
    let Some(listen) = &args.metrics else {
        return match args.other() {
            Some(option) => Err(
                Failure::new(Exit::Usage, format!("{option} needs --metrics"))
                    .hint("name the port: --metrics 9100"),
            ),
            None => Ok(None),
        };
    };
    let quiet = publishing.global.quiet;
    let address = resolve(&listen.host, listen.port)?;
    want_files();
    let rules = Rules {
        names: names(args, &listen.host),
        login: login(args, quiet)?,
        tls: secure(args, quiet)?,
        ..Rules::default()
    };
    let listener = TcpListener::bind(address).map_err(|error| refused(address, &error))?;
    let expected = named.iter().map(Named::label_and_place);
    let patience = publishing.run.source.timeout.unwrap_or(PATIENCE);
    let metrics = Metrics::start(
        listener,
        rules,
        expected.collect(),
        patience,
        places,
        publishing.zone.clone(),
    );
    let metrics = metrics.map_err(|error| failed("metrics", &error))?;
    metrics.remember(publishing.past);
    Ok(Some(metrics))
}

/// The names that are answered to: on loopback those of this machine, over a network all unless some are given.
fn names(args: &MetricsArgs, host: &str) -> Names {
    let given = args.metrics_host.iter().cloned();
    let system = uname();
    let own = system.nodename().to_string_lossy();
    // No page of the web can have the second: such names are asked for on the spot.
    let own = [own.to_string(), format!("{own}.local"), host.to_owned()];
    Names::new(given.chain(own), !args.metrics_host.is_empty())
}

fn login(args: &MetricsArgs, quiet: bool) -> Result<Option<Login>, Failure> {
    let Some(user) = &args.metrics_user else {
        return match args.metrics_password_file {
            Some(_) => {
                let what = "--metrics-password-file needs --metrics-user";
                Err(Failure::new(Exit::Usage, what).hint("say whose password it is"))
            }
            None => Ok(None),
        };
    };
    if user.is_empty() || user.contains(':') {
        let what = "--metrics-user: expected a name without a colon in it";
        return Err(Failure::new(Exit::Usage, what));
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let credential = variable("CREDENTIALS_DIRECTORY")
        .map(|folder| Path::new(&folder).join("smarty.metrics-password"))
        .filter(|path| path.exists());
    let of_file = |file: &Path| {
        let password = Zeroizing::new(text_of(file)?);
        match password.is_empty() {
            true => {
                let what = format!("{}: contains no password", shown(file));
                Err(Failure::new(Exit::Usage, what).hint("write the password on its first line"))
            }
            false => Ok(password),
        }
    };
    let password = if let Some(file) = &args.metrics_password_file {
        let password = of_file(file)?;
        say_who_reads(file, "a password", quiet);
        password
    } else if let Some(text) = variable("SMARTY_METRICS_PASSWORD") {
        let text = text.into_string();
        text.map(Zeroizing::new)
            .map_err(|_| Failure::new(Exit::Usage, "SMARTY_METRICS_PASSWORD is not UTF-8 text"))?
    } else if let Some(file) = credential {
        of_file(&file)?
    } else {
        let what = format!("there is no password for {user}");
        let hint =
            "use --metrics-password-file FILE, or the environment variable SMARTY_METRICS_PASSWORD";
        return Err(Failure::new(Exit::Usage, what).hint(hint));
    };
    Ok(Some(Login::new(user, &password)))
}

fn secure(args: &MetricsArgs, quiet: bool) -> Result<Option<Arc<ServerConfig>>, Failure> {
    let (certificate, key) = match (&args.metrics_cert, &args.metrics_cert_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Ok(None),
        _ => {
            let what = "--metrics-cert and --metrics-cert-key belong together";
            return Err(Failure::new(Exit::Usage, what).hint("give both, or none"));
        }
    };
    let config = tls::serving(&read(certificate)?, &read(key)?);
    let config = config.map_err(|problem| unfit(problem, certificate, key))?;
    say_who_reads(key, "a private key", quiet);
    Ok(Some(config))
}

fn unfit(problem: TlsProblem, certificate: &Path, key: &Path) -> Failure {
    let (what, hint) = match problem {
        TlsProblem::Certificate | TlsProblem::Authority => (
            format!("{}: contains no certificate", shown(certificate)),
            "a PEM file begins with -----BEGIN CERTIFICATE-----",
        ),
        TlsProblem::Key => (
            format!("{}: contains no private key", shown(key)),
            "a PEM file begins with -----BEGIN PRIVATE KEY-----",
        ),
        TlsProblem::Pair => (
            format!("{}: does not belong to the certificate", shown(key)),
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
