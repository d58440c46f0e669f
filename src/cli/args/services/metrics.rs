//! Options of serving numbers to Prometheus.

use clap::Args;

use crate::sink::tap::Listen;

/// Options of serving numbers to Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsArgs {
    /// Serve all numbers to Prometheus under /metrics, and under /healthz whether every source sends: HOST:PORT, or a port alone (this machine only)
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<Listen>,
}
