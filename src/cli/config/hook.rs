//! `[[hook]]` in `smarty.toml`.
//!
//! ```toml
//! [[hook]]
//! name = "peak"
//! when = "active_power_import_kw > 6.5 for 1m until active_power_import_kw < 5"
//! run = ["/usr/local/bin/shed", "boiler"]      # or one text; shell = true lets a shell read it
//! notify = "https://ntfy.example/meter"
//! pause = "10m"
//! limit = "10s"
//! ```

use std::time::Duration;

use serde::Deserialize;

use super::file::{time, word, words};
use crate::cli::args::{HookSettings, NotifyUrl};

/// What stands there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HookTable {
    name: Option<String>,
    when: String,
    #[serde(default, deserialize_with = "words")]
    run: Vec<String>,
    #[serde(default)]
    shell: bool,
    #[serde(default, deserialize_with = "word")]
    notify: Option<NotifyUrl>,
    #[serde(default, deserialize_with = "time")]
    pause: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    limit: Option<Duration>,
}

impl HookTable {
    /// The hook as options have it.
    pub(super) fn settings(&self) -> HookSettings {
        HookSettings {
            name: self.name.clone(),
            when: self.when.clone(),
            run: self.run.clone(),
            shell: self.shell,
            notify: self.notify.clone(),
            pause: self.pause,
            limit: self.limit,
        }
    }
}
