//! What the live tests have in common: a folder, ports that can be pulled out, the running program.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use jiff::civil::date;
use rustix::fs::{CWD, Mode, OFlags, fcntl_setfl, mkfifoat};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::Value;
use smarty::p1::ciphering::{FrameCounter, SecurityControl};
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter, keyring_toml};

fn meter(profile: &str) -> VirtualMeter {
    let start = date(2026, 1, 15).at(18, 30, 0, 0);
    VirtualMeter::new(Setup::new(Profile::named(profile).unwrap(), 1, 20, start))
}

/// Frames of a meter, one after another.
pub fn frames(profile: &str, count: usize) -> Vec<Vec<u8>> {
    let mut meter = meter(profile);
    let mut next = || {
        let mut frame = Vec::new();
        meter.next_frame(&mut frame);
        frame
    };
    (0..count).map(|_| next()).collect()
}

/// A frame of the meter with a text of the caller's choice, protected as the control byte says.
pub fn sealed(control: u8, counter: u32, text: &[u8]) -> Vec<u8> {
    let meter = meter("lu");
    let (control, counter) = (SecurityControl(control), FrameCounter(counter));
    let mut frame = Vec::new();
    meter
        .keys()
        .seal(meter.title(), control, counter, text, &mut frame);
    frame
}

/// The title and the key of the meter, as hexadecimal digits.
pub fn title_and_keys() -> (String, String) {
    let meter = meter("lu");
    let key = meter
        .key()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    (meter.title().to_string(), key)
}

/// Encryption and authentication key of a meter, as hexadecimal digits.
pub fn keys_of(profile: &str) -> [String; 2] {
    let keys = meter(profile).keys();
    [*keys.key().bytes(), *keys.authentication().bytes()].map(hex::encode_upper)
}

/// A folder with the key ring, gone at the end.
pub struct Bench(PathBuf);

