//! The committed completions against the definition of the arguments (`SMARTY_BLESS=1` rewrites them).
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use clap_complete::Shell;
use smarty::cli::commands::generate::completions;

#[test]
fn the_completions_are_those_of_the_arguments() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in [
        (Shell::Bash, "smarty.bash"),
        (Shell::Zsh, "_smarty"),
        (Shell::Fish, "smarty.fish"),
        (Shell::PowerShell, "_smarty.ps1"),
        (Shell::Elvish, "smarty.elv"),
    ] {
        let path = folder.join(name);
        let expected = completions(shell);
        if std::env::var_os("SMARTY_BLESS").is_some() {
            std::fs::write(&path, &expected).unwrap();
        }
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(
            found == expected,
            "completions/{name} is out of date; SMARTY_BLESS=1 rewrites it"
        );
    }
}
