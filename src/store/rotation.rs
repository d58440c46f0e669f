//! A recording in several files, and their names.
//!
//! ```text
//! -o house.bin                 house.bin
//! -o house.bin, 100MB          house.1.bin, house.2.bin, ...   the highest number is the newest
//! -o house.bin, daily          house-2026-11-23.bin, ...       the day on the clock of the place
//! ```
//!
//! A file has its last name from its first byte on: nothing is ever renamed, and whatever moment the power fails at,
//! the names are right.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::civil::Date;

use crate::sys::file_error::folder;

/// When a recording goes on in a new file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// Never.
    #[default]
    Never,
    /// When the file has so many bytes.
    Size(u64),
    /// At midnight.
    Daily,
}

/// A rotation that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rotation: daily, or a size with its unit, such as 100MB or 1GiB")]
pub struct RotationError(String);

impl FromStr for Rotation {
    type Err = RotationError;

    fn from_str(text: &str) -> Result<Self, RotationError> {
        let wrong = || RotationError(text.to_owned());
        if text.eq_ignore_ascii_case("daily") {
            return Ok(Self::Daily);
        }
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let unit: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        match number.checked_mul(unit) {
            Some(size) if size > 0 => Ok(Self::Size(size)),
            _ => Err(wrong()),
        }
    }
}

/// `house.bin` and 3 make `house.3.bin`.
pub(crate) fn numbered(path: &Path, number: u32) -> PathBuf {
    with_suffix(path, &format!(".{number}"))
}

/// `house.bin` and a day make `house-2026-11-23.bin`.
pub(crate) fn dated(path: &Path, day: Date) -> PathBuf {
    with_suffix(path, &format!("-{day}"))
}

/// The numbers for which `numbered` gives a file that exists, in order.
pub(crate) fn numbers(path: &Path) -> Vec<u32> {
    let (Some(stem), extension) = (path.file_stem(), path.extension()) else {
        return Vec::new();
    };
    let start = format!("{}.", stem.to_string_lossy());
    let end = extension.map_or(String::new(), |ext| format!(".{}", ext.to_string_lossy()));
    let mut numbers: Vec<u32> = fs::read_dir(folder(path))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            let packed = name.strip_suffix(".zst").or(name.strip_suffix(".gz"));
            let of = |name: &str| Some(name.strip_prefix(&start)?.strip_suffix(&end)?.to_owned());
            let middle = of(name).or_else(|| of(packed?))?;
            let number = middle.parse().ok()?;
            // Not `house.01.bin`, which is no name of ours.
            (middle == format!("{number}")).then_some(number)
        })
        .collect();
    numbers.sort_unstable();
    // One that is packed may be there as it was as well.
    numbers.dedup();
    numbers
}

/// The days for which `dated` gives a file that exists.
pub(crate) fn days(path: &Path) -> Vec<Date> {
    let (Some(stem), extension) = (path.file_stem(), path.extension()) else {
        return Vec::new();
    };
    let start = format!("{}-", stem.to_string_lossy());
    let end = extension.map_or(String::new(), |ext| format!(".{}", ext.to_string_lossy()));
    let mut days: Vec<Date> = fs::read_dir(folder(path))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let middle = name.to_str()?.strip_prefix(&start)?.strip_suffix(&end)?;
            let day: Date = middle.parse().ok()?;
            (middle == day.to_string()).then_some(day)
        })
        .collect();
    days.sort_unstable();
    days
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    name.push(suffix);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Folder;
    use jiff::civil::date;

    #[test]
    fn sizes_and_daily_are_understood_and_nothing_else() {
        for (text, rotation) in [
            ("daily", Rotation::Daily),
            ("100MB", Rotation::Size(100_000_000)),
            ("100 mb", Rotation::Size(100_000_000)),
            ("64KiB", Rotation::Size(65_536)),
            ("2G", Rotation::Size(2_000_000_000)),
        ] {
            assert_eq!(text.parse(), Ok(rotation), "{text}");
        }
        for text in [
            "",
            "100",
            "0MB",
            "MB",
            "-1MB",
            "1.5GB",
            "weekly",
            "99999999999999GB",
        ] {
            let error = text.parse::<Rotation>().unwrap_err().to_string();
            assert!(error.contains("100MB or 1GiB"), "{text}");
        }
    }

    #[test]
    fn names_carry_the_number_or_the_day_before_the_extension() {
        let day = date(2026, 11, 23);
        for (path, number, dated_name) in [
            (
                "log/house.bin",
                "log/house.3.bin",
                "log/house-2026-11-23.bin",
            ),
            ("house", "house.3", "house-2026-11-23"),
            ("a.b.log", "a.b.3.log", "a.b-2026-11-23.log"),
        ] {
            assert_eq!(numbered(Path::new(path), 3), Path::new(number));
            assert_eq!(dated(Path::new(path), day), Path::new(dated_name));
        }
    }

    #[test]
    fn files_of_a_recording_are_found_by_their_numbers() {
        let folder = Folder::new();
        for name in [
            "a.2.bin", "a.10.bin", "a.bin", "a.02.bin", "a.x.bin", "ab.3.bin", "a.4.log",
        ] {
            fs::write(folder.path(name), b"").unwrap();
        }
        assert_eq!(numbers(&folder.path("a.bin")), [2, 10]);
    }
}
