//! How far the reading of a long file is.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::source::Found;

/// A bar on stderr for long files; hidden for all else.
pub struct Progress {
    bar: ProgressBar,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }
}

impl Progress {
    /// The bar of an input, where it is long and bars are wanted.
    pub fn of(found: &Found, wanted: bool) -> Self {
        match found.size {
            Some(size) if wanted && size >= LONG && std::io::stderr().is_terminal() => {
                let bar = ProgressBar::with_draw_target(
                    Some(size),
                    ProgressDrawTarget::stderr_with_hz(5),
                );
                let style = ProgressStyle::with_template(
                    "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
                );
                Self {
                    bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
                }
            }
            _ => Self::default(),
        }
    }

    /// So many bytes more are read.
    pub fn advance(&self, count: usize) {
        self.bar.inc(count as u64);
    }

    /// Runs something that may print.
    pub fn aside<T>(&self, run: impl FnOnce() -> T) -> T {
        if self.bar.is_hidden() {
            run()
        } else {
            self.bar.suspend(run)
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// From this size on a file is long enough for a bar, in bytes.
const LONG: u64 = 50 << 20;
