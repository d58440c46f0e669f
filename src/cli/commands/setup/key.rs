//! The key: asked for, tried on what was heard, put right where one slip explains it.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::questions::Questions;
use crate::cli::args::{KeyArgs, Setup};
use crate::cli::caution::say_who_sees_keys;
use crate::cli::keys::{Ring, check_value, entered_keys, read_ring_text};
use crate::cli::listening::{Heard, Sender};
use crate::format::keys::{Advice, advice};
use crate::format::words::keys_of;
use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::Verdict;
use crate::p1::diagnosis::keys::{AuthKeyFault, Cause};
use crate::run::failure::{Exit, Failure, Level, say};

/// What came of the question for the key.
pub enum Outcome {
    /// There is one in the ring that fits.
    Known(MeterKeys),
    /// It is to be put into the ring.
    New {
        /// The keys, which fit.
        keys: MeterKeys,
        /// The ring has others for this meter.
        replaces: bool,
    },
    /// It is left for later.
    Later,
}

/// How keys do on the frames that were heard.
pub enum Judgement {
    /// They fit.
    Fit,
    /// Others fit, which differ from them by a slip.
    PutRight(MeterKeys, Advice),
    /// They do not; the authentication key alone is wrong where that is said.
    Wrong {
        /// What is wrong with them, and what to do.
        advice: Advice,
        /// The one that decrypts is right.
        decrypts: bool,
    },
}

/// Finds the keys of a meter: those in the ring, those given, else those typed in; only such that fit.
///
/// # Errors
/// No key, or none that fits.
pub fn find(
    args: &Setup,
    questions: &Questions,
    heard: &Heard,
    sender: &Sender,
    ring: &Path,
    quiet: bool,
) -> Result<Outcome, Failure> {
    let Some(title) = sender.title else {
        return Ok(Outcome::Later);
    };
    let known = known(ring, title)?;
    let given = given(args);
    if let Some(given) = &given {
        let ring = ring.exists().then(|| ring.to_path_buf());
        let seen = KeyArgs {
            keyring: ring,
            ..given.clone()
        };
        say_who_sees_keys(&seen, &[], quiet);
    }
    let mut replaces = false;
    if let Some(keys) = &known {
        match judge(heard, title, keys) {
            Judgement::Fit if given.is_none() => return Ok(Outcome::Known(keys.clone())),
            Judgement::Fit => {}
            Judgement::PutRight(_, advice) | Judgement::Wrong { advice, .. } => {
                let what = format!("{}: {}: {}", ring.display(), sender.id, advice.what);
                say(Level::Warning, &what, Some(&advice.hint));
            }
        }
        replaces = true;
    }
    if args.no_key {
        return Ok(Outcome::Later);
    }
    let given = match given {
        Some(given) => given,
        None if questions.are_asked() => {
            let maker = keys_of(title).unwrap_or_else(|| {
                "the network operator hands the key to the owner of the meter, 32 digits".to_owned()
            });
            for line in maker.lines() {
                questions.show(line);
            }
            let question = "Is the key at hand? Without it, this goes on and a second run adds it";
            if !questions.confirm(question, true)? {
                return Ok(Outcome::Later);
            }
            KeyArgs {
                key: Some(OsString::new()),
                ..KeyArgs::default()
            }
        }
        None => {
            let what = format!("{} encrypts, and there is no key for it", sender.id);
            return Err(Failure::new(Exit::Key, what).hint(
                "the network operator hands it to the owner: give it with --key-file FILE, SMARTY_KEY or --key\n\
                 --no-key sets up the rest",
            ));
        }
    };
    let typed = given.key.as_ref().is_some_and(|key| key.is_empty());
    let keys = fitting(&given, questions, heard, sender, title, typed)?;
    if known.as_ref().is_some_and(|known| is_same(known, &keys)) {
        return Ok(Outcome::Known(keys));
    }
    Ok(Outcome::New { keys, replaces })
}

/// Asks until the keys fit, three times at the most; keys that were given are tried once.
fn fitting(
    given: &KeyArgs,
    questions: &Questions,
    heard: &Heard,
    sender: &Sender,
    title: SystemTitle,
    typed: bool,
) -> Result<MeterKeys, Failure> {
    let mut given = given.clone();
    let mut tries = TRIES;
    loop {
        let (key, authentication) = entered_keys(&given)?;
        let keys = MeterKeys::new(key, authentication);
        tries -= 1;
        let advice = match judge(heard, title, &keys) {
            Judgement::Fit => return Ok(keys),
            Judgement::PutRight(right, advice) => {
                let what = format!("{}: {}", sender.id, advice.what);
                say(Level::Warning, &what, None);
                let question = "Put right, it fits, which the telegram itself proves. Take it so?";
                if questions.confirm(question, true)? {
                    let what = format!("the key is put right, {}", check_value(right.key()));
                    say(Level::Note, &what, None);
                    return Ok(right);
                }
                advice
            }
            Judgement::Wrong {
                advice,
                decrypts: true,
            } if questions.are_asked() && given.auth_key.is_none() => {
                say(Level::Warning, &advice.what, None);
                let second = questions.secret("Authentication key (GAK, GPK61)");
                let second = second.map(|text| AuthenticationKey::parse(&text));
                match second {
                    Some(Ok(second)) => {
                        let keys = MeterKeys::new(keys.key().clone(), second);
                        match judge(heard, title, &keys) {
                            Judgement::Fit => return Ok(keys),
                            Judgement::PutRight(right, advice) => {
                                say(Level::Warning, &advice.what, None);
                                return Ok(right);
                            }
                            Judgement::Wrong { advice, .. } => advice,
                        }
                    }
                    Some(Err(error)) => {
                        say(Level::Error, &error.to_string(), None);
                        advice
                    }
                    None => advice,
                }
            }
            Judgement::Wrong { advice, .. } => advice,
        };
        let failure = Failure::new(Exit::Key, format!("{}: {}", sender.id, advice.what));
        let failure = failure.hint(advice.hint);
        if tries == 0 || !(typed || questions.are_asked()) {
            return Err(failure);
        }
        failure.report(false);
        given = KeyArgs {
            key: Some(OsString::new()),
            ..KeyArgs::default()
        };
    }
}

