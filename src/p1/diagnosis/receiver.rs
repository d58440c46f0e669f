//! What the bytes themselves say, before any frame is looked at.

mod makes;
pub(super) mod sample;
mod setting;

use memchr::memmem;

use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::receiver::setting::COOKED;
use crate::p1::diagnosis::text;
use crate::p1::line::recover;
use crate::p1::readout::Readout;
use crate::p1::span::Span;

/// The troubled bytes of a stream as a whole.
pub struct Bytes<'a> {
    /// Contiguous stretches.
    pub stretches: Vec<&'a [u8]>,
    /// All of them in one.
    pub all: Vec<u8>,
    /// Place of the first to the last.
    pub span: Span,
    /// Frames with a legal header among them.
    pub frames: usize,
    /// Plain telegrams, refused, among them.
    pub plain: usize,
    /// Good telegrams beside them.
    pub good: u64,
}

impl Bytes<'_> {
    /// The verdict that the bytes allow, if any.
    pub fn verdict(&self) -> Option<Finding> {
        self.zeros()
            .or_else(|| self.text_layer())
            .or_else(|| self.telnet())
            .or_else(|| self.stripped())
            .or_else(|| self.seven_even())
            .or_else(|| self.cooked())
            .or_else(|| self.setting())
    }

    fn finding(&self, verdict: Verdict, evidence: Evidence) -> Finding {
        let evidence = evidence.with(Measure::Bytes, self.all.len() as u64);
        Finding::new(
            verdict,
            self.span,
            self.stretches.len().max(self.frames),
            evidence,
        )
    }

    fn seen(&self, verdict: Verdict, seen: usize) -> Finding {
        self.finding(
            verdict,
            Evidence::default().with(Measure::Seen, seen as u64),
        )
    }

    fn count(&self, is: impl Fn(u8) -> bool) -> usize {
        self.all.iter().filter(|&&byte| is(byte)).count()
    }

    /// Frames of another interface or protocol.
    pub fn wrapper(&self) -> Option<Finding> {
        let asked = memmem::find_iter(&self.all, b"/?").any(|at| {
            let line = self.all.get(at + 2..).unwrap_or_default();
            let line = line.get(..REQUEST_MAX).unwrap_or(line);
            memmem::find(line, b"!\r\n").is_some()
        });
        if asked {
            return Some(self.seen(Verdict::RequestPort, 1));
        }
        if self.good > 0 {
            return None;
        }
        let sml = memmem::find_iter(&self.all, SML_START).count();
        if sml > 0 {
            return Some(self.seen(Verdict::Sml, sml));
        }
        self.searching()
            .or_else(|| self.request())
            .or_else(|| self.radio())
    }

    /// Short frames of an M-Bus master, and little else.
    fn searching(&self) -> Option<Finding> {
        let short = |window: &&[u8]| {
            matches!(**window, [0x10, control, address, sum, 0x16]
                if control & 0x0F < 0x0C && control.wrapping_add(address) == sum)
        };
        let seen = self.all.windows(5).filter(short).count();
        (seen > 0 && seen * 5 * 10 >= self.all.len() * 8)
            .then(|| self.seen(Verdict::MbusSearching, seen))
    }

    /// Answers to requests, between STX and ETX (IEC 62056-21 section 6).
    fn request(&self) -> Option<Finding> {
        let answers = memmem::find_iter(&self.all, b"\r\n\x02");
        let ends = memmem::find_iter(&self.all, b"!\r\n\x03");
        let seen = answers.count().min(ends.count());
        (seen > 0).then(|| self.seen(Verdict::RequestPort, seen))
    }

    /// Frames whose first byte counts what follows, `44` behind it, and a device type that exists.
    fn radio(&self) -> Option<Finding> {
        let is_frame = |bytes: &[u8]| {
            matches!(*bytes, [length, 0x44, _, maker, _, _, _, _, _, kind, ..]
                if usize::from(length) < bytes.len() && length >= 10 && maker & 0x80 == 0 && kind < 0x40)
        };
        let seen = self
            .stretches
            .iter()
            .filter(|bytes| is_frame(bytes))
            .count();
        (seen > 0).then(|| self.seen(Verdict::WirelessMbus, seen))
    }

    fn zeros(&self) -> Option<Finding> {
        let zeros = self.count(|byte| byte == 0);
        let enough = self.good == 0 && self.frames == 0 && zeros >= 3;
        (enough && zeros * 100 >= self.all.len() * 90).then(|| {
            let evidence = Evidence::default()
                .with(Measure::Seen, zeros as u64)
                .with(Measure::Sent, 9600)
                .with(Measure::Read, 115_200);
            self.finding(Verdict::OnlyZeros, evidence)
        })
    }

    /// UTF-8 where bytes should be.
    fn text_layer(&self) -> Option<Finding> {
        let replaced = memmem::find_iter(&self.all, b"\xEF\xBF\xBD").count();
        let high = self.count(|byte| byte >= 0x80);
        let pairs = self
            .all
            .windows(2)
            .filter(|pair| matches!(pair, [0xC2 | 0xC3, 0x80..=0xBF]));
        let pairs = pairs.count();
        let layered = replaced >= 3 && replaced * 4 >= high;
        let doubled = pairs >= 8 && pairs * 2 * 100 >= high * 95;
        (layered || doubled).then(|| self.seen(Verdict::Utf8, replaced.max(pairs)))
    }

    /// FF doubled, or offers of a telnet server.
    fn telnet(&self) -> Option<Finding> {
        let greeting =
            |bytes: &[u8]| matches!(bytes, [0xFF, 0xFB..=0xFE, 0..=0x2E, 0xFF, 0xFB..=0xFE, ..]);
        let greets = self
            .stretches
            .iter()
            .any(|bytes| bytes.windows(5).take(64).any(greeting));
        let runs = self
            .all
            .chunk_by(|a, b| a == b)
            .filter(|run| run.first() == Some(&0xFF));
        let (mut even, mut odd) = (0, 0);
        for run in runs {
            match run.len().is_multiple_of(2) {
                true => even += run.len() / 2,
                false => odd += 1,
            }
        }
        // Where other frames are good, one pair is chance.
        let doubled = self.frames > 0 && odd == 0 && even >= if self.good == 0 { 1 } else { 2 };
        let mostly = self.frames > 0 && even >= 10 && odd * 20 < even;
        // A title with FF in it leaves no frame at all.
        let headless = even >= 4 && odd == 0 && even * 40 < self.all.len();
        (greets || doubled || mostly || headless).then(|| {
            let evidence = Evidence::default()
                .with(Measure::Seen, even as u64)
                .with(Measure::Inserted, even as u64);
            self.finding(Verdict::Telnet, evidence)
        })
    }

    /// No byte of 80 or more where ciphertext should be.
    fn stripped(&self) -> Option<Finding> {
        let high = self.count(|byte| byte >= 0x80);
        let control = self.count(|byte| byte < 0x20 && byte != b'\r' && byte != b'\n');
        let starts = self.all.windows(5).filter(|window| {
            matches!(window, [0x5B, 0x08, a, b, c] if [a, b, c].iter().all(|x| x.is_ascii_uppercase()))
        });
        let starts = starts.count();
        let enough = self.all.len() >= 40 && control * 100 >= self.all.len() * 12;
        let low = high * 100 <= self.all.len();
        // An inverted line can look alike: there no frame begins.
        let alone =
            || starts > 0 || setting::likeliest(&self.all).0.verdict == Some(Verdict::Bit7Stripped);
        let stripped = low && (enough || starts > 0 && control > 4) && alone();
        (self.good == 0 && stripped).then(|| {
            let expected = self.all.len() as u64 / 2;
            let evidence = Evidence::default()
                .with(Measure::Seen, high as u64)
                .with(Measure::Expected, expected);
            self.finding(Verdict::Bit7Stripped, evidence)
        })
    }

    /// Bytes whose bit 7 is even parity.
    fn seven_even(&self) -> Option<Finding> {
        let fits = self.count(recover::even_parity_fits);
        let high = self.count(|byte| byte >= 0x80);
        let stripped: Vec<u8> = self.all.iter().map(|byte| byte & 0x7F).collect();
        let length = self.all.len();
        let lines = memmem::find(&stripped, b")\r\n").is_some();
        let text = length >= 16 && lines && text::readable_permille(&stripped) >= 950;
        // No chance makes so many bytes even, and no other fault: the frames are encrypted.
        let sealed = || {
            let mut kinds = [false; 256];
            for &byte in &self.all {
                if let Some(kind) = kinds.get_mut(usize::from(byte)) {
                    *kind = true;
                }
            }
            let kinds = kinds.iter().filter(|kind| **kind).count();
            length >= 60 && kinds >= 30 && fits * 100 >= length * 98
        };
        let text = text && high * 10 >= length && fits * 100 >= length * 95;
        (text || sealed()).then(|| {
            let readable = text::readable_permille(&stripped);
            let evidence = Evidence::default()
                .with(Measure::Seen, fits as u64)
                .with(Measure::Readable, readable)
                .with(Measure::Sent, 9600)
                .with(Measure::Read, 9600);
            self.finding(Verdict::SevenEven, evidence)
        })
    }

    /// None of the bytes that cooked mode acts on.
    fn cooked(&self) -> Option<Finding> {
        let length = self.all.len();
        let eaten = self.count(|byte| COOKED.contains(&byte));
        let high = self.count(|byte| byte >= 0x80);
        let control = self.count(|byte| byte < 0x20 && byte != b'\n');
        let expected = length * COOKED.len() / 256;
        let random =
            (35..=70).contains(&(high * 100 / length.max(1))) && control * 100 >= length * 3;
        let (setting, _) = match random && expected >= 3 && eaten * 8 <= expected {
            true => setting::likeliest(&self.all),
            false => return None,
        };
        matches!(setting.verdict, None | Some(Verdict::Cooked)).then(|| {
            let evidence = Evidence::default()
                .with(Measure::Seen, eaten as u64)
                .with(Measure::Expected, expected as u64);
            self.finding(Verdict::Cooked, evidence)
        })
    }

    /// Bytes without frames: the settings of the line, by the kind of bytes that they make.
    fn setting(&self) -> Option<Finding> {
        let mostly_junk = self.good == 0 && self.frames == 0 && self.plain == 0;
        if !mostly_junk || self.all.len() < SETTING_MIN {
            return None;
        }
        if let Some(found) = self.inverted_plain() {
            return Some(found);
        }
        // No setting of a line makes text that is no telegram.
        let printable = self.count(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t'));
        if printable * 100 >= self.all.len() * 97 {
            return Some(self.unknown());
        }
        let (best, doubt) = setting::likeliest(&self.all);
        let Some(verdict) = best.verdict else {
            return Some(self.unknown());
        };
        let evidence = Evidence::default()
            .with(Measure::Sent, u64::from(best.sent))
            .with(Measure::Read, u64::from(best.read));
        let unknown = self.unknown();
        let is_noise = verdict == Verdict::WrongSpeed && best.read < NOISE_BELOW;
        if is_noise && unknown.verdict == Verdict::Ixon {
            return Some(unknown);
        }
        let other = doubt.map(|other| other.verdict.unwrap_or(Verdict::UnknownBytes));
        let alternatives: Vec<Verdict> = other.into_iter().collect();
        Some(self.finding(verdict, evidence).or(&alternatives))
    }

    /// Noise without a whole head of a frame; a tty that eats 11 and 13, also those of a title, can be the cause.
    ///
    /// It leaves the first bytes of a frame as they are: where none begins, it is not the cause.
    fn unknown(&self) -> Finding {
        let flow = self.count(|byte| matches!(byte, 0x11 | 0x13));
        let expected = self.all.len() / 128;
        let high = self.count(|byte| byte >= 0x80) * 100 / self.all.len().max(1);
        let begins = |window: &[u8]| matches!(window, [0xDB, 0x08, a, b, c] if [a, b, c].iter().all(|x| x.is_ascii_uppercase()));
        let random = flow == 0 && expected >= 7 && (40..=60).contains(&high);
        let verdict = match random && self.all.windows(5).any(begins) {
            true => Verdict::Ixon,
            false => Verdict::UnknownBytes,
        };
        let evidence = Evidence::default()
            .with(Measure::Seen, flow as u64)
            .with(Measure::Expected, expected as u64);
        self.finding(verdict, evidence)
    }

    /// Text on an inverted line: odd bytes that turn into lines.
    fn inverted_plain(&self) -> Option<Finding> {
        let odd = self.count(|byte| byte % 2 == 1);
        let text = recover::uninvert(&self.all);
        let lines = memmem::find_iter(&text, b")\r\n").count();
        let reads = text::readable_permille(&text) >= 800 && odd * 100 >= self.all.len() * 85;
        (reads && lines >= 1).then(|| {
            let evidence = Evidence::default()
                .with(Measure::Seen, odd as u64)
                .with(Measure::Proven, u64::from(self.turns_whole()));
            self.finding(Verdict::InvertedPlain, evidence)
        })
    }

    /// Whether one of the first bursts of an inverted line comes back whole, as its CRC shows.
    fn turns_whole(&self) -> bool {
        let fits = |text: &[u8]| {
            Readout::find(text).is_some_and(|found| found.check(text).valid() == Some(true))
        };
        let bursts = self.all.split(|&byte| byte == 0);
        bursts
            .filter(|burst| burst.len() >= BURST_MIN)
            .take(BURSTS)
            .any(|burst| recover::uninvert_burst(burst, fits).is_some())
    }
}

/// What each transmission of SML begins with.
const SML_START: &[u8] = b"\x1B\x1B\x1B\x1B\x01\x01\x01\x01";
/// Longest request, in bytes: a device address has up to 32.
const REQUEST_MAX: usize = 40;
/// Fewest bytes of a burst that can hold a telegram.
const BURST_MIN: usize = 40;
/// Bursts that are tried: what comes of the first shows what comes of all.
const BURSTS: usize = 4;

/// Speeds at which encrypted frames leave nothing but noise, in baud.
const NOISE_BELOW: u32 = 20_000;
/// Bytes that are needed to judge the settings of the line.
const SETTING_MIN: usize = 8;

#[cfg(test)]
mod tests;
