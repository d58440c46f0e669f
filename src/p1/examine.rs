//! The whole examination of a capture, step by step, in the fixed order.

use std::sync::Arc;

use super::cipher::Keys;
use super::diagnosis::example_frame::ExampleFrame;
use super::diagnosis::{Finding, Measure, Summary, Verdict};
use super::event::Event;
use super::session::{Report, Session, Settings};
use super::value::Zone;

/// What was looked at, what was found, and where it first fails.
#[derive(Clone, Debug)]
pub struct Examination {
    /// One step a stage, in order.
    pub steps: Vec<Step>,
    /// All findings, the first one first.
    pub findings: Vec<Finding>,
    /// The counts.
    pub summary: Summary,
    /// The frame that shows the trouble best.
    pub example: Option<ExampleFrame>,
    /// Telegrams that were read all the same, once what a line had done was undone.
    pub mended: u64,
}

/// One stage of the examination.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was looked at.
    pub stage: Stage,
    /// What came out.
    pub outcome: Outcome,
    /// The numbers behind it.
    pub numbers: Vec<(Measure, u64)>,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is wrong here.
    Fine,
    /// This is wrong here.
    Failed(Verdict),
    /// Nothing is wrong, and something is worth a word.
    Noted(Remark),
    /// There was nothing to look at.
    NotReached,
}

/// Something that is no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The operator has not switched on the values of single phases.
    NoPhases,
    /// No meter on the M-Bus is shown.
    NoMBus,
    /// Neither of both.
    NoPhasesNoMBus,
    /// Telegrams are sent in clear.
    InClear,
    /// Frames are encrypted and have no tag.
    NoTag,
    /// The telegrams have no CRC (DSMR 2.2 and 3.0).
    NoCrc,
}

/// The stages in the order of the examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Are there any.
    Bytes,
    /// Are they read as they were sent.
    Line,
    /// Do they form frames.
    Frame,
    /// Are the frames as long as they say.
    Length,
    /// Title and counter in the header.
    Header,
    /// Does the key fit.
    Key,
    /// Is the text readable.
    Text,
    /// Does the CRC fit.
    Crc,
    /// Does the tag fit.
    Tag,
    /// Are the lines as the standard has them.
    Grammar,
    /// Are the values there.
    Values,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 11] = [
        Self::Bytes,
        Self::Line,
        Self::Frame,
        Self::Length,
        Self::Header,
        Self::Key,
        Self::Text,
        Self::Crc,
        Self::Tag,
        Self::Grammar,
        Self::Values,
    ];

    /// The word for it in every output.
    pub fn code(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Line => "line",
            Self::Frame => "frame",
            Self::Length => "length",
            Self::Header => "title_and_counter",
            Self::Key => "key",
            Self::Text => "text",
            Self::Crc => "crc",
            Self::Tag => "tag",
            Self::Grammar => "grammar",
            Self::Values => "values",
        }
    }
}

impl Verdict {
    /// The stage at which it shows.
    pub fn stage(self) -> Stage {
        use Verdict::*;
        match self {
            Silence => Stage::Bytes,
            InvertedPlain | InvertedEncrypted | WrongSpeed | OnlyZeros | SevenEven
            | WrongParity | Bit7Stripped | Telnet | Utf8 | Icrnl | Ixon | Cooked | LineEnds => {
                Stage::Line
            }
            UnknownBytes | MbusSearching | WirelessMbus | RequestPort | Sml | OpenedInPlace
            | PartsLost | LinkDamaged => Stage::Frame,
            LostBytes | InsertedBytes | BufferLimit | CutShort => Stage::Length,
            DamagedHeader | Unsupported | Downgrade | Replayed | Missed | CounterReset
            | RepeatedNonce | TwoMeters => Stage::Header,
            NoKey | WrongKey | KeyOfOtherMeter | KeyReversed | KeyDigitsReversed
            | KeyNibblesSwapped | KeyAsciiForHex | KeyHexOfHex | KeyIsAuthKey | KeyTypo
            | KeyDigitsSwapped | KeyTwoTypos | KeyChanged => Stage::Key,
            SampledLate | WeakPullUp | Noise | DamagedFrame | NoTelegram => Stage::Text,
            BlottedOut | WrongCrc | OtherCrc | NoEndLine | ShortCrc => Stage::Crc,
            WrongAuthKey | DamagedTag => Stage::Tag,
            ValueFormat => Stage::Grammar,
            PeriodLong | PeriodShort | ClockOff | ScaleUnknown | PulsesDisagree => Stage::Values,
        }
    }
}