/// Tries keys of a meter on the frames that were heard.
pub fn judge(heard: &Heard, title: SystemTitle, keys: &MeterKeys) -> Judgement {
    let (cause, fits, advice) = tried(heard, title, keys);
    let Some(cause) = cause else {
        return match fits {
            true => Judgement::Fit,
            false => Judgement::Wrong {
                advice: Advice {
                    what: "no frame came whole, so that nothing shows whether the key fits"
                        .to_owned(),
                    hint: "check the cable; smarty doctor looks at all of it".to_owned(),
                },
                decrypts: false,
            },
        };
    };
    let right = put_right(&cause, keys).filter(|right| {
        let (cause, fits, _) = tried(heard, title, right);
        cause.is_none() && fits
    });
    match (right, cause) {
        // The others were damaged on the way.
        (_, Cause::Strange) if fits => Judgement::Fit,
        (Some(right), _) => Judgement::PutRight(right, advice),
        (None, cause) => Judgement::Wrong {
            advice,
            decrypts: matches!(cause, Cause::Authentication(None)),
        },
    }
}

/// What is wrong with keys, whether they fit any frame, and what to say.
fn tried(heard: &Heard, title: SystemTitle, own: &MeterKeys) -> (Option<Cause>, bool, Advice) {
    let mut keys = Keys::default();
    keys.insert(title, own.clone());
    let mut check = heard.check(Arc::new(keys));
    let meter = check.meters().iter().find(|meter| meter.title == title);
    let Some(meter) = meter.cloned() else {
        return (None, false, Advice::default());
    };
    let cause = check.cause(&meter);
    let advice = cause.as_ref().map(|cause| advice(&meter, cause));
    (cause, meter.fits() > 0, advice.unwrap_or_default())
}

/// The keys that were meant.
fn put_right(cause: &Cause, given: &MeterKeys) -> Option<MeterKeys> {
    let second = |fault: &AuthKeyFault, of: &MeterKeys| {
        let authentication = match fault {
            AuthKeyFault::Public => AuthenticationKey::default(),
            AuthKeyFault::Default => {
                AuthenticationKey::new(std::array::from_fn(|at| 0xC0 + at as u8))
            }
            AuthKeyFault::Miscopied(miscopied) => {
                AuthenticationKey::new(*miscopied.keys(of).key().bytes())
            }
        };
        MeterKeys::new(of.key().clone(), authentication)
    };
    match cause {
        Cause::Key {
            miscopied,
            authentication,
            ..
        } => {
            let mut right = miscopied.keys(given);
            if miscopied.verdict == Verdict::KeyIsAuthKey {
                let first = AuthenticationKey::new(*given.key().bytes());
                right = MeterKeys::new(Key::new(*right.key().bytes()), first);
            }
            match authentication {
                None => Some(right),
                Some(fault) => Some(second(fault.as_ref()?, &right)),
            }
        }
        Cause::Authentication(fault) => Some(second(fault.as_ref()?, given)),
        Cause::NoKey | Cause::Strange => None,
    }
}

/// The keys that the ring has for a meter.
fn known(ring: &Path, title: SystemTitle) -> Result<Option<MeterKeys>, Failure> {
    if !ring.exists() {
        return Ok(None);
    }
    let text = read_ring_text(ring)?;
    let parsed = Ring::parse(ring, &text, &AuthenticationKey::default())?;
    let keys = parsed.keys();
    Ok(keys.has(title).then(|| keys.of(title).cloned()).flatten())
}

fn is_same(one: &MeterKeys, other: &MeterKeys) -> bool {
    one.key().bytes() == other.key().bytes() && one.authentication() == other.authentication()
}

/// The key of the command line or the environment.
fn given(args: &Setup) -> Option<KeyArgs> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let options = args.key.is_some() || args.key_file.is_some();
    let key = args
        .key
        .clone()
        .or_else(|| variable("SMARTY_KEY").filter(|_| !options));
    let file = variable("SMARTY_KEY_FILE").filter(|_| !options && key.is_none());
    let key_file = args.key_file.clone().or(file.map(Into::into));
    (key.is_some() || key_file.is_some()).then(|| KeyArgs {
        key,
        key_file,
        auth_key: args.auth_key.clone(),
        ..KeyArgs::default()
    })
}

/// How often keys are asked for that do not fit.
const TRIES: u32 = 3;
