//! What stands for servers of pages in a build without them.

#[path = "url.rs"]
pub mod url;

use crate::source::error::SourceError;
use crate::source::read::{Read, SourceOptions};
use url::HttpUrl;

/// A server of pages, of which there is none in this build.
#[derive(Debug)]
pub enum Http {}

impl Http {
    /// Says that there is none.
    ///
    /// # Errors
    /// Always.
    pub fn open(url: &HttpUrl, _options: &SourceOptions) -> Result<Self, SourceError> {
        Err(SourceError::NotBuilt {
            server: url.to_string(),
            feature: "http",
        })
    }

    /// Reads nothing.
    ///
    /// # Errors
    /// Never.
    pub fn read(&mut self, _buf: &mut [u8]) -> Result<Read, SourceError> {
        match *self {}
    }

    /// The address.
    pub fn name(&self) -> &str {
        match *self {}
    }
}
