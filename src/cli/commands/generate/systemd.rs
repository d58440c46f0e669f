//! `smarty generate systemd -- OPTIONS`: a unit that runs smarty with these options, as a user of its own that may do
//! little beside.
//!
//! ```text
//! --key-file FILE    LoadCredential=smarty.key:FILE, found by smarty itself
//! --keyring FILE     LoadCredential=keys.toml:FILE, ${CREDENTIALS_DIRECTORY}/keys.toml; so are passwords and keys of TLS
//! -o FILE            in /var/lib/smarty
//! pty:PATH           in /run/smarty
//! ```
//! Secrets on the command line are refused: everyone can read a unit. A word goes into it by the rules of
//! systemd.service(5): `%` and `$` doubled, quoted where it is more than plain letters.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf, absolute};

use clap::{CommandFactory, Parser};

use crate::cli::args::{Cli, Command, KeyArgs, is_misplaced_key, join_keys};
use crate::cli::output::writer::failed;
use crate::publish::forward_target::ForwardPlace;
use crate::run::failure::{Exit, Failure};
use crate::sys::access::shut_to_others;

/// Writes the unit that runs `program` with the words of a command line; without words, as `smarty.toml` in
/// `/etc/smarty` says.
///
/// # Errors
/// Words that smarty would not take, or that do not fit a service: secrets, files that it could not write.
pub fn unit(words: &[OsString], program: &Path) -> Result<String, Failure> {
    let mut words = words.to_vec();
    let own = words.is_empty();
    let first = words.first().and_then(|word| word.to_str());
    if first.is_none_or(|word| Cli::command().find_subcommand(word).is_none()) {
        words.insert(0, "watch".into());
    }
    let asked = join_keys([OsString::from("smarty")].into_iter().chain(words.clone()));
    let cli = Cli::try_parse_from(asked).map_err(|error| Failure::from(&error))?;
    let capture = check(&cli)?;
    if words.iter().any(|word| holds_secret(word)) {
        return Err(refused(
            "a secret stands among the options",
            "put it into a file of its own: --key-file, --keyring, --mqtt-password-file",
        ));
    }
    let (mut line, mut secrets) = command_line(&words)?;
    if own {
        line.push_str(" --keyring ${CREDENTIALS_DIRECTORY}/keys.toml");
        secrets.push(("keys.toml", "/etc/smarty/keys.toml".to_owned()));
    }
    let program = absolute(program).map_err(|error| failed("the program", &error))?;
    Ok(format(&Unit {
        program: &program,
        line: &line,
        secrets: &secrets,
        own,
        capture,
    }))
}

/// What stands in a unit.
struct Unit<'a> {
    program: &'a Path,
    line: &'a str,
    /// Names of credentials, and the files that hold them, as a unit writes them.
    secrets: &'a [(&'static str, String)],
    /// Nothing but what the configuration says.
    own: bool,
    capture: bool,
}

/// Refuses what does not fit a service; tells whether it captures.
fn check(cli: &Cli) -> Result<bool, Failure> {
    let (out, again, capture) = match &cli.command {
        Command::Watch(watch) => {
            check_keys(&watch.keys)?;
            for tap in &watch.services.forward.forward {
                if let ForwardPlace::Pty(path) = &tap.place
                    && !path.starts_with(RUN)
                {
                    let what = format!("--forward {tap}: a service can only make it in {RUN}");
                    return Err(refused(&what, "--forward pty:/run/smarty/meter"));
                }
            }
            let output = &watch.output;
            (output.out.as_deref(), output.append || output.force, false)
        }
        Command::Capture(capture) => {
            let again = capture.append || capture.force;
            (Some(capture.out.as_path()), again, true)
        }
        _ => {
            let what = "only watch and capture run as a service";
            return Err(refused(
                what,
                "smarty generate systemd -- watch house=/dev/ttyUSB0",
            ));
        }
    };
    match out {
        Some(path) if path.is_absolute() && !path.starts_with(STATE) => {
            let what = format!("{}: a service can only write in {STATE}", path.display());
            Err(refused(
                &what,
                "name the file without a folder: it stands there then",
            ))
        }
        Some(_) if !again => {
            let what = "a service is started again, and finds the file of the last time";
            Err(refused(what, "--append"))
        }
        _ => Ok(capture),
    }
}

