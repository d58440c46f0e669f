//! The manual: one text for `smarty help TOPIC`, the man pages and the documentation.

mod manual;
mod roff;
mod terminal;

pub use self::roff::{code_lines, to_roff};
pub use self::terminal::to_terminal;

/// A part of the manual.
pub struct Topic {
    /// The word after `smarty help`.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// The text, in Markdown.
    pub text: &'static str,
}

macro_rules! topics {
    ($($name:literal: $about:literal,)*) => {
        &[$(Topic { name: $name, about: $about, text: include_str!(concat!("help/", $name, ".md")) },)*]
    };
}

/// All topics, in the order in which they are needed.
pub const TOPICS: &[Topic] = topics! {
    "setup": "from a cable to a verified reading, in a few questions",
    "keys": "keys: where they come from, how they are given, what they prove",
    "meters": "countries and meters that are read",
    "port": "the socket of the meter, its pins, and the cable",
    "faults": "what to do when nothing comes, or nonsense",
    "doctor": "a set-up that stopped working",
    "inputs": "files, dumps, pastes, ports and servers that are read",
    "sources": "several meters at once, and smarty.toml",
    "screen": "the live screen, its keys, and recordings on it",
    "outputs": "tables, JSON, CSV and the other formats",
    "inspect": "frames byte by byte",
    "reports": "hours, days, months and years",
    "store": "an SQLite database that keeps years",
    "computed": "quarter hours, reference power, surplus",
    "mqtt": "MQTT and Home Assistant",
    "forward": "telegrams for other software",
    "metrics": "a page for browsers, numbers for Prometheus",
    "hooks": "commands and messages when something happens",
    "services": "smarty as a service of systemd",
    "capture": "recordings",
    "archives": "DuckDB, Parquet and other engines",
    "scale": "many meters, many processors",
    "simulate": "meters that exist only here",
    "exits": "exit codes",
    "speed": "what a frame costs",
};

/// The text that belongs to a word, if it is a topic.
pub fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_in_the_folder_is_a_topic() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/help");
        let files = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = files
            .filter_map(|file| {
                let name = file.unwrap().file_name().into_string().unwrap();
                name.strip_suffix(".md").map(str::to_owned)
            })
            .filter(|name| name != "smarty.1")
            .collect();
        names.sort();
        let mut topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
        topics.sort_unstable();
        assert_eq!(names, topics);
    }

    #[test]
    fn every_topic_is_in_the_documentation() {
        let library = include_str!("../lib.rs");
        for topic in TOPICS {
            let text = format!("include_str!(\"cli/help/{}.md\")", topic.name);
            assert!(library.contains(&text), "{}", topic.name);
        }
    }

    #[test]
    fn each_topic_fits_the_terminal() {
        for topic in TOPICS {
            for width in [40, 80, 100] {
                let text = to_terminal(topic.text, width, false);
                assert!(text.len() > 200, "{}", topic.name);
                let mut code = false;
                for line in text.lines() {
                    // Code stays as it is, and is indented.
                    code = line.starts_with("  ");
                    let length = unicode_width::UnicodeWidthStr::width(line);
                    assert!(code || length <= width, "{} at {width}: {line}", topic.name);
                }
                assert!(!code || !text.is_empty());
            }
        }
    }
}
