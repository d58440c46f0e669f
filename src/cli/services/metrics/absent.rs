//! What stands for the page of numbers in a build without it.

use crate::cli::args::MetricsArgs;
use crate::cli::inputs::Named;
use crate::cli::services::Publishing;
use crate::cli::services::absent::{Service, refuse};
use crate::observe::standing::{Lost, Places};
use crate::run::failure::Failure;
use crate::sys::counter::Counter;

/// A page, of which there is none in this build.
pub type Metrics = Service;

impl Service {
    /// Counts on the page what comes of meters that have no place in another service.
    pub fn count_lost(&mut self, _service: &'static str, _lost: Lost) {
        match *self {}
    }

    /// Counts on the page whom another server turns away.
    pub fn count(&mut self, _server: &'static str, _turned_away: Counter) {
        match *self {}
    }
}

/// Refuses the options of the page.
///
/// # Errors
/// Where there is one.
pub fn open(
    args: &MetricsArgs,
    _named: &[Named],
    _publishing: &Publishing<'_>,
    _places: Places,
) -> Result<Option<Metrics>, Failure> {
    let page = args.metrics.as_ref().map(|_| "--metrics");
    refuse(page.or(args.other()), "http")
}