/// Examines a capture from its first to its last byte.
pub fn examine(capture: &[u8], keys: &Arc<Keys>, zone: &Zone) -> Examination {
    let mut session = Session::new(&Settings::new(Arc::clone(keys), zone.clone()));
    let mut mended = 0;
    let mut count = |report: Report<'_>| {
        if let Report::Event(Event::Telegram(decoded), _) = report {
            mended += u64::from(decoded.mended.is_some());
        }
    };
    for chunk in capture.chunks(CHUNK) {
        session.push(chunk, None, &mut count);
    }
    session.finish(&mut count);
    let findings = session.findings().to_vec();
    let summary = session.summary();
    let example = findings
        .first()
        .and_then(|finding| ExampleFrame::of(capture, finding));
    let failed_at = findings.iter().map(|finding| finding.verdict.stage()).min();
    let steps = Stage::ALL
        .iter()
        .map(|&stage| step(stage, failed_at, &findings, &summary))
        .collect();
    Examination {
        steps,
        findings,
        summary,
        example,
        mended,
    }
}

fn step(stage: Stage, failed_at: Option<Stage>, findings: &[Finding], summary: &Summary) -> Step {
    let found = findings
        .iter()
        .find(|finding| finding.verdict.stage() == stage);
    let behind = failed_at.is_some_and(|failed| stage > failed) && summary.good == 0;
    let sent = &summary.contents;
    let remark = match stage {
        Stage::Key | Stage::Tag if sent.clear && !sent.encrypted => Some(Remark::InClear),
        Stage::Tag if sent.encrypted && !sent.tags && summary.good > 0 => Some(Remark::NoTag),
        Stage::Crc if sent.no_crc => Some(Remark::NoCrc),
        Stage::Values if summary.good > 0 => match (sent.phases, sent.devices) {
            (true, true) => None,
            (false, true) => Some(Remark::NoPhases),
            (true, false) => Some(Remark::NoMBus),
            (false, false) => Some(Remark::NoPhasesNoMBus),
        },
        _ => None,
    };
    // Where the key stream shows the place, head and key are right.
    let first = findings.first();
    let by_key = first.is_some_and(|first| {
        let evidence = &first.evidence;
        let placed = evidence.get(Measure::Place).is_some();
        evidence.title.is_some() && (placed || evidence.get(Measure::Damaged).is_some())
    });
    let proven = by_key && matches!(stage, Stage::Header | Stage::Key);
    let outcome = match (found, remark) {
        (Some(finding), _) => Outcome::Failed(finding.verdict),
        (None, None) if proven => Outcome::Fine,
        (None, _) if behind || (stage > Stage::Bytes && summary.bytes == 0) => Outcome::NotReached,
        (None, Some(remark)) => Outcome::Noted(remark),
        (None, _) => Outcome::Fine,
    };
    let refused = summary.refused.iter().map(|(_, count)| count).sum::<u64>();
    let numbers: Vec<(Measure, u64)> = match stage {
        Stage::Bytes => vec![(Measure::Bytes, summary.bytes)],
        Stage::Line => vec![(Measure::Junk, summary.junk)],
        Stage::Frame => vec![
            (Measure::Frames, summary.good + refused),
            (Measure::Good, summary.good),
        ],
        _ => Vec::new(),
    };
    Step {
        stage,
        outcome,
        numbers,
    }
}

/// Bytes that are given to the session at once.
const CHUNK: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::readout::crc16;

    fn text() -> Vec<u8> {
        let mut text =
            b"/ABC5x\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n1-0:1.7.0(00.005*kW)\r\n!".to_vec();
        let crc = crc16(&text);
        text.extend(format!("{crc:04X}\r\n").bytes());
        text
    }

    fn outcome(capture: &[u8], stage: Stage) -> Outcome {
        let examination = examine(capture, &Arc::default(), &Zone::luxembourg());
        let step = examination
            .steps
            .into_iter()
            .find(|step| step.stage == stage);
        step.unwrap().outcome
    }

    #[test]
    fn a_healthy_capture_fails_nowhere() {
        assert_eq!(outcome(&text(), Stage::Crc), Outcome::Fine);
        assert_eq!(
            outcome(&text(), Stage::Key),
            Outcome::Noted(Remark::InClear)
        );
        assert_eq!(
            outcome(&text(), Stage::Values),
            Outcome::Noted(Remark::NoPhasesNoMBus)
        );
    }

    #[test]
    fn what_lies_behind_a_failure_is_not_reached() {
        assert_eq!(
            outcome(&[], Stage::Bytes),
            Outcome::Failed(Verdict::Silence)
        );
        assert_eq!(
            outcome(&[0; 40], Stage::Line),
            Outcome::Failed(Verdict::OnlyZeros)
        );
        assert_eq!(outcome(&[0; 40], Stage::Key), Outcome::NotReached);
    }
}
