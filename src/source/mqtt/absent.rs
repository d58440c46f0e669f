//! What stands for topics of a broker in a build without them.

use std::sync::Arc;

use crate::source::error::SourceError;
use crate::source::read::{Read, SourceOptions};
use crate::sys::mqtt::broker::Broker;

/// Topics of a broker, of which there are none in this build.
#[derive(Debug)]
pub enum Mqtt {}

impl Mqtt {
    /// Says that there are none.
    ///
    /// # Errors
    /// Always.
    pub fn open(
        broker: &Broker,
        _label: Option<&str>,
        _options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        Err(SourceError::NotBuilt {
            server: broker.to_string(),
            feature: "mqtt",
        })
    }

    /// Reads nothing.
    ///
    /// # Errors
    /// Never.
    pub fn read(&mut self, _buf: &mut [u8]) -> Result<Read, SourceError> {
        match *self {}
    }

    /// Broker and topics.
    pub fn name(&self) -> &str {
        match *self {}
    }

    /// The label of what was read last.
    pub fn label(&self) -> Option<&Arc<str>> {
        match *self {}
    }
}