fn check_keys(keys: &KeyArgs) -> Result<(), Failure> {
    let hint = "write it into a file that root alone can read: --key-file /etc/smarty/house.key";
    match (&keys.key, &keys.auth_key) {
        (Some(key), _) if key.is_empty() => Err(refused(
            "--key asks for the key, and nobody answers a service",
            hint,
        )),
        (Some(_), _) => Err(refused(
            "--key: everyone can read a unit, and the key in it",
            hint,
        )),
        (None, Some(_)) => {
            let hint =
                "write it into a key ring, as auth_key = \"…\": --keyring /etc/smarty/keys.toml";
            Err(refused(
                "--auth-key: everyone can read a unit, and the key in it",
                hint,
            ))
        }
        (None, None) => Ok(()),
    }
}

/// A key, or an address with a password in it.
fn holds_secret(word: &OsStr) -> bool {
    let value = word.to_str().and_then(|word| word.split_once('='));
    if is_misplaced_key(word) || value.is_some_and(|(_, value)| is_misplaced_key(value.as_ref())) {
        return true;
    }
    let text = word.to_string_lossy();
    let authority = text
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next());
    let user = authority.and_then(|authority| authority.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':'))
}

type Secrets = Vec<(&'static str, String)>;

/// The words, quoted, with files of secrets replaced by credentials.
fn command_line(words: &[OsString]) -> Result<(String, Secrets), Failure> {
    let (mut line, mut secrets) = (String::new(), Vec::new());
    let mut rest = words.iter();
    let mut options = true;
    while let Some(word) = rest.next() {
        options &= word != "--";
        let text = word.to_string_lossy();
        let (option, value) = match text.split_once('=') {
            Some((option, value)) => (option, Some(OsString::from(value))),
            None => (&*text, None),
        };
        let file = FILES.iter().find(|(name, _)| options && *name == option);
        let Some((name, credential)) = file else {
            line.push_str(&format!(" {}", quoted(word)));
            continue;
        };
        let Some(path) = value.or_else(|| rest.next().cloned()) else {
            continue;
        };
        let path = absolute(&path).map_err(|error| failed(name, &error))?;
        let Some(credential) = credential else {
            line.push_str(&format!(" {name} {}", quoted(path.as_os_str())));
            continue;
        };
        if *name != KEY_FILE {
            line.push_str(&format!(" {name} ${{CREDENTIALS_DIRECTORY}}/{credential}"));
        }
        // A path stands to the end of the line as it is, but for `%`.
        let path = match path.to_str() {
            Some(path) if !path.contains(char::is_control) => path.replace('%', "%%"),
            _ => {
                let what = format!("{name}: a unit cannot hold this path");
                return Err(refused(&what, "give the file a name of plain letters"));
            }
        };
        secrets.push((*credential, path));
    }
    Ok((line, secrets))
}

/// A word as it stands in a command line of a unit.
fn quoted(word: &OsStr) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,+@?&~^%$[]#!*".contains(&byte);
    let is_plain = !word.is_empty() && word.as_bytes().iter().all(|byte| plain(*byte));
    let mut out = String::new();
    for chunk in word.as_bytes().utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '%' => out.push_str("%%"),
                '$' => out.push_str("$$"),
                '"' | '\\' => out.extend(['\\', char]),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                _ if char.is_ascii_control() => {
                    out.push_str(&format!("\\x{:02x}", u32::from(char)))
                }
                _ => out.push(char),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    match is_plain {
        true => out,
        false => format!("\"{out}\""),
    }
}

