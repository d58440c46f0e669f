//! The command of a hook: started without a shell, with what it is about in its environment, and killed when it hangs.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Action, Firing};

/// Runs a command to its end.
///
/// # Errors
/// Why it did not do what it should, in words.
pub(super) fn run(action: &Action, firing: &Firing, stop: &AtomicBool) -> Result<(), String> {
    let Some((program, words)) = action.run.split_first() else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command
        .args(words)
        .stdin(Stdio::null())
        // Data of the run go to standard output; what a hook says is its own.
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // What it starts is ended with it.
        .process_group(0);
    for secret in SECRETS {
        command.env_remove(secret);
    }
    command.envs(firing.variables.iter().map(|(name, text)| (name, text)));
    let mut child = command
        .spawn()
        .map_err(|error| format!("{program}: {}", crate::source::error::plain(&error)))?;
    let (sender, words) = channel();
    if let Some(mut pipe) = child.stderr.take() {
        // Read to its end, so that nothing that says much waits for a reader.
        let reader = move || {
            let mut kept = Vec::new();
            drop(pipe.by_ref().take(KEPT).read_to_end(&mut kept));
            drop(sender.send(kept));
            drop(std::io::copy(&mut pipe, &mut std::io::sink()));
        };
        drop(thread::Builder::new().name("hook".to_owned()).spawn(reader));
    }
    let status = wait(&mut child, action.limit, stop);
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => {
            let kept = words.recv_timeout(Duration::from_millis(100));
            let kept = kept.unwrap_or_default();
            let kept = String::from_utf8_lossy(&kept);
            let first = kept.lines().next().unwrap_or_default();
            let end = match status.code() {
                Some(code) => format!("{program} ended with {code}"),
                None => format!("{program} was ended by a signal"),
            };
            Err(match first {
                "" => end,
                first => format!("{end}: {first}"),
            })
        }
        None if stop.load(Ordering::Relaxed) => {
            Err(format!("{program} was killed because the run is over"))
        }
        None => Err(format!(
            "{program} did not end within {} s, and was killed",
            action.limit.as_secs_f32()
        )),
    }
}

/// Waits for the end of a child; kills it and all that it has started when its time is over.
fn wait(child: &mut Child, limit: Duration, stop: &AtomicBool) -> Option<ExitStatus> {
    let until = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until && !stop.load(Ordering::Relaxed) => {
                thread::sleep(STEP);
            }
            Ok(None) | Err(_) => {
                let group = Pid::from_child(child);
                let _ = kill_process_group(group, Signal::KILL);
                drop(child.wait());
                return None;
            }
        }
    }
}

/// Secrets of this program, which are none of the command's business.
const SECRETS: [&str; 5] = [
    "SMARTY_KEY",
    "SMARTY_KEY_FILE",
    "SMARTY_MQTT_PASSWORD",
    "SMARTY_METRICS_PASSWORD",
    "CREDENTIALS_DIRECTORY",
];
/// Bytes of what a command says that are kept.
const KEPT: u64 = 4096;
/// How often it is looked whether a command has ended.
const STEP: Duration = Duration::from_millis(20);
