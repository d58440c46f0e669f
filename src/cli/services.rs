//! The services of a run: observers beside the output, opened by the arguments.

mod derive;
mod forward;
pub mod listen;
mod metrics;
pub mod mqtt;

pub use self::derive::{Deriving, Keep};
use crate::cli::args::ServiceArgs;
use crate::cli::inputs::Named;

use crate::cli::args::{Global, Run};
use crate::observe::fields::Fields;
use crate::observe::observer::Observer;
use crate::observe::sampling::Sampling;
use crate::observe::standing::{PLACES, Places};
use crate::p1::derive::Extent;
use crate::p1::value::Zone;
use crate::publish::mqtt::Choice;
use crate::run::failure::{Exit, Failure};

/// Opens those that are asked for, in the order in which they are told; they publish what is computed to this extent as well.
///
/// # Errors
/// An address that cannot be had; options that do not fit together.
pub fn open(
    args: &ServiceArgs,
    named: &[Named],
    publishing: &Publishing<'_>,
    extent: Extent,
) -> Result<Vec<Box<dyn Observer>>, Failure> {
    let Publishing {
        run,
        thinning,
        zone,
        ..
    } = publishing;
    let forward = forward::open(&args.forward, named)?;
    let meters = args
        .derive
        .meters_max
        .map_or(PLACES, |most| most.get() as usize);
    let places = Places::new(meters);
    let mut metrics = metrics::open(&args.metrics, named, publishing, places)?;
    if let (Some(forward), Some(metrics)) = (&forward, &mut metrics) {
        metrics.count("forward", forward.turned_away());
    }
    let fields = run.output.fields.as_deref().map(Fields::parse);
    let choice = Choice {
        // A field that does not exist is said by the output.
        fields: fields.and_then(Result::ok),
        thinning: *thinning,
        zone: zone.clone(),
        sources: named.len(),
        meters,
        extent,
    };
    let publisher = mqtt::open(&args.mqtt, choice, publishing)?;
    if let (Some(publisher), Some(metrics)) = (&publisher, &mut metrics) {
        metrics.count_lost("mqtt", publisher.lost());
    }
    let mut services: Vec<Box<dyn Observer>> = Vec::new();
    services.extend(forward.map(|forward| Box::new(forward) as Box<dyn Observer>));
    services.extend(metrics.map(|metrics| Box::new(metrics) as Box<dyn Observer>));
    services.extend(publisher.map(|publisher| Box::new(publisher) as Box<dyn Observer>));
    if run.output.redact && !services.is_empty() {
        let what = "--redact hides nothing from services: they get all as the meter sent it";
        return Err(Failure::new(Exit::Usage, what).hint("leave --redact away, or the services"));
    }
    Ok(services)
}

/// The options that services share with the output.
pub struct Publishing<'a> {
    /// Options of all commands that decode.
    pub run: &'a Run,
    /// What is left out.
    pub thinning: Sampling,
    /// Zone of the meters' clocks.
    pub zone: Zone,
    /// How much is said.
    pub global: &'a Global,
}