fn format(unit: &Unit<'_>) -> String {
    let mut text = String::from(
        "# smarty as a service. To use it:\n\
         #   smarty generate systemd -- OPTIONS | sudo tee /etc/systemd/system/smarty.service\n\
         #   sudo systemctl daemon-reload\n\
         #   sudo systemctl enable --now smarty\n\
         \n\
         [Unit]\n\
         Description=smarty, readings of smart meters\n\
         Documentation=man:smarty(1)\n\
         Wants=network-online.target\n\
         After=network-online.target\n",
    );
    if unit.own {
        text.push_str("ConditionPathExists=/etc/smarty/smarty.toml\n");
    }
    let program = quoted(unit.program.as_os_str());
    let line = unit.line;
    text.push_str("\n[Service]\nType=exec\n");
    if let Some(shut) = unreachable(unit.program) {
        for line in [&shut.what, &shut.hint] {
            text.push_str(&format!("# {line}\n"));
        }
    }
    text.push_str(&format!("ExecStart={program}{line}\n"));
    if !unit.capture {
        text.push_str(
            "# Reads smarty.toml again; keys too, where they are no credentials: those are copied at each start.\n\
             ExecReload=kill -HUP $MAINPID\n",
        );
    }
    text.push_str("Restart=always\nRestartSec=10\n# A wrong option does not get better by itself.\nRestartPreventExitStatus=2\n\n");
    if !unit.secrets.is_empty() {
        text.push_str("# Root alone need be able to read these.\n");
    }
    for (name, path) in unit.secrets {
        text.push_str(&format!("LoadCredential={name}:{path}\n"));
    }
    text.push_str(
        "# /etc/smarty/smarty.toml, and what is kept in /var/lib/smarty.\n\
         Environment=XDG_CONFIG_HOME=/etc XDG_STATE_HOME=/var/lib\n\
         StateDirectory=smarty\n\
         RuntimeDirectory=smarty\n\
         WorkingDirectory=/var/lib/smarty\n\
         UMask=0027\n\
         \n\
         # A user of its own that may open serial ports, and nothing else. No ProtectClock, PrivateDevices or\n\
         # DeviceAllow: they would take away ports that are plugged in later.\n\
         DynamicUser=yes\n\
         SupplementaryGroups=dialout\n",
    );
    // The program itself must be readable.
    let home = match is_at_home(unit.program) {
        true => "read-only",
        false => "yes",
    };
    text.push_str(&format!("ProtectHome={home}\n"));
    text.push_str(HARDENING);
    text.push_str("\n[Install]\nWantedBy=multi-user.target\n");
    text
}

/// Why the user of a service may not come to the program, and what to do.
pub struct Unreachable {
    /// What is wrong.
    pub what: String,
    /// How to install the program for all.
    pub hint: String,
}

/// Says where a program stands to which the user of a service, who is nobody else, may not come: after
/// `cargo install` it is in a home.
pub fn unreachable(program: &Path) -> Option<Unreachable> {
    let program = absolute(program).ok()?;
    let shown = program.display();
    let closed = fs::metadata(&program).is_ok_and(|meta| meta.mode() & 0o001 == 0);
    let what = match shut_to_others(&program) {
        Some(folder) => format!(
            "{shown}: the user of the service may not enter {}",
            folder.display()
        ),
        None if closed => format!("{shown}: the user of the service may not run it"),
        None if is_at_home(&program) => {
            format!("{shown}: a service should not depend on a home, which may be shut to its user")
        }
        None => return None,
    };
    let name = program.file_name()?;
    let there = Path::new(FOR_ALL).join(name);
    let hint = format!(
        "sudo install -m 755 {} {FOR_ALL}/, and add --program {}",
        word(&program),
        word(&there)
    );
    // A comment ends with its line.
    let plain = |text: String| text.replace(char::is_control, "?");
    Some(Unreachable {
        what: plain(what),
        hint: plain(hint),
    })
}

fn is_at_home(program: &Path) -> bool {
    let own = std::env::var_os("HOME").map(PathBuf::from);
    let own = own.filter(|home| home.is_absolute() && home.parent().is_some());
    ["/home", "/root"]
        .iter()
        .any(|home| program.starts_with(home))
        || own.is_some_and(|home| program.starts_with(home))
}

fn word(path: &Path) -> String {
    crate::cli::output::writer::quoted(&path.display().to_string())
}

fn refused(what: &str, hint: &str) -> Failure {
    Failure::new(Exit::Usage, what).hint(hint)
}

/// Options with files that are found by absolute paths; the name of the credential where one is a secret.
const FILES: [(&str, Option<&str>); 10] = [
    (KEY_FILE, Some("smarty.key")),
    ("--keyring", Some("keys.toml")),
    ("--mqtt-password-file", Some("mqtt-password")),
    ("--mqtt-ca", None),
    ("--mqtt-cert", None),
    ("--mqtt-cert-key", Some("mqtt-key")),
    ("--metrics-password-file", Some("metrics-password")),
    // Where certificates are renewed, root alone may look.
    ("--metrics-cert", Some("metrics-cert")),
    ("--metrics-cert-key", Some("metrics-key")),
    ("--config", None),
];
const KEY_FILE: &str = "--key-file";
/// Where a program stands for all users.
const FOR_ALL: &str = "/usr/local/bin";
/// Where a service keeps files.
const STATE: &str = "/var/lib/smarty";
/// Where a service keeps links and sockets.
const RUN: &str = "/run/smarty";

const HARDENING: &str = "\
ProtectSystem=strict
PrivateTmp=yes
NoNewPrivileges=yes
# No keys in core dumps.
LimitCORE=0
CapabilityBoundingSet=
AmbientCapabilities=
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=@chown
SystemCallErrorNumber=EPERM
";

#[cfg(test)]
mod tests;
