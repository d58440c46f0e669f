//! How a device fares, and what is said of it.

use serde_json::{Value, json};

use super::super::message::{Kind, Message};
use super::super::settings::Settings;
use super::Device;

/// Something that is wrong with a device.
#[derive(Clone, Copy, Debug)]
pub struct Trouble<'a> {
    /// The word for it in every output.
    pub verdict: &'a str,
    /// What is wrong.
    pub message: &'a str,
    /// What to do.
    pub hint: Option<&'a str>,
}

/// How a device fares.
#[derive(Debug, Default)]
pub(super) enum Health {
    #[default]
    Unknown,
    Good,
    /// Telegrams that have to come before it is good again.
    Trouble(u8),
}

/// Trouble that was said.
#[derive(Debug)]
pub(super) struct Said {
    verdict: String,
    message: String,
    hint: Option<String>,
}

impl Said {
    fn is(&self, trouble: &Trouble<'_>) -> bool {
        self.verdict == trouble.verdict
            && self.message == trouble.message
            && self.hint.as_deref() == trouble.hint
    }
}

impl Device {
    /// A telegram was good; says so where there was trouble and enough of them came.
    pub fn note_good_telegram(&mut self, settings: &Settings) -> Option<Message> {
        self.health = match self.health {
            Health::Good => return None,
            Health::Trouble(left @ 1..) => {
                self.health = Health::Trouble(left - 1);
                return None;
            }
            Health::Unknown | Health::Trouble(_) => Health::Good,
        };
        self.said = None;
        let text = json!({"state": "ok", "verdict": null, "message": null, "hint": null});
        Some(self.health_message(settings, &text))
    }

    /// Something is wrong; it is good again after some telegrams without such. The same again is nothing to say.
    pub fn set_fault(
        &mut self,
        settings: &Settings,
        trouble: &Trouble<'_>,
        telegrams: u8,
    ) -> Option<Message> {
        self.health = Health::Trouble(telegrams);
        if self.said.as_ref().is_some_and(|said| said.is(trouble)) {
            return None;
        }
        let Trouble {
            verdict,
            message,
            hint,
        } = *trouble;
        self.said = Some(Said {
            verdict: verdict.to_owned(),
            message: message.to_owned(),
            hint: hint.map(str::to_owned),
        });
        let text =
            json!({"state": "trouble", "verdict": verdict, "message": message, "hint": hint});
        Some(self.health_message(settings, &text))
    }

    /// A frame was of no use: it takes longer until all is good again.
    pub fn note_refused(&mut self) {
        if let Health::Trouble(left) = &mut self.health {
            *left = (*left).max(GOOD_AGAIN);
        }
    }

    fn health_message(&self, settings: &Settings, text: &Value) -> Message {
        let topic = self.topic(settings, "health");
        Message::new(topic, text.to_string().as_bytes(), true, Kind::Status)
    }
}

/// Good telegrams after trouble before all is good again.
pub const GOOD_AGAIN: u8 = 2;
