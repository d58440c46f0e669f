//! What the refused encrypted frames say together.

use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::context::Context;
use crate::p1::diagnosis::damage::{Damage, consensus, weigh};
use crate::p1::diagnosis::encrypted::{EncryptedFrames, Note};
use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::keys::miscopied::is_hex_of_hex;
use crate::p1::diagnosis::plain::other_crc;
use crate::p1::diagnosis::sums;

impl EncryptedFrames {
    /// The findings, likeliest first.
    pub fn findings(&self, context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.lengths(&mut findings);
        self.about_keys(context, &mut findings);
        self.about_damage(context, &mut findings);
        self.about_crc(&mut findings);
        self.about_rest(&mut findings);
        findings
    }

    fn lengths(&self, findings: &mut Vec<Finding>) {
        let lost: Vec<_> = self
            .shifted
            .iter()
            .filter(|shift| shift.lost >= 0)
            .collect();
        if let Some(first) = lost.first() {
            let evidence = evidence(&first.note)
                .with(Measure::Place, first.place)
                .with(Measure::Lost, first.lost.unsigned_abs())
                .with(Measure::Seen, first.places as u64);
            findings.push(finding(
                Verdict::LostBytes,
                &first.note,
                lost.len(),
                evidence,
            ));
        }
        let more: Vec<_> = self.shifted.iter().filter(|shift| shift.lost < 0).collect();
        if let Some(first) = more.first() {
            let evidence = evidence(&first.note)
                .with(Measure::Place, first.place)
                .with(Measure::Inserted, first.lost.unsigned_abs());
            findings.push(finding(
                Verdict::InsertedBytes,
                &first.note,
                more.len(),
                evidence,
            ));
        }
        let cut = if self.cut.is_empty() {
            &self.short
        } else {
            &self.cut
        };
        if let Some(first) = cut.first() {
            let same = cut
                .iter()
                .filter(|length| length.have == first.have)
                .count();
            let most = same * 3 >= cut.len() * 2;
            let limit = most && (LIMITS.contains(&first.have) || same >= 3);
            let evidence = evidence(&first.note)
                .with(Measure::Have, first.have)
                .with(Measure::Need, first.need);
            let known = !self.cut.is_empty();
            let found = match limit {
                true => finding(Verdict::BufferLimit, &first.note, cut.len(), evidence)
                    .or(&[Verdict::CutShort]),
                false if known => finding(Verdict::CutShort, &first.note, cut.len(), evidence),
                false => finding(Verdict::LostBytes, &first.note, cut.len(), evidence)
                    .or(&[Verdict::CutShort]),
            };
            findings.push(found);
        }
    }

    fn about_keys(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        if let Some((miscopied, note)) = self.keys.first() {
            let mut evidence = evidence(note).with(Measure::Frames, self.keys.len() as u64);
            evidence.other = miscopied.other;
            let digits = miscopied.digits.into_iter().flatten();
            for (measure, digit) in [Measure::Digit, Measure::SecondDigit]
                .into_iter()
                .zip(digits)
            {
                evidence = evidence.with(measure, u64::from(digit));
            }
            findings.push(finding(miscopied.verdict, note, self.keys.len(), evidence));
        }
        if let Some(first) = self.no_key.first() {
            let evidence = evidence(first).with(Measure::Counter, u64::from(first.counter));
            findings.push(finding(Verdict::NoKey, first, self.no_key.len(), evidence));
        }
        let mut titles: Vec<Option<SystemTitle>> = Vec::new();
        for note in &self.random {
            if !titles.contains(&note.title) {
                titles.push(note.title);
            }
        }
        for title in titles {
            self.about_noise(title, context, findings);
        }
    }

