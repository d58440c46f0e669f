//! Options of serving numbers to Prometheus.

use std::path::PathBuf;

use clap::Args;

use crate::publish::forward_target::Listen;

/// Options of serving numbers to Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Web page and metrics")]
pub struct MetricsArgs {
    /// Serve a web page, and Prometheus metrics
    ///
    /// A port number alone serves this machine only.
    ///
    /// The page is at /, metrics at /metrics, and /healthz tells whether every source sends.
    #[arg(long = "http", visible_alias = "metrics", value_name = "HOST:PORT")]
    pub metrics: Option<Listen>,
    /// Ask for this user and a password before showing anything
    #[arg(long, value_name = "USER", hide_short_help = true)]
    pub metrics_user: Option<String>,
    /// File with the password of that user [default: SMARTY_METRICS_PASSWORD, or systemd's credential smarty.metrics-password]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub metrics_password_file: Option<PathBuf>,
    /// Serve over TLS (https) with this certificate (PEM)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub metrics_cert: Option<PathBuf>,
    /// Private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub metrics_cert_key: Option<PathBuf>,
    /// Answer to this host name as well, and to no unknown one; repeatable [default: the machine's own names on loopback, all on a network]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub metrics_host: Vec<String>,
}

impl MetricsArgs {
    /// An option that is given, where there is one beside the address itself.
    pub fn other(&self) -> Option<&'static str> {
        let given = [
            ("--metrics-user", self.metrics_user.is_some()),
            (
                "--metrics-password-file",
                self.metrics_password_file.is_some(),
            ),
            ("--metrics-cert", self.metrics_cert.is_some()),
            ("--metrics-cert-key", self.metrics_cert_key.is_some()),
            ("--metrics-host", !self.metrics_host.is_empty()),
        ];
        given
            .iter()
            .find(|(_, given)| *given)
            .map(|(name, _)| *name)
    }
}
