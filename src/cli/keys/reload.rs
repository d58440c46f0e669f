//! `kill -HUP`: keys and configuration are read again while the sources stay open.
//!
//! ```text
//! HUP --> smarty.toml, key files, key ring --> all good: new keys from the next frame on
//!                                          |-> other sources or options: the run ends, and another begins
//!                                          \-> something wrong: an error, the old keys stay
//! ```
//!
//! New keys cost no byte. Another run opens all sources and services anew, as a restart would, in the same process.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::cli::args::{Global, Run};
use crate::cli::config::Config;
use crate::cli::inputs::Named;
use crate::cli::keys::Ring;
use crate::cli::signals::Signals;
use crate::p1::cipher::Keys;
use crate::run::Observers;
use crate::run::failure::{Failure, Level};

/// The key ring of a run, the same for all who look into it.
#[derive(Clone)]
pub struct SharedRing(Rc<RefCell<Arc<Ring>>>);

impl SharedRing {
    /// Begins with a ring.
    pub fn new(ring: Arc<Ring>) -> Self {
        Self(Rc::new(RefCell::new(ring)))
    }

    /// The ring as it is now.
    pub fn get(&self) -> Arc<Ring> {
        Arc::clone(&self.0.borrow())
    }

    /// Puts another ring in its place.
    pub fn set(&self, ring: Arc<Ring>) {
        *self.0.borrow_mut() = ring;
    }
}

/// What was read at the beginning, and how to read it again.
pub struct Reload<'a> {
    /// The command line, without what the file adds.
    pub run: &'a Run,
    /// Where the file is.
    pub global: &'a Global,
    /// The file as it was.
    pub config: Option<Config>,
    /// The sources, in the order of the inputs.
    pub named: Vec<Named>,
    /// The keys of the run before, where this one follows another: what was typed in is not asked for again.
    pub before: Option<Arc<Ring>>,
    /// The keys for the run that is to follow.
    pub after: OnceCell<Arc<Ring>>,
}

impl Reload<'_> {
    /// Reads all again where a signal asks for it; gives the new keys of each input.
    pub fn new_keys(
        &self,
        signals: &Signals,
        ring: &SharedRing,
        observers: &mut Observers<'_>,
    ) -> Option<Vec<Arc<Keys>>> {
        if !signals.asks_for_reload() {
            return None;
        }
        match self.read(&ring.get()) {
            Ok(Fresh {
                ring: fresh,
                keys,
                changed,
            }) => {
                ring.set(Arc::new(fresh));
                observers.message(Level::Note, "keys and configuration are read again", None);
                if changed {
                    let what =
                        "smarty.toml has changed sources or options: everything is opened again";
                    observers.message(Level::Note, what, None);
                    // Asked for once more before the run has ended, it follows all the same.
                    let _ = self.after.set(ring.get());
                    signals.end_reading();
                }
                Some(keys)
            }
            Err(failure) => {
                let hint = failure.hint.as_deref();
                observers.message(Level::Error, &failure.what, hint);
                let what = "the keys and configuration in use stay";
                observers.message(Level::Warning, what, None);
                None
            }
        }
    }

    fn read(&self, ring: &Ring) -> Result<Fresh, Failure> {
        let config = Config::find(self.global)?;
        let mut run = self.run.clone();
        if let Some(config) = &config {
            config.fill_keys(&mut run);
        }
        let ring = ring.gather_again(&run.keys)?;
        let found = config.as_ref().map(Config::sources).unwrap_or_default();
        let keys = self.named.iter().map(|named| {
            let fresh = found.iter().find(|found| found.address == named.address);
            fresh.unwrap_or(named).keys(&run.keys, &ring)
        });
        Ok(Fresh {
            keys: keys.collect::<Result<_, _>>()?,
            ring,
            changed: match (&self.config, &config) {
                (Some(before), Some(now)) => before.differs_from(now),
                (None, None) => false,
                _ => true,
            },
        })
    }
}

/// What was read again.
struct Fresh {
    ring: Ring,
    keys: Vec<Arc<Keys>>,
    /// Something else has changed, too.
    changed: bool,
}
