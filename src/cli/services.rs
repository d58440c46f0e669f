//! The services of a run: observers beside the output, opened by the arguments.

mod derive;
mod forward;
mod hooks;
pub mod listen;

#[cfg(not(all(feature = "http", feature = "mqtt")))]
mod absent;
#[cfg(any(feature = "http", feature = "mqtt"))]
pub mod files;

#[cfg(feature = "http")]
mod metrics;
#[cfg(not(feature = "http"))]
#[path = "services/metrics/absent.rs"]
mod metrics;

#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(not(feature = "mqtt"))]
#[path = "services/mqtt/absent.rs"]
pub mod mqtt;
pub mod store;

pub use self::derive::{Deriving, Keep, default_state};
use crate::cli::args::ServiceArgs;
use crate::cli::inputs::Named;

use crate::cli::args::{Global, Run};
use crate::observe::observer::Observer;
use crate::observe::sampling::Sampling;
use crate::observe::standing::{PLACES, Places};
use crate::p1::derive::Extent;
use crate::p1::value::Zone;
use crate::run::failure::{Exit, Failure};
use crate::source::database::Past;

use zeroize::Zeroizing;

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
    let publisher = mqtt::open(&args.mqtt, named.len(), meters, extent, publishing)?;
    if let (Some(publisher), Some(metrics)) = (&publisher, &mut metrics) {
        metrics.count_lost("mqtt", publisher.lost());
    }
    let hooks = hooks::open(&args.hooks, named, extent)?;
    let mut services: Vec<Box<dyn Observer>> = Vec::new();
    services.extend(hooks.map(|hooks| Box::new(hooks) as Box<dyn Observer>));
    services.extend(forward.map(|forward| Box::new(forward) as Box<dyn Observer>));
    services.extend(metrics.map(|metrics| Box::new(metrics) as Box<dyn Observer>));
    services.extend(publisher.map(|publisher| Box::new(publisher) as Box<dyn Observer>));
    let kept = store::open(&args.store, named)?;
    services.extend(kept.map(|kept| Box::new(kept) as Box<dyn Observer>));
    if publishing.run.output.redact && !services.is_empty() {
        let what = "--redact hides nothing from services: they get everything as the meter sent it";
        return Err(Failure::new(Exit::Usage, what).hint("leave out --redact, or the services"));
    }
    Ok(services)
}

/// Who logs in at a broker.
#[derive(Default)]
pub struct User {
    /// What they are called there.
    pub name: Option<String>,
    /// Their password, where it stands in the address.
    pub password: Option<Zeroizing<String>>,
}

/// The options that services share with the output.
pub struct Publishing<'a> {
    /// Options of all commands that decode.
    pub run: &'a Run,
    /// What is left out.
    pub sampling: Sampling,
    /// Zone of the meters' clocks.
    pub zone: Zone,
    /// What the store knows of before this run.
    pub past: &'a [Past],
    /// How much is said.
    pub global: &'a Global,
}
