//! `--metrics`: the page of numbers, opened.

use std::net::TcpListener;
use std::time::Duration;

use crate::cli::args::MetricsArgs;
use crate::cli::failure::Failure;
use crate::cli::inputs::Named;
use crate::cli::listen::{refused, resolve};
use crate::cli::writer::failed;
use crate::sink::metrics::Metrics;
use crate::sink::service::Service;

/// Opens the page where it is asked for; a source is well that sends within `timeout`.
///
/// # Errors
/// An address that cannot be had.
pub fn open(
    args: &MetricsArgs,
    named: &[Named],
    timeout: Option<Duration>,
) -> Result<Option<Box<dyn Service>>, Failure> {
    let Some(listen) = &args.metrics else {
        return Ok(None);
    };
    let address = resolve(&listen.host, listen.port)?;
    let listener = TcpListener::bind(address).map_err(|error| refused(address, &error))?;
    let expected = named.iter().map(|named| {
        let address = &named.address;
        (address.label.clone(), address.place.to_string())
    });
    let metrics = Metrics::start(listener, expected.collect(), timeout.unwrap_or(PATIENCE));
    let metrics = metrics.map_err(|error| failed("metrics", &error))?;
    Ok(Some(Box::new(metrics)))
}

/// How long a source may be silent where no `--timeout` says it.
const PATIENCE: Duration = Duration::from_secs(60);
