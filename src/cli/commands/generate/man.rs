//! Man pages: `smarty(1)` from its text, a page for each command from its options, a page for each topic of the manual.

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::Cli;
use crate::cli::help::{TOPICS, code_lines, to_roff};

/// The page of the program.
pub(super) fn smarty() -> String {
    let mut program = Cli::command();
    program.build();
    let mut page = title("smarty", "1");
    page.control("SH", ["NAME"]);
    page.text([roman("smarty - "), roman(about(&program))]);
    page.control("SH", ["SYNOPSIS"]);
    for command in program.get_subcommands() {
        page.text([
            bold(format!("smarty {}", command.get_name())),
            roman(usage(command)),
        ]);
        page.control("br", []);
    }
    let (description, rest) = SMARTY.split_once("\n# Exit status").unwrap_or((SMARTY, ""));
    to_roff(&mut page, description);
    page.control("SH", ["COMMANDS"]);
    for command in program.get_subcommands() {
        page.control("TP", []);
        page.text([bold(format!("smarty-{}(1)", command.get_name()))]);
        page.text([roman(about(command))]);
    }
    let mut text = page.to_roff();
    let mut options = Vec::new();
    // Written to memory, which cannot fail.
    let _ = Man::new(program).render_options_section(&mut options);
    text.push_str(&String::from_utf8_lossy(&options));
    let mut page = Roff::new();
    to_roff(&mut page, &format!("# smarty\n\n# Exit status{rest}"));
    page.control("SH", ["SEE ALSO"]);
    for topic in TOPICS {
        page.control("TP", []);
        page.text([bold(format!("smarty-{}(7)", topic.name))]);
        page.text([roman(topic.about)]);
    }
    text + &page.to_roff()
}

/// All pages, with the names of their files.
pub(super) fn pages() -> Vec<(String, String)> {
    let mut program = Cli::command();
    program.build();
    let mut pages = vec![("smarty.1".to_owned(), smarty())];
    commands(&mut pages, &program, "smarty");
    for topic in TOPICS {
        let name = format!("smarty-{}", topic.name);
        let mut page = title(&name, "7");
        page.control("SH", ["NAME"]);
        page.text([roman(format!("{name} - {}", topic.about))]);
        page.control("SH", ["DESCRIPTION"]);
        to_roff(&mut page, topic.text);
        page.control("SH", ["SEE ALSO"]);
        page.text([bold("smarty"), roman("(1)")]);
        pages.push((format!("{name}.7"), page.to_roff()));
    }
    pages
}

/// The pages of the commands within one.
fn commands(pages: &mut Vec<(String, String)>, outer: &Command, path: &str) {
    for command in outer.get_subcommands() {
        let name = format!("{path}-{}", command.get_name());
        pages.push((format!("{name}.1"), command_page(command, &name)));
        commands(pages, command, &name);
    }
}

/// What clap makes of a command, with examples that keep their lines.
fn command_page(command: &Command, name: &str) -> String {
    let examples = command.get_after_long_help().or(command.get_after_help());
    let examples = examples.map(ToString::to_string);
    let plain = command
        .clone()
        .after_help("")
        .after_long_help("")
        .display_name(name.to_owned());
    let man = Man::new(plain).title(name.to_uppercase());
    let mut text = title(name, "1").to_roff().into_bytes();
    // Written to memory, which cannot fail.
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    let _ = man.render_description_section(&mut text);
    if command.get_arguments().count() > 0 {
        let _ = man.render_options_section(&mut text);
    }
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut text);
    }
    let mut page = Roff::new();
    if let Some(examples) = examples {
        let (heading, rest) = examples.split_once('\n').unwrap_or(("", &examples));
        let (heading, rest) = match heading.strip_suffix(':') {
            Some(heading) => (heading, rest),
            None => ("Notes", examples.as_str()),
        };
        page.control("SH", [heading.to_uppercase().as_str()]);
        code_lines(&mut page, &anstream::adapter::strip_str(rest).to_string());
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("smarty"), roman("(1)")]);
    String::from_utf8_lossy(&text).into_owned() + &page.to_roff()
}

fn title(name: &str, section: &str) -> Roff {
    let mut page = Roff::new();
    let version = concat!("smarty ", env!("CARGO_PKG_VERSION"));
    page.control(
        "TH",
        [name.to_uppercase().as_str(), section, "", version, "smarty"],
    );
    page
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// What stands behind a command, in short.
fn usage(command: &Command) -> String {
    let inner = match command.has_subcommands() {
        true => " COMMAND",
        false => "",
    };
    let arguments = command.get_positionals().map(|argument| {
        let names = argument.get_value_names().unwrap_or_default();
        let name = names
            .first()
            .map_or(argument.get_id().as_str(), |name| name.as_str());
        match argument.is_required_set() {
            true => format!(" {name}"),
            false => format!(" [{name}...]"),
        }
    });
    format!("{inner} [OPTIONS]{}", arguments.collect::<String>())
}

const SMARTY: &str = include_str!("../../help/smarty.1.md");
