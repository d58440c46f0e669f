//! Texts from outside without characters that would steer a terminal, or lie about the order of what it shows.

/// Tells whether a character steers what shows it: control characters (C0, DEL, C1), marks of the direction of writing,
/// separators of lines, and letters that nobody sees.
pub fn steers(c: char) -> bool {
    let unseen = matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}');
    unseen || c.is_control() || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// The text on one line: what would steer is replaced.
pub fn clean(text: &str) -> String {
    text.replace(steers, REPLACEMENT)
}

/// The same with the line ends and tabulators that it has.
pub fn clean_lines(text: &str) -> String {
    text.replace(|c| steers(c) && !matches!(c, '\n' | '\t'), REPLACEMENT)
}

/// Stands for what cannot be shown.
const REPLACEMENT: &str = "\u{FFFD}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_replaced_and_letters_of_all_writing_stay() {
        let odd = "\0\u{7}\u{8}\t\n\r\u{1B}\u{7F}\u{80}\u{9B}\u{9F}\u{61C}\u{200E}\u{202E}\u{2029}\u{2066}\u{FEFF}";
        for letter in odd.chars() {
            assert_eq!(clean(&format!("a{letter}b")), "a\u{FFFD}b", "{letter:?}");
        }
        let letters = "Zähler №1, счётчик, עברית, 電力, m³ – 20 °C\u{A0}!";
        assert_eq!(clean(letters), letters);
        assert_eq!(
            clean_lines("one\n\ttwo\r\n\u{1B}[2J"),
            "one\n\ttwo\u{FFFD}\n\u{FFFD}[2J"
        );
    }
}
