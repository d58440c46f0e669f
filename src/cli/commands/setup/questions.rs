//! Questions on the terminal; where there is none, or nothing is to be asked, what they propose holds.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};

use zeroize::Zeroizing;

use crate::format::clean::clean;
use crate::run::failure::{Exit, Failure};

/// Who is asked.
pub struct Questions {
    terminal: Option<File>,
}

impl Questions {
    /// Asks on the terminal that standard input is; nobody where all is answered already.
    pub fn new(answered: bool) -> Self {
        let asks = !answered && std::io::stdin().is_terminal();
        let open = || File::options().read(true).write(true).open("/dev/tty").ok();
        Self {
            terminal: if asks { open() } else { None },
        }
    }

    /// Whether somebody is there to answer.
    pub fn are_asked(&self) -> bool {
        self.terminal.is_some()
    }

    /// Asks for a line; an empty one, and nobody to ask, is what is proposed.
    ///
    /// # Errors
    /// Where the terminal is closed instead.
    pub fn line(&self, question: &str, proposed: &str) -> Result<String, Failure> {
        let Some(mut terminal) = self.terminal.as_ref() else {
            return Ok(proposed.to_owned());
        };
        let proposal = match proposed {
            "" => String::new(),
            text => format!(" [{}]", clean(text)),
        };
        let gone = |_| Failure::new(Exit::Io, "the terminal is gone");
        write!(terminal, "{question}{proposal}: ").map_err(gone)?;
        let mut answer = String::new();
        // A terminal gives a line at a time: nothing of the next answer is taken with it.
        let read = BufReader::new(terminal)
            .read_line(&mut answer)
            .map_err(gone)?;
        if read == 0 {
            let failure = Failure::new(Exit::Usage, "the setup was cancelled; nothing was written");
            return Err(failure.hint("every answer has an option too: smarty setup --help"));
        }
        Ok(match answer.trim() {
            "" => proposed.to_owned(),
            answer => answer.to_owned(),
        })
    }

    /// Asks for yes or no.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn confirm(&self, question: &str, proposed: bool) -> Result<bool, Failure> {
        let proposal = if proposed { "yes" } else { "no" };
        loop {
            match self.line(question, proposal)?.to_lowercase().as_str() {
                "y" | "yes" | "j" | "ja" | "o" | "oui" => return Ok(true),
                "n" | "no" | "nein" | "non" => return Ok(false),
                _ => self.show("yes or no, please"),
            }
        }
    }

    /// Asks for one of several, by its number.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn choose(&self, question: &str, choices: &[String]) -> Result<usize, Failure> {
        for (number, choice) in (1..).zip(choices) {
            self.show(&format!("  {number}  {}", clean(choice)));
        }
        loop {
            let answer = self.line(question, "1")?;
            match answer.parse::<usize>() {
                Ok(number) if (1..=choices.len()).contains(&number) => return Ok(number - 1),
                _ => self.show(&format!("a number from 1 to {}, please", choices.len())),
            }
        }
    }

    /// Asks for what is not shown; `None` where nobody can be asked.
    pub fn secret(&self, question: &str) -> Option<Zeroizing<String>> {
        self.terminal.as_ref()?;
        let typed = rpassword::prompt_password(format!("{question} (not shown): "));
        typed.ok().map(Zeroizing::new)
    }

    /// Shows a line to who is asked.
    pub fn show(&self, line: &str) {
        if let Some(mut terminal) = self.terminal.as_ref() {
            // With the terminal gone, the next question tells.
            drop(writeln!(terminal, "{line}"));
        }
    }
}