impl Bench {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("smarty-live-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let ring = folder.join("keys.toml");
        fs::write(&ring, keyring_toml([&meter("lu")])).unwrap();
        fs::set_permissions(&ring, fs::Permissions::from_mode(0o600)).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn fifo(&self, name: &str) {
        mkfifoat(CWD, self.path(name), Mode::RWXU).unwrap();
    }

    /// Runs the program to its end: output, errors, exit code.
    pub fn output(&self, arguments: &[&str]) -> (String, String, Option<i32>) {
        let output = self
            .command(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            text(&output.stdout),
            text(&output.stderr),
            output.status.code(),
        )
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smarty"));
        command
            .env_clear()
            .env("TZ", "UTC")
            .env("NO_COLOR", "1")
            .env("HOME", &self.0)
            .current_dir(&self.0)
            .args(arguments);
        command
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Both sides of a new terminal.
pub fn terminal() -> (OwnedFd, File) {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let name = ptsname(&near, Vec::new()).unwrap().into_string().unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let far = rustix::fs::open(&name, flags, Mode::empty()).unwrap();
    (near, far.into())
}

/// The program while it runs.
pub struct Run {
    child: Child,
    lines: Receiver<String>,
    errors: Option<thread::JoinHandle<()>>,
    saying: Arc<Mutex<String>>,
    said: String,
}

impl Run {
    pub fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let mut command = bench.command(arguments);
        command.stdin(Stdio::null());
        Self::of(command, None)
    }

    /// Runs it with so many open files at the most.
    pub fn with_files(bench: &Bench, files: u32, arguments: &[&str]) -> Self {
        let inside = bench.command(arguments);
        let mut command = Command::new("/bin/sh");
        let line = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        command
            .args(["-c", &line])
            .arg(inside.get_program())
            .args(inside.get_args())
            .env_clear()
            .envs(
                inside
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(&bench.0)
            .stdin(Stdio::null());
        Self::of(command, None)
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Runs it with its output to somewhere.
    pub fn into(bench: &Bench, stdout: File, arguments: &[&str]) -> Self {
        let mut command = bench.command(arguments);
        command.stdin(Stdio::null());
        Self::of(command, Some(stdout))
    }

    /// Runs it in a session of its own, on a terminal that shows what it writes.
    pub fn on_screen(bench: &Bench, terminal: File, arguments: &[&str]) -> Self {
        let stdout = terminal.try_clone().unwrap();
        Self::of(Self::in_session(bench, terminal, arguments), Some(stdout))
    }

    /// Runs it in a session of its own, on a terminal.
    pub fn on_terminal(bench: &Bench, terminal: File, arguments: &[&str]) -> Self {
        Self::of(Self::in_session(bench, terminal, arguments), None)
    }

    fn in_session(bench: &Bench, terminal: File, arguments: &[&str]) -> Command {
        let inside = bench.command(arguments);
        let mut command = Command::new("setsid");
        command
            .arg("--ctty")
            .arg(inside.get_program())
            .args(inside.get_args());
        let variables = inside
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        command
            .env_clear()
            .envs(variables)
            .current_dir(&bench.0)
            .stdin(terminal);
        command.env("PATH", "/usr/bin:/bin");
        command
    }

    fn of(mut command: Command, stdout: Option<File>) -> Self {
        let mut child = command
            .stdout(stdout.map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The terminal must be open in the child alone, so that closing the other side ends it.
        drop(command);
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let saying = Arc::new(Mutex::new(String::new()));
        let hearing = Arc::clone(&saying);
        let errors = thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                *hearing.lock().unwrap() += &(line + "\n");
            }
        });
        Self {
            child,
            lines,
            errors: Some(errors),
            saying,
            said: String::new(),
        }
    }

    /// The next lines of output as JSON, each within 10 s.
    pub fn lines(&mut self, count: usize) -> Vec<Value> {
        let next = |_| match self.lines.recv_timeout(Duration::from_secs(10)) {
            Ok(line) => serde_json::from_str(&line).unwrap(),
            Err(error) => {
                let _ = self.child.kill();
                let said = self.errors.take().map(thread::JoinHandle::join);
                panic!("{error}: {said:?}");
            }
        };
        (0..count).map(next).collect()
    }

    /// Waits for the end, for 10 s at the most; the exit code, none after a signal.
    pub fn end(&mut self) -> Option<i32> {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > Duration::from_secs(10) {
                let _ = self.child.kill();
                panic!("it does not end");
            }
            thread::sleep(Duration::from_millis(5));
        };
        if let Some(errors) = self.errors.take() {
            errors.join().unwrap();
            self.said.clone_from(&self.saying.lock().unwrap());
        }
        status.code()
    }

    /// What it said on standard error; after its end.
    pub fn errors(&self) -> &str {
        &self.said
    }

    /// What the processor has done for it, to a hundredth of a second.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
        let ticks: u64 = fields
            .skip(11)
            .take(2)
            .map(|t| t.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// Whether it has ended.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    pub fn interrupt(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).unwrap();
    }

    /// Asks for keys and configuration to be read again, and waits until something is said with these words.
    pub fn reload(&self, words: &str) {
        let before = self.saying.lock().unwrap().len();
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
        let started = Instant::now();
        while !self
            .saying
            .lock()
            .unwrap()
            .split_at(before)
            .1
            .contains(words)
        {
            assert!(started.elapsed() < Duration::from_secs(10), "{words}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What stands behind some words in a line on standard error, as soon as it is said.
    pub fn heard(&self, words: &str) -> String {
        let started = Instant::now();
        loop {
            let said = self.saying.lock().unwrap().clone();
            let line = said.lines().find_map(|line| line.split_once(words));
            if let Some((_, rest)) = line {
                return rest.to_owned();
            }
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "{words}: {said}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The signal that ended it.
    pub fn end_by_signal(&mut self) -> Option<i32> {
        assert_eq!(self.end(), None);
        self.child.wait().unwrap().signal()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that can be pulled out and plugged in.
pub struct Plug {
    path: PathBuf,
    inside: Option<(File, File)>,
}

impl Plug {
    pub fn new(path: PathBuf) -> Self {
        let mut plug = Self { path, inside: None };
        plug.plug_in();
        plug
    }

    pub fn plug_in(&mut self) {
        // Closed in the programs that other tests start meanwhile: else they would keep it open.
        let meter = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&meter).unwrap();
        unlockpt(&meter).unwrap();
        let name = ptsname(&meter, Vec::new()).unwrap().into_string().unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let keeper = rustix::fs::open(&name, flags, Mode::empty()).unwrap();
        let link = self.path.with_extension("new");
        let _ = fs::remove_file(&link);
        symlink(&name, &link).unwrap();
        fs::rename(&link, &self.path).unwrap();
        self.inside = Some((meter.into(), keeper.into()));
    }

    pub fn pull_out(&mut self) {
        fs::remove_file(&self.path).unwrap();
        self.inside = None;
    }

    /// Waits until the program has the port open, raw.
    pub fn wait_until_read(&self) {
        let (_, keeper) = self.inside.as_ref().unwrap();
        let started = Instant::now();
        while tcgetattr(keeper)
            .unwrap()
            .local_modes
            .contains(LocalModes::ICANON)
        {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "nobody opens the port"
            );
            thread::sleep(Duration::from_millis(2));
        }
        // The program may throw away what came before it was ready.
        thread::sleep(Duration::from_millis(50));
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.inside.as_mut().unwrap().0.write_all(bytes).unwrap();
    }

    /// The speed that the program has set, in baud.
    pub fn speed(&self) -> u32 {
        let (_, keeper) = self.inside.as_ref().unwrap();
        tcgetattr(keeper).unwrap().input_speed()
    }

    /// Sends until nobody takes it any more and `over` says so.
    pub fn send_until(&mut self, bytes: &[u8], over: &AtomicBool) {
        let (meter, _) = self.inside.as_mut().unwrap();
        fcntl_setfl(&meter, OFlags::NONBLOCK).unwrap();
        let mut left = bytes;
        while !left.is_empty() && !over.load(Ordering::Relaxed) {
            match meter.write(left) {
                Ok(count) => left = &left[count..],
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}
