//! Options of serving numbers to Prometheus.

use std::path::PathBuf;

use clap::Args;

use crate::publish::forward_target::Listen;

/// Options of serving numbers to Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsArgs {
    /// Serve a page for browsers under /, numbers for Prometheus under /metrics, and under /healthz whether every source sends: HOST:PORT, or a port alone (this machine only)
    #[arg(long = "http", visible_alias = "metrics", value_name = "HOST:PORT")]
    pub metrics: Option<Listen>,
    /// Ask for this user and a password before anything is shown
    #[arg(long, value_name = "USER")]
    pub metrics_user: Option<String>,
    /// File with the password of that user; else SMARTY_METRICS_PASSWORD, or smarty.metrics-password of systemd
    #[arg(long, value_name = "FILE")]
    pub metrics_password_file: Option<PathBuf>,
    /// Serve with TLS (https), with this certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub metrics_cert: Option<PathBuf>,
    /// Private key of that certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub metrics_cert_key: Option<PathBuf>,
    /// Answer under this name of the machine too, and under no unknown one; repeatable [default: over loopback those of this machine, over a network all]
    #[arg(long, value_name = "NAME")]
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