    /// Frames of one meter that are noise under its key.
    fn about_noise(
        &self,
        title: Option<SystemTitle>,
        context: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let random: Vec<&Note> = self
            .random
            .iter()
            .filter(|note| note.title == title)
            .collect();
        let Some(&first) = random.first() else {
            return;
        };
        let growing = random
            .windows(2)
            .filter(|pair| matches!(pair, [a, b] if b.counter.wrapping_sub(a.counter) == 1))
            .count();
        let has_miscopied = |(_, note): &(_, Note)| note.title == title;
        let opened = title.is_some_and(|title| {
            context.stream.knows(title) || self.opened.contains(&title)
        }) || self.keys.iter().any(has_miscopied)
            // A title that nobody else has may be that of a neighbour, damaged.
            || random.len() == 1 && (context.good > 0 || self.readable > 0 || !self.keys.is_empty());
        let evidence = evidence(first)
            .with(Measure::Frames, random.len() as u64)
            .with(Measure::Counter, u64::from(first.counter))
            .with(Measure::Seen, growing as u64);
        let count = random.len();
        let hex_of_hex = first
            .title
            .and_then(|title| context.keys.of(title))
            .is_some_and(|keys| is_hex_of_hex(keys.key().bytes()));
        findings.push(match opened {
            false if hex_of_hex => finding(Verdict::KeyHexOfHex, first, count, evidence),
            false if growing > 0 => finding(Verdict::WrongKey, first, count, evidence),
            false => {
                finding(Verdict::WrongKey, first, count, evidence).or(&[Verdict::DamagedHeader])
            }
            true if growing >= 2 && growing + 1 >= count => {
                finding(Verdict::KeyChanged, first, count, evidence)
            }
            true => finding(Verdict::DamagedHeader, first, count, evidence),
        });
    }

    fn about_damage(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        if let Some((public_fits, note)) = self.tag_only.first() {
            let count = self.tag_only.len();
            let evidence = evidence(note).with(Measure::PublicFits, u64::from(*public_fits));
            let opened = note.title.is_some_and(|title| context.stream.knows(title));
            let found = match (opened, count) {
                (true, _) => finding(Verdict::DamagedTag, note, count, evidence),
                (false, 1) if !public_fits => {
                    finding(Verdict::WrongAuthKey, note, count, evidence).or(&[Verdict::DamagedTag])
                }
                _ => finding(Verdict::WrongAuthKey, note, count, evidence),
            };
            findings.push(found);
        }
        if let Some(first) = self.damaged.first() {
            let mut damage = Damage::default();
            let texts: Vec<&[u8]> = self.damaged.iter().map(|d| d.text.as_slice()).collect();
            let known = first
                .note
                .title
                .and_then(|title| context.stream.text(title));
            let agreed = known.map(<[u8]>::to_vec).or_else(|| consensus(&texts));
            let mut offsets = Vec::new();
            for frame in &self.damaged {
                let places = weigh(&mut damage, &frame.text, &frame.wire, agreed.as_deref());
                offsets.extend(places.iter().map(|&at| frame.start + at as u64));
            }
            let found = damage.finding(first.note.span, self.damaged.len(), offsets);
            findings.push(Finding {
                evidence: found.evidence.clone().of(first.note.title),
                ..found
            });
        }
        if let Some((right, note)) = self.headers.first() {
            let evidence = evidence(note)
                .with(Measure::Counter, u64::from(note.counter))
                .with(Measure::RightCounter, u64::from(right.counter.0));
            let count = self.headers.len();
            findings.push(finding(Verdict::DamagedHeader, note, count, evidence));
        }
    }

    /// Frames that are genuine: their meter itself sends such a CRC.
    fn about_crc(&self, findings: &mut Vec<Finding>) {
        let Some((first, _)) = self.crc.first() else {
            return;
        };
        let texts: Vec<&[u8]> = self.crc.iter().map(|(_, text)| text.as_slice()).collect();
        let found = match sums::common(&texts) {
            Some((sum, _)) => other_crc(sum, first.span, self.crc.len()),
            None => finding(
                Verdict::WrongCrc,
                first,
                self.crc.len(),
                Evidence::default().with(Measure::Proven, 1),
            ),
        };
        findings.push(Finding {
            evidence: found.evidence.clone().of(first.title),
            ..found
        });
    }

    fn about_rest(&self, findings: &mut Vec<Finding>) {
        for (verdict, note) in &self.other {
            match findings.iter_mut().find(|known| known.verdict == *verdict) {
                Some(known) => known.count += 1,
                None => findings.push(finding(*verdict, note, 1, evidence(note))),
            }
        }
    }
}

fn evidence(note: &Note) -> Evidence {
    Evidence::default().of(note.title)
}

fn finding(verdict: Verdict, note: &Note, count: usize, evidence: Evidence) -> Finding {
    Finding::new(verdict, note.span, count, evidence)
}

/// Lengths at which buffers of dongles and programs end, in bytes.
const LIMITS: [u64; 9] = [256, 512, 1000, 1024, 1460, 1500, 1800, 2000, 2048];
