//! What lets us in at a broker or another server: password, token, certificates, from files that the user names.
//!
//! The password is the first of: the file of the option, the address, `SMARTY_MQTT_PASSWORD`,
//! `$CREDENTIALS_DIRECTORY/smarty.mqtt-password`; else it is asked for where a user is named and there is a terminal.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;

use crate::cli::caution::say_who_reads;
use crate::cli::services::files::{read, text_of};
use crate::run::failure::{Exit, Failure, Level, say};
use crate::sys::mqtt::broker::{Broker, Password};
use crate::sys::tls::{self, Pem, TlsProblem};

/// Files that let us in, and what the options are called that name them.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// What the options begin with: `--mqtt` or `--server`.
    pub option: &'static str,
    /// File with the password of the user.
    pub password: Option<&'a Path>,
    /// Certificate of an authority that is trusted instead of those of the machine, PEM.
    pub authority: Option<&'a Path>,
    /// Certificate that the server wants to see, PEM.
    pub certificate: Option<&'a Path>,
    /// Private key of that certificate, PEM.
    pub key: Option<&'a Path>,
    /// Whether a certificate of the authority may be for any name.
    pub any_name: bool,
}

impl Credentials<'_> {
    /// Whether a file of certificates is named.
    pub fn has_certificates(&self) -> bool {
        let files = [self.authority, self.certificate, self.key];
        files.iter().any(Option::is_some)
    }

    /// Makes what TLS needs.
    ///
    /// # Errors
    /// A file that does not hold what it should; one of two that belong together.
    pub fn tls(&self, quiet: bool) -> Result<Arc<ClientConfig>, Failure> {
        let option = self.option;
        if self.certificate.is_some() != self.key.is_some() {
            let what = format!("{option}-cert and {option}-cert-key belong together");
            return Err(Failure::new(Exit::Usage, what).hint("give both, or none"));
        }
        if let Some(path) = self.key {
            say_who_reads(path, "a private key", quiet);
        }
        let read = |path: Option<&Path>| path.map(read).transpose();
        let (authority, certificate, key) = (
            read(self.authority)?,
            read(self.certificate)?,
            read(self.key)?,
        );
        let pem = Pem {
            authority: authority.as_deref(),
            certificate: certificate.as_deref(),
            key: key.as_deref(),
            any_name: self.any_name,
        };
        tls::connecting(pem).map_err(|problem| self.problem(problem))
    }

    fn problem(&self, problem: TlsProblem) -> Failure {
        let named = |file: Option<&Path>| match file {
            Some(path) => path.display().to_string(),
            None => "TLS".to_owned(),
        };
        let (what, hint) = match problem {
            TlsProblem::Authority => (
                format!("{}: contains no certificate", named(self.authority)),
                "a PEM file begins with -----BEGIN CERTIFICATE-----",
            ),
            TlsProblem::Certificate => (
                format!("{}: contains no certificate", named(self.certificate)),
                "a PEM file begins with -----BEGIN CERTIFICATE-----",
            ),
            TlsProblem::Key => (
                format!("{}: contains no private key", named(self.key)),
                "a PEM file begins with -----BEGIN PRIVATE KEY-----",
            ),
            TlsProblem::Pair => (
                format!("{}: does not belong to the certificate", named(self.key)),
                "give the two that were made together",
            ),
            TlsProblem::Library => (
                "TLS does not work here".to_owned(),
                "try an address without TLS",
            ),
        };
        Failure::new(Exit::Usage, what).hint(hint)
    }

    /// Finds the password of the user, where one is named.
    ///
    /// # Errors
    /// Two passwords; a file that cannot be read; none, and nobody to ask.
    pub fn find_password(&self, broker: &mut Broker, quiet: bool) -> Result<(), Failure> {
        let option = self.option;
        if broker.password.is_some() {
            if self.password.is_some() {
                let what = format!(
                    "the address of the broker has a password, and {option}-password-file is given"
                );
                return Err(Failure::new(Exit::Usage, what).hint("leave it out of the address"));
            }
            if !quiet {
                let what = "the password in the address of the broker can be seen by all users of this machine";
                let hint = format!(
                    "{option}-password-file FILE or the environment variable SMARTY_MQTT_PASSWORD hide it"
                );
                say(Level::Warning, what, Some(&hint));
            }
            return Ok(());
        }
        let Some(user) = broker.user.clone() else {
            return match self.password.is_some() {
                false => Ok(()),
                true => {
                    let what = format!(
                        "{option}-password-file is given, and the address of the broker names no user"
                    );
                    Err(Failure::new(Exit::Usage, what).hint("mqtt://USER@HOST"))
                }
            };
        };
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let credential = variable("CREDENTIALS_DIRECTORY")
            .map(|folder| Path::new(&folder).join("smarty.mqtt-password"))
            .filter(|path| path.exists());
        let password = if let Some(path) = self.password {
            secret_of(path, "a password", quiet)?
        } else if let Some(text) = variable("SMARTY_MQTT_PASSWORD") {
            text.into_string()
                .map(Password::new)
                .map_err(|_| Failure::new(Exit::Usage, "SMARTY_MQTT_PASSWORD is not UTF-8 text"))?
        } else if let Some(path) = credential {
            Password::new(text_of(&path)?)
        } else {
            self.ask(&user)?
        };
        broker.password = Some(password);
        Ok(())
    }

    /// Asks for the password on the terminal, unseen.
    fn ask(&self, user: &str) -> Result<Password, Failure> {
        let failed = || {
            let what =
                format!("there is no password for {user} at the broker, and no terminal to ask on");
            Failure::new(Exit::Usage, what).hint(format!(
                "use {}-password-file FILE, or the environment variable SMARTY_MQTT_PASSWORD",
                self.option
            ))
        };
        // Standard input may hold data; a prompt that nobody sees would wait for ever.
        if !std::io::stderr().is_terminal() {
            return Err(failed());
        }
        rpassword::prompt_password(format!("Password of {user} at the broker (not shown): "))
            .map(Password::new)
            .map_err(|_| failed())
    }
}

/// The first line of a file of a secret; warns where others can read it.
///
/// # Errors
/// A file that cannot be read, or is no text.
pub fn secret_of(path: &Path, what: &str, quiet: bool) -> Result<Password, Failure> {
    let text = text_of(path)?;
    say_who_reads(path, what, quiet);
    Ok(Password::new(text))
}
