//! `metrics` in `smarty.toml`: an address, or a table.
//!
//! ```toml
//! [metrics]
//! listen = "0.0.0.0:9100"
//! user = "prometheus"
//! password_file = "metrics.password"
//! cert_file = "meter.crt"
//! cert_key_file = "meter.key"
//! hosts = ["meter.lan"]
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::file::{word, words};
use crate::cli::args::MetricsArgs;
use crate::publish::forward_target::Listen;

/// What stands there.
#[derive(Clone, Debug, Default)]
pub struct MetricsTable(Table);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(deserialize_with = "word")]
    listen: Option<Listen>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    cert_key_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "words")]
    hosts: Vec<String>,
}

impl MetricsTable {
    /// Fills in what the command line does not say; paths are relative to the folder of the file.
    pub fn fill(&self, args: &mut MetricsArgs, folder: &Path) {
        let Table {
            listen,
            user,
            password_file,
            cert_file,
            cert_key_file,
            hosts,
        } = &self.0;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
        args.metrics = args.metrics.take().or(listen.clone());
        // A user of the command line has a password of their own, as a certificate has its key.
        if args.metrics_user.is_none() && args.metrics_password_file.is_none() {
            args.metrics_user.clone_from(user);
            args.metrics_password_file = path(password_file);
        }
        if args.metrics_cert.is_none() && args.metrics_cert_key.is_none() {
            args.metrics_cert = path(cert_file);
            args.metrics_cert_key = path(cert_key_file);
        }
        if args.metrics_host.is_empty() {
            args.metrics_host.clone_from(hosts);
        }
    }
}

impl<'de> Deserialize<'de> for MetricsTable {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = MetricsTable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("HOST:PORT or a table")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let listen = text.parse().map(Some).map_err(E::custom)?;
                Ok(MetricsTable(Table {
                    listen,
                    ..Table::default()
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map)).map(MetricsTable)
            }
        }

        input.deserialize_any(Either)
    }
}
