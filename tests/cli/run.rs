//! Runs the real binary in `samples/` with a cleared environment, and shows all that came of it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// Key of the meter of `lu.bin`.
pub const KEY: &str = "88F644EABBCEE991E2961AE06E9376D4";
/// Encryption and authentication key of the meter of `at.bin`.
pub const AT_KEYS: [&str; 2] = [
    "5D9BF4A3724F59CC10A90537A35F8611",
    "7105DBFE86026CFE71F6ACCCBBEDEF8E",
];

/// A run that is being put together.
pub struct Run {
    shown: String,
    command: Command,
    input: Option<Vec<u8>>,
}

/// What came of a run.
#[must_use]
pub struct Done {
    shown: String,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub exit: Option<i32>,
}

/// A run with its arguments as typed, separated by blanks.
pub fn smarty(line: &str) -> Run {
    words(line.split_whitespace())
}

/// A run with its arguments one by one.
pub fn words<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smarty"));
    let mut shown = "$ smarty".to_owned();
    for argument in arguments {
        shown.push(' ');
        shown.push_str(&argument.as_ref().to_string_lossy());
        command.arg(argument);
    }
    command
        .env_clear()
        .envs([("NO_COLOR", "1"), ("TZ", "UTC"), ("COLUMNS", "100")])
        .envs([("HOME", "/nonexistent"), ("LC_ALL", "C.UTF-8")])
        .current_dir(samples());
    Run {
        shown,
        command,
        input: None,
    }
}

/// The folder of the samples.
pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Bytes of a sample.
pub fn sample(name: &str) -> Vec<u8> {
    std::fs::read(samples().join(name)).unwrap()
}

impl Run {
    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.shown = format!("$ {name}=… {}", self.shown.trim_start_matches("$ "));
        self.command.env(name, value);
        self
    }

    /// Pipes bytes in.
    pub fn pipe(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.shown = format!("$ … | {}", self.shown.trim_start_matches("$ "));
        self.input = Some(input.into());
        self
    }

    /// Runs in another folder than that of the samples.
    pub fn within(mut self, folder: &Folder) -> Self {
        self.command.current_dir(&folder.0);
        self
    }

    /// The command itself, for what is rare.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end.
    pub fn done(mut self) -> Done {
        let stdin = match self.input {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let writer = self.input.take().map(|input| {
            let mut stdin = child.stdin.take().unwrap();
            // The program need not read all of it.
            std::thread::spawn(move || drop(stdin.write_all(&input)))
        });
        let output = child.wait_with_output().unwrap();
        if let Some(writer) = writer {
            writer.join().unwrap();
        }
        Done {
            shown: self.shown,
            stdout: output.stdout,
            stderr: without_rights(&String::from_utf8(output.stderr).unwrap()),
            exit: output.status.code(),
        }
    }
}

/// What is said, but for the rights of the samples: those are of whoever checked them out.
fn without_rights(text: &str) -> String {
    const WARNING: &str = "smarty: warning: keys.toml: holds a key, and all users of this machine can read it\n  \
                           hint: chmod 600 keys.toml\n";
    text.replace(WARNING, "")
}

impl Done {
    /// The objects on stdout.
    pub fn json(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.stdout).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// The one object on stdout of a run that was all good.
    pub fn telegram(&self) -> Value {
        assert_eq!(self.exit, Some(0), "{self}");
        let mut objects = self.json();
        assert_eq!(objects.len(), 1, "{self}");
        objects.remove(0)
    }

    /// Standard output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// The same with something private to the run made plain.
    pub fn with(mut self, found: &str, shown: &str) -> Self {
        self.shown = self.shown.replace(found, shown);
        self.stderr = self.stderr.replace(found, shown);
        self.stdout = self.text().replace(found, shown).into();
        self
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.shown)?;
        match std::str::from_utf8(&self.stdout) {
            Ok(text) => f.write_str(&text.replace("\r\n", "␍\n").replace('\r', "␍"))?,
            Err(_) => writeln!(f, "({} bytes)", self.stdout.len())?,
        }
        if !self.stdout.is_empty() && !self.stdout.ends_with(b"\n") {
            writeln!(f, "(no line end)")?;
        }
        if !self.stderr.is_empty() {
            writeln!(f, "--- stderr")?;
            f.write_str(&self.stderr)?;
        }
        match self.exit {
            Some(exit) => write!(f, "--- exit {exit}"),
            None => write!(f, "--- ended by a signal"),
        }
    }
}

/// A folder of its own that goes away.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "smarty-cli-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file that nobody else can read; gives its path.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> OsString {
        self.file_of_mode(name, bytes, 0o600)
    }

    /// Writes a file with its rights; gives its path.
    pub fn file_of_mode(&self, name: &str, bytes: impl AsRef<[u8]>, mode: u32) -> OsString {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.into()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
