//! Conditions on values, as people write them: `active_power_import_kw > 6.5 for 1m until active_power_import_kw < 5`.
//!
//! ```text
//! condition  = any [ "for" time ] [ "until" any [ "for" time ] ]      time = digits ( "ms" | "s" | "m" | "h" | "d" )
//! any        = all { "or" all }
//! all        = one { "and" one }
//! one        = "not" one | "(" any ")" | sum compare sum | text [ "not" ] "in" "findings"
//! compare    = ">" | ">=" | "<" | "<=" | "==" | "!="
//! sum        = product { ( "+" | "-" ) product }
//! product    = factor { "*" factor }
//! factor     = number | text | name | "-" factor | "(" sum ")"
//! ```
//! Names are those of values with their unit, `age` (seconds since the last telegram) and `findings` (how many there
//! are). Numbers are exact decimals; there is no division, which would not be. What compares a value that is not there
//! is neither true nor false, and so is what follows from it alone.

use super::value::Decimal;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// When it begins to hold.
    begins: Any,
    /// How long that must be so, in milliseconds.
    pub begins_after: u64,
    /// When it ends; as soon as it does not hold where nothing is said.
    ends: Option<Any>,
    /// How long that must be so, in milliseconds.
    pub ends_after: u64,
    names: Vec<String>,
}

/// A value that a condition can look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A number.
    Number(Decimal),
    /// A text.
    Text(String),
}

/// What a condition is asked about.
pub trait Values {
    /// The value of a name; `None` where there is none now.
    fn value(&self, name: &str) -> Option<Operand>;
    /// Whether a finding of this code is there.
    fn has_finding(&self, code: &str) -> bool;
}

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {place}: {what}")]
pub struct ConditionError {
    /// Where, from 1.
    pub place: usize,
    /// What is wrong there.
    pub what: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Any {
    Or(Vec<Any>),
    And(Vec<Any>),
    Not(Box<Any>),
    Compare(Sum, Compare, Sum),
    HasFinding(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Greater,
    NotLess,
    Less,
    NotGreater,
    Equal,
    Different,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Sum {
    Constant(Operand),
    Name(String),
    Add(Box<Sum>, Box<Sum>),
    Subtract(Box<Sum>, Box<Sum>),
    Multiply(Box<Sum>, Box<Sum>),
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// The first place that cannot be read.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens: &tokens,
            at: 0,
            end: text.chars().count() + 1,
            depth: 0,
            names: Vec::new(),
        };
        let begins = parser.any()?;
        let begins_after = parser.time()?;
        let (mut ends, mut ends_after) = (None, 0);
        if parser.takes_word("until") {
            ends = Some(parser.any()?);
            ends_after = parser.time()?;
        }
        match parser.peek() {
            None => Ok(Self {
                begins,
                begins_after,
                ends,
                ends_after,
                names: parser.names,
            }),
            Some(token) => Err(parser.expected(&format!(
                "{token} stands where and, or, for, until or the end should be"
            ))),
        }
    }

    /// The names that it looks at, each once.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether it begins to hold; `None` where a value is missing.
    pub fn begins(&self, values: &dyn Values) -> Option<bool> {
        self.begins.holds(values)
    }

    /// Whether it ends to hold; `None` where a value is missing.
    pub fn ends(&self, values: &dyn Values) -> Option<bool> {
        match &self.ends {
            Some(ends) => ends.holds(values),
            None => self.begins.holds(values).map(|holds| !holds),
        }
    }
}

impl Any {
    fn holds(&self, values: &dyn Values) -> Option<bool> {
        match self {
            Self::Or(parts) => decided(parts, values, true),
            Self::And(parts) => decided(parts, values, false),
            Self::Not(inner) => inner.holds(values).map(|holds| !holds),
            Self::HasFinding(code) => Some(values.has_finding(code)),
            Self::Compare(left, compare, right) => {
                let order = match (left.value(values)?, right.value(values)?) {
                    (Operand::Number(left), Operand::Number(right)) => order(left, right)?,
                    (Operand::Text(left), Operand::Text(right)) => left.cmp(&right),
                    _ => return None,
                };
                Some(match compare {
                    Compare::Greater => order.is_gt(),
                    Compare::NotLess => order.is_ge(),
                    Compare::Less => order.is_lt(),
                    Compare::NotGreater => order.is_le(),
                    Compare::Equal => order.is_eq(),
                    Compare::Different => order.is_ne(),
                })
            }
        }
    }
}

/// What parts come to of which one that is `deciding` is enough.
fn decided(parts: &[Any], values: &dyn Values, deciding: bool) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match part.holds(values) {
            Some(holds) if holds == deciding => return Some(deciding),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!deciding)
}

