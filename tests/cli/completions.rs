//! The committed scripts of completions against those that the program prints (`SMARTY_BLESS=1` rewrites them).

use std::path::Path;

use smarty::cli::completion::script;

#[test]
fn the_scripts_are_those_that_the_program_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in [
        ("bash", "smarty.bash"),
        ("zsh", "_smarty"),
        ("fish", "smarty.fish"),
        ("powershell", "_smarty.ps1"),
        ("elvish", "smarty.elv"),
    ] {
        let path = folder.join(name);
        let expected = script(shell);
        let mut found = std::fs::read(&path).unwrap_or_default();
        // What is up to date stays as it is: a shell may be reading it.
        if std::env::var_os("SMARTY_BLESS").is_some() && found != expected {
            std::fs::write(&path, &expected).unwrap();
            found.clone_from(&expected);
        }
        assert!(
            found == expected,
            "completions/{name} is out of date; SMARTY_BLESS=1 rewrites it"
        );
    }
}

/// A real bash, where there is one, is offered what fits.
#[test]
fn bash_is_offered_names_of_values() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_BIN_EXE_smarty"));
    let lines = "source completions/smarty.bash\n\
                 COMP_WORDS=(smarty parse -F gas_m3,voltage_l) COMP_CWORD=3 COMP_TYPE=9\n\
                 _clap_complete_smarty smarty gas_m3,voltage_l -F\n\
                 printf '%s\\n' \"${COMPREPLY[@]}\"\n";
    let path = [
        program.parent().unwrap(),
        Path::new("/usr/bin"),
        Path::new("/bin"),
    ];
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", lines])
        .env("PATH", std::env::join_paths(path).unwrap())
        .current_dir(root)
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no bash");
        return;
    };
    let offered = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        offered.lines().collect::<Vec<_>>(),
        [
            "gas_m3,voltage_l1_v",
            "gas_m3,voltage_l2_v",
            "gas_m3,voltage_l3_v"
        ],
        "{output:?}"
    );
}
