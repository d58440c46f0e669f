//! What the user can type to have telegrams published beside the output of `smarty watch`.

mod derive;
mod forward;
mod hooks;
mod metrics;
mod mqtt;
mod store;

pub use self::derive::DeriveArgs;
pub use self::forward::ForwardArgs;
pub use self::hooks::{HookArgs, HookSettings, NotifyUrl};
pub use self::metrics::MetricsArgs;
pub use self::mqtt::{BrokerUrl, LayoutNames, MqttArgs, TopicsWhat, parse_version};
pub use self::store::{StoreArgs, parse_keep, parse_step};

use clap::Args;

/// Options of services.
#[derive(Clone, Debug, Default, Args)]
pub struct ServiceArgs {
    /// Computed values.
    #[command(flatten)]
    pub derive: DeriveArgs,
    /// Years.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Pages.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// A broker.
    #[command(flatten)]
    pub mqtt: MqttArgs,
    /// Other software.
    #[command(flatten)]
    pub forward: ForwardArgs,
    /// Commands and messages.
    #[command(flatten)]
    pub hooks: HookArgs,
}