fn order(left: Decimal, right: Decimal) -> Option<std::cmp::Ordering> {
    let scaled = |one: Decimal, other: Decimal| {
        let factor = 10i128.checked_pow(u32::from(other.scale))?;
        i128::from(one.digits).checked_mul(factor)
    };
    Some(scaled(left, right)?.cmp(&scaled(right, left)?))
}

impl Sum {
    fn value(&self, values: &dyn Values) -> Option<Operand> {
        let number = |sum: &Self| match sum.value(values)? {
            Operand::Number(number) => Some(number),
            Operand::Text(_) => None,
        };
        Some(match self {
            Self::Constant(operand) => operand.clone(),
            Self::Name(name) => values.value(name)?,
            Self::Add(left, right) => Operand::Number(number(left)?.checked_add(number(right)?)?),
            Self::Subtract(left, right) => {
                Operand::Number(number(left)?.checked_sub(number(right)?)?)
            }
            Self::Multiply(left, right) => {
                let (left, right) = (number(left)?, number(right)?);
                Operand::Number(Decimal::new(
                    left.digits.checked_mul(right.digits)?,
                    left.scale.checked_add(right.scale)?,
                ))
            }
        })
    }
}

/// A piece of the text, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    place: usize,
    kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TokenKind {
    Word(String),
    /// Digits, a point, and letters behind it.
    Number(String),
    Text(String),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            TokenKind::Word(text) | TokenKind::Number(text) => f.write_str(text),
            TokenKind::Text(_) => f.write_str("a text"),
            TokenKind::Sign(sign) => f.write_str(sign),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, ConditionError> {
    let letters: Vec<char> = text.chars().collect();
    let fault = |place: usize, what: &str| ConditionError {
        place: place + 1,
        what: what.to_owned(),
    };
    if letters.len() > LENGTH_MAX {
        return Err(fault(LENGTH_MAX, "a condition is shorter"));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let rest = letters.get(at..).unwrap_or_default();
        let run = |is: fn(&char) -> bool| -> String {
            rest.iter().take_while(|letter| is(letter)).collect()
        };
        let (kind, length) = if letter.is_whitespace() {
            at += 1;
            continue;
        } else if letter.is_ascii_alphabetic() || letter == '_' {
            let word = run(|c| c.is_ascii_alphanumeric() || *c == '_');
            let length = word.len();
            (TokenKind::Word(word), length)
        } else if letter.is_ascii_digit() {
            let number = run(|c| c.is_ascii_alphanumeric() || *c == '.');
            let length = number.len();
            (TokenKind::Number(number), length)
        } else if letter == '\'' || letter == '"' {
            let inside: String = rest.iter().skip(1).take_while(|c| **c != letter).collect();
            let length = inside.chars().count() + 2;
            if rest.len() < length {
                return Err(fault(at, "a text that does not end"));
            }
            (TokenKind::Text(inside), length)
        } else {
            let pair: String = rest.iter().take(2).collect();
            let sign = SIGNS.iter().find(|sign| pair.starts_with(**sign));
            let Some(sign) = sign else {
                return Err(fault(at, &format!("{letter:?} means nothing here")));
            };
            (TokenKind::Sign(sign), sign.len())
        };
        tokens.push(Token {
            place: at + 1,
            kind,
        });
        at += length;
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Place behind the text.
    end: usize,
    depth: usize,
    names: Vec<String>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn expected(&self, what: &str) -> ConditionError {
        ConditionError {
            place: self.peek().map_or(self.end, |token| token.place),
            what: what.to_owned(),
        }
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token { kind: TokenKind::Word(found), .. }) if found == word);
        self.at += usize::from(is);
        is
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token { kind: TokenKind::Sign(found), .. }) if *found == sign);
        self.at += usize::from(is);
        is
    }

    fn deeper(&mut self) -> Result<(), ConditionError> {
        self.depth += 1;
        match self.depth > DEPTH_MAX {
            true => Err(self.expected("parentheses within parentheses go no deeper")),
            false => Ok(()),
        }
    }

    fn any(&mut self) -> Result<Any, ConditionError> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") || self.takes_sign("||") {
            parts.push(self.all()?);
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Any::Or(parts),
        })
    }

    fn all(&mut self) -> Result<Any, ConditionError> {
        let mut parts = vec![self.one()?];
        while self.takes_word("and") || self.takes_sign("&&") {
            parts.push(self.one()?);
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Any::And(parts),
        })
    }

    fn one(&mut self) -> Result<Any, ConditionError> {
        self.deeper()?;
        let one = self.one_inside();
        self.depth -= 1;
        one
    }

    fn one_inside(&mut self) -> Result<Any, ConditionError> {
        if self.takes_word("not") || self.takes_sign("!") {
            return Ok(Any::Not(Box::new(self.one()?)));
        }
        // A parenthesis may hold a condition or a sum: the one that can be read.
        let before = (self.at, self.names.len());
        if self.takes_sign("(")
            && let Ok(inside) = self.any()
            && self.takes_sign(")")
        {
            return Ok(inside);
        }
        self.at = before.0;
        self.names.truncate(before.1);
        let text = match self.peek() {
            Some(Token {
                kind: TokenKind::Text(text),
                ..
            }) => Some(text.clone()),
            _ => None,
        };
        let left = self.sum()?;
        if let Some(code) = text {
            let negated = self.takes_word("not");
            if self.takes_word("in") {
                if !self.takes_word("findings") {
                    return Err(self.expected("behind in stands findings"));
                }
                let has = Any::HasFinding(code);
                return Ok(if negated {
                    Any::Not(Box::new(has))
                } else {
                    has
                });
            }
            if negated {
                return Err(self.expected("behind not stands in"));
            }
        }
        let compare = self.compare()?;
        let right = self.sum()?;
        Ok(Any::Compare(left, compare, right))
    }

    fn compare(&mut self) -> Result<Compare, ConditionError> {
        let signs = [
            (">=", Compare::NotLess),
            (">", Compare::Greater),
            ("<=", Compare::NotGreater),
            ("<", Compare::Less),
            ("==", Compare::Equal),
            ("!=", Compare::Different),
        ];
        for (sign, compare) in signs {
            if self.takes_sign(sign) {
                return Ok(compare);
            }
        }
        Err(self.expected("a comparison is missing: > >= < <= == !="))
    }

    fn sum(&mut self) -> Result<Sum, ConditionError> {
        let mut sum = self.product()?;
        loop {
            if self.takes_sign("+") {
                sum = Sum::Add(Box::new(sum), Box::new(self.product()?));
            } else if self.takes_sign("-") {
                sum = Sum::Subtract(Box::new(sum), Box::new(self.product()?));
            } else {
                return Ok(sum);
            }
        }
    }

    fn product(&mut self) -> Result<Sum, ConditionError> {
        let mut product = self.factor()?;
        while self.takes_sign("*") {
            product = Sum::Multiply(Box::new(product), Box::new(self.factor()?));
        }
        Ok(product)
    }

    fn factor(&mut self) -> Result<Sum, ConditionError> {
        self.deeper()?;
        let factor = self.factor_inside();
        self.depth -= 1;
        factor
    }

    fn factor_inside(&mut self) -> Result<Sum, ConditionError> {
        if self.takes_sign("-") {
            let zero = Sum::Constant(Operand::Number(Decimal::default()));
            return Ok(Sum::Subtract(Box::new(zero), Box::new(self.factor()?)));
        }
        if self.takes_sign("(") {
            let sum = self.sum()?;
            return match self.takes_sign(")") {
                true => Ok(sum),
                false => Err(self.expected(") is missing")),
            };
        }
        let Some(token) = self.peek() else {
            return Err(self.expected("a name or a number is missing"));
        };
        let factor = match &token.kind {
            TokenKind::Number(text) => match text.parse() {
                Ok(number) => Sum::Constant(Operand::Number(number)),
                Err(_) => return Err(self.expected(&format!("{text} is no number"))),
            },
            TokenKind::Text(text) => Sum::Constant(Operand::Text(text.clone())),
            TokenKind::Word(word) if RESERVED.contains(&word.as_str()) => {
                return Err(self.expected("a name or a number is missing"));
            }
            TokenKind::Word(name) => {
                if !self.names.contains(name) {
                    self.names.push(name.clone());
                }
                Sum::Name(name.clone())
            }
            TokenKind::Sign(_) => return Err(self.expected("a name or a number is missing")),
        };
        self.at += 1;
        Ok(factor)
    }

    /// `for 90s`, in milliseconds; 0 where it is not there.
    fn time(&mut self) -> Result<u64, ConditionError> {
        if !self.takes_word("for") {
            return Ok(0);
        }
        let time = match self.peek().map(|token| &token.kind) {
            Some(TokenKind::Number(text)) => milliseconds(text),
            _ => None,
        };
        let time = time.ok_or_else(|| self.expected("for takes a time such as 30s, 10m or 2h"))?;
        self.at += 1;
        Ok(time)
    }
}

