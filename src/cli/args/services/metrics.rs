//! Options of serving numbers to Prometheus.

use clap::Args;

/// Options of serving numbers to Prometheus.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsArgs {}
