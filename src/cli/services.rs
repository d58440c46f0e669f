//! The services of a run: opened by the arguments, told all that the output is told, ended with it.

mod derive;
mod forward;
mod metrics;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::Timestamp;

use self::derive::Deriving;
pub use self::derive::Keep;
use super::args::{DeriveArgs, ServiceArgs};
use super::failure::{Exit, Failure, Level as Gravity};
use super::inputs::Named;
use super::mqtt;
use super::publishing::Publishing;
use super::repeats::Repeats;
use super::standard;
use crate::p1::cipher::Keys;
use crate::p1::ciphering::SystemTitle;
use crate::p1::derive::{Derived, Extent};
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused};
use crate::p1::replay::{Record, Records};
use crate::sink::context::Context;
use crate::sink::fields::Fields;
use crate::sink::mqtt::Choice;
use crate::sink::service::{Notice, Service};
use crate::sink::standing::{PLACES, Places};
use crate::source::maxsonar::Level;

/// All services of a run.
#[derive(Default)]
pub struct Services {
    list: Vec<Box<dyn Service>>,
    deriving: Option<Deriving>,
    /// What was said by now.
    repeats: Repeats,
}

impl Services {
    /// Computes as asked, for all services and the output.
    ///
    /// # Errors
    /// A state file without anything to keep in it; one that was named and cannot be had.
    pub fn computing(
        self,
        args: &DeriveArgs,
        named: &[Named],
        keep: Keep,
    ) -> Result<Self, Failure> {
        Ok(Self {
            deriving: Deriving::open(args, named, keep)?,
            ..self
        })
    }

    /// Opens those that are asked for, which publish what is computed as well.
    ///
    /// # Errors
    /// An address that cannot be had; options that do not fit together.
    pub fn publishing(
        mut self,
        args: &ServiceArgs,
        named: &[Named],
        publishing: &Publishing<'_>,
    ) -> Result<Self, Failure> {
        let Publishing {
            run,
            thinning,
            zone,
            ..
        } = publishing;
        let forward = forward::open(&args.forward, named)?;
        let meters = args.meters_max.map_or(PLACES, |most| most.get() as usize);
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
            extent: self.extent(),
        };
        let publisher = mqtt::open(&args.mqtt, choice, publishing)?;
        if let (Some(publisher), Some(metrics)) = (&publisher, &mut metrics) {
            metrics.count_lost("mqtt", publisher.lost());
        }
        let forward = forward.map(|forward| Box::new(forward) as Box<dyn Service>);
        let metrics = metrics.map(|metrics| Box::new(metrics) as Box<dyn Service>);
        let publisher = publisher.map(|publisher| Box::new(publisher) as Box<dyn Service>);
        self.list
            .extend([forward, metrics, publisher].into_iter().flatten());
        if run.output.redact && !self.is_empty() {
            let what = "--redact hides nothing from services: they get all as the meter sent it";
            return Err(
                Failure::new(Exit::Usage, what).hint("leave --redact away, or the services")
            );
        }
        Ok(self)
    }

    /// How much is computed.
    pub fn extent(&self) -> Extent {
        let extent = self.deriving.as_ref().map(Deriving::extent);
        extent.unwrap_or_default()
    }

    /// Tells whether nothing is published and nothing computed: then telegrams need not come one by one.
    pub fn want_nothing(&self) -> bool {
        self.is_empty() && self.deriving.is_none()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is computed from a telegram and those before it.
    pub fn derive(
        &mut self,
        context: &Context<'_>,
        decoded: &Decoded<'_>,
        keys: &Keys,
    ) -> Vec<Derived> {
        match &mut self.deriving {
            Some(deriving) => deriving.derive(context, decoded, keys),
            None => Vec::new(),
        }
    }

    /// What is remembered of the meters that encrypt, where that is kept.
    pub fn remembered(&self) -> Option<Arc<Records>> {
        self.deriving.as_ref().and_then(Deriving::remembered)
    }

    /// Remembers a meter that encrypts.
    pub fn remember(&mut self, title: SystemTitle, record: &Record) {
        if let Some(deriving) = &mut self.deriving {
            deriving.remember(title, record);
        }
    }

    /// Tells all of a telegram.
    pub fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        self.each(|service| service.telegram(context, decoded));
    }

    /// Tells all of a reading of a level sensor.
    pub fn level(&mut self, context: &Context<'_>, level: &Level) {
        self.each(|service| service.level(context, level));
    }

    /// Tells all of a frame that may not be used.
    pub fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        self.each(|service| service.refused(context, refused));
    }

    /// Tells all what diagnosis has found out.
    pub fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        self.each(|service| service.finding(context, finding));
    }

    /// Tells all that the link of a source changed.
    pub fn link(&mut self, context: &Context<'_>, state: &str, message: &str) {
        self.each(|service| service.link(context, state, message));
    }

    /// Tells all how many bytes a source has sent.
    pub fn bytes(&mut self, context: &Context<'_>, count: usize) {
        self.each(|service| service.bytes(context, count));
    }

    /// Lets time go on; gives what the services have to say.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Notice> {
        self.each(|service| service.tick(now));
        let notices = self.list.iter_mut().map(|service| service.notices());
        let computing = self.deriving.iter_mut().map(Deriving::tick);
        let now = Instant::now();
        let notices = notices.chain(computing).flatten();
        let said = notices.filter_map(|notice| {
            let what = self.repeats.take(&notice.what, now).words(&notice.what)?;
            Some(Notice { what, ..notice })
        });
        said.collect()
    }

    /// Ends all; gives what they have to say at last.
    pub fn finish(mut self) -> Vec<Notice> {
        if standard::ending().load(Ordering::Relaxed) {
            self.each(|service| service.hurry());
        }
        self.each(|service| service.finish());
        let notices = self.list.iter_mut().map(|service| service.notices());
        let computing = self.deriving.into_iter().map(Deriving::finish);
        notices.chain(computing).flatten().collect()
    }

    fn each(&mut self, tell: impl FnMut(&mut Box<dyn Service>)) {
        self.list.iter_mut().for_each(tell);
    }
}

impl From<&Notice> for Gravity {
    fn from(notice: &Notice) -> Self {
        match notice.trouble {
            true => Self::Warning,
            false => Self::Note,
        }
    }
}
