//! Options of hooks.

use std::fmt;
use std::time::Duration;

use clap::Args;

use crate::cli::args::parse_duration;

/// Options of hooks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Hooks")]
pub struct HookArgs {
    /// Act when this becomes true: 'active_power_import_kw > 6.5 for 1m'
    ///
    /// An optional end makes a hysteresis: '... until active_power_import_kw < 5'. Names are those of values, and age (seconds since the last telegram) and findings. smarty.toml takes several, each in a hook table.
    #[arg(long, value_name = "CONDITION")]
    pub when: Option<String>,
    /// Run this command then, without a shell
    ///
    /// Its environment tells what happened: SMARTY_METER, SMARTY_ACTIVE_POWER_IMPORT_KW and so on.
    #[arg(
        long,
        value_name = "COMMAND",
        requires = "when",
        hide_short_help = true
    )]
    pub run: Option<String>,
    /// Run the command through a shell
    #[arg(long, requires = "run", hide_short_help = true)]
    pub shell: bool,
    /// Post JSON to this URL then: ntfy, webhooks
    #[arg(long, value_name = "URL", requires = "when", hide_short_help = true)]
    pub notify: Option<NotifyUrl>,
    /// Shortest time between two actions [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "when", hide_short_help = true)]
    pub pause: Option<Duration>,
    /// Kill the command, or give up on the message, after this long [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "when", hide_short_help = true)]
    pub hook_limit: Option<Duration>,
    /// Those of `smarty.toml`.
    #[arg(skip)]
    pub more: Vec<HookSettings>,
}

/// A hook as it is written.
#[derive(Clone, Debug, Default)]
pub struct HookSettings {
    /// What messages call it.
    pub name: Option<String>,
    /// When it fires.
    pub when: String,
    /// A command, or its words one by one.
    pub run: Vec<String>,
    /// A shell reads the command.
    pub shell: bool,
    /// Whom a message is sent to.
    pub notify: Option<NotifyUrl>,
    /// Least time between two firings.
    pub pause: Option<Duration>,
    /// How long it may take.
    pub limit: Option<Duration>,
}

/// An address for messages; it may hold a secret, and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NotifyUrl(pub String);

impl std::str::FromStr for NotifyUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        match rest {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(Self(text.to_owned())),
            _ => Err("expected https://HOST/PATH or http://HOST/PATH"),
        }
    }
}

impl fmt::Debug for NotifyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotifyUrl(…)")
    }
}
