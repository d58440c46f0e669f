//! A number of things in words: `1 byte`, `2 bytes`.

use std::fmt;

/// A number and the noun that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    number: u64,
    noun: &'static str,
}

/// Counts things whose plural ends in an s, or es behind a sh; `noun` names one of them.
pub fn count(number: u64, noun: &'static str) -> Count {
    Count { number, noun }
}

impl Count {
    /// The verb that goes with the number: `one` after one thing, else `many`.
    pub fn verb(self, one: &'static str, many: &'static str) -> Phrase {
        let verb = if self.number == 1 { one } else { many };
        Phrase { count: self, verb }
    }
}

/// A number, what is counted, and the verb that goes with them: `1 byte is`, `2 bytes are`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase {
    count: Count,
    verb: &'static str,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match self.number {
            1 => "",
            _ if self.noun.ends_with("sh") => "es",
            _ => "s",
        };
        write!(f, "{} {}{ending}", self.number, self.noun)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.verb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_said_as_one() {
        let said = [0, 1, 2].map(|number| count(number, "byte").to_string());
        assert_eq!(said, ["0 bytes", "1 byte", "2 bytes"]);
        assert_eq!(count(2, "push").to_string(), "2 pushes");
    }

    #[test]
    fn the_verb_goes_with_the_number() {
        let said = [0, 1, 2].map(|number| count(number, "byte").verb("is", "are").to_string());
        assert_eq!(said, ["0 bytes are", "1 byte is", "2 bytes are"]);
    }
}
