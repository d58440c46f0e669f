//! The services of a run: opened by the arguments, told all that the output is told, ended with it.

use jiff::Timestamp;

use super::args::ServiceArgs;
use super::failure::{Failure, Level as Gravity};
use super::inputs::Named;
use super::mqtt;
use super::publishing::Publishing;
use crate::p1::derive::Derived;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused};
use crate::sink::context::Context;
use crate::sink::fields::Fields;
use crate::sink::mqtt::Choice;
use crate::sink::service::{Notice, Service};
use crate::source::maxsonar::Level;

/// All services of a run.
#[derive(Default)]
pub struct Services {
    list: Vec<Box<dyn Service>>,
}

impl Services {
    /// Opens those that are asked for.
    ///
    /// # Errors
    /// An address that cannot be had; options that do not fit together.
    pub fn open(
        args: &ServiceArgs,
        named: &[Named],
        publishing: &Publishing<'_>,
    ) -> Result<Self, Failure> {
        let mut services = Self::default();
        let fields = publishing.run.output.fields.as_deref().map(Fields::parse);
        let choice = Choice {
            // A field that does not exist is said by the output.
            fields: fields.and_then(Result::ok),
            thinning: publishing.thinning,
            sources: named.len(),
        };
        if let Some(publisher) = mqtt::open(&args.mqtt, choice, publishing)? {
            services.list.push(Box::new(publisher));
        }
        Ok(services)
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is computed from a telegram and those before it.
    pub fn derive(&mut self, _context: &Context<'_>, _decoded: &Decoded<'_>) -> Vec<Derived> {
        Vec::new()
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
        notices.flatten().collect()
    }

    /// Ends all; gives what they have to say at last.
    pub fn finish(mut self) -> Vec<Notice> {
        self.each(|service| service.finish());
        self.list
            .iter_mut()
            .flat_map(|service| service.notices())
            .collect()
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