/// Reads `30s`, `10m`, `2h`, `1d`, `250ms`, in milliseconds.
pub fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

const SIGNS: [&str; 15] = [
    ">=", "<=", "==", "!=", "&&", "||", ">", "<", "!", "(", ")", "+", "-", "*", "=",
];
const RESERVED: [&str; 6] = ["and", "or", "not", "for", "until", "in"];
/// Characters of a condition.
const LENGTH_MAX: usize = 4096;
/// Parentheses and signs within each other.
const DEPTH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Household;

    impl Values for Household {
        fn value(&self, name: &str) -> Option<Operand> {
            let number = |text: &str| Some(Operand::Number(text.parse().unwrap()));
            match name {
                "power_kw" => number("6.5"),
                "limit_kw" => number("7"),
                "age" => number("12"),
                "findings" => number("1"),
                "tariff" => Some(Operand::Text("0002".to_owned())),
                _ => None,
            }
        }

        fn has_finding(&self, code: &str) -> bool {
            code == "wrong_key"
        }
    }

    fn holds(text: &str) -> Option<bool> {
        Condition::parse(text).unwrap().begins(&Household)
    }

    #[test]
    fn comparisons_are_exact() {
        for (text, expected) in [
            ("power_kw > 6.5", false),
            ("power_kw >= 6.500", true),
            ("power_kw > 6.4999999999999999", true),
            ("power_kw == 6.50", true),
            ("power_kw + 0.5 == limit_kw", true),
            ("limit_kw - power_kw < 0.6 and age < 60", true),
            ("power_kw * 2 > 13 or not findings == 0", true),
            ("(power_kw > 7 or age > 10) && !(limit_kw < 7)", true),
            ("(power_kw + 1) * 2 == 15", true),
            ("-power_kw < -6", true),
            ("tariff == '0002'", true),
            ("'wrong_key' in findings", true),
            ("\"noise\" not in findings", true),
        ] {
            assert_eq!(holds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_there_decides_nothing() {
        assert_eq!(holds("gas_m3 > 1"), None);
        assert_eq!(holds("not gas_m3 > 1"), None);
        assert_eq!(holds("gas_m3 > 1 or power_kw > 1"), Some(true));
        assert_eq!(holds("gas_m3 > 1 and power_kw < 1"), Some(false));
        assert_eq!(holds("tariff > 1"), None);
    }

    #[test]
    fn times_and_the_end_are_read() {
        let text = "power_kw > 6.5 for 1m until power_kw < 5 for 90s";
        let condition = Condition::parse(text).unwrap();
        assert_eq!(
            (condition.begins_after, condition.ends_after),
            (60_000, 90_000)
        );
        assert_eq!(condition.ends(&Household), Some(false));
        assert_eq!(condition.names(), ["power_kw"]);
        let simple = Condition::parse("power_kw > 7").unwrap();
        assert_eq!(simple.ends(&Household), Some(true));
    }

    #[test]
    fn the_place_of_a_fault_is_named() {
        for (text, place) in [
            ("", 1),
            ("power_kw", 9),
            ("power_kw >", 11),
            ("power_kw > 6,5", 13),
            ("power_kw = 6", 10),
            ("power_kw > 1 for ever", 18),
            ("power_kw > 1 for 5", 18),
            ("(power_kw > 1", 11),
            ("power_kw > 1 power_kw", 14),
            ("'a in findings", 1),
            ("power_kw > 1.2.3", 12),
        ] {
            let error = Condition::parse(text).unwrap_err();
            assert_eq!(error.place, place, "{text}: {error}");
        }
        let deep = "(".repeat(500) + "1" + &")".repeat(500) + " > 0";
        assert!(Condition::parse(&deep).is_err());
        assert!(Condition::parse(&"a".repeat(5000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_condition_or_a_fault(text in "[a-c0-9 .<>=!&|()+*'-]{0,40}") {
            match Condition::parse(&text) {
                Ok(condition) => {
                    let _ = condition.begins(&Household);
                    let _ = condition.ends(&Household);
                }
                Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.place)),
            }
        }
    }
}
