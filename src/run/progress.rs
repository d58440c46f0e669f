//! How far the reading of a long file is.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::stdio;
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
                let bar = ProgressBar::with_draw_target(Some(size), target());
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

/// Where bars are drawn: on stderr, as long as that takes it.
pub fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Drawing::default()), 5)
}

/// What is drawn and not written yet.
#[derive(Debug, Default)]
struct Drawing(Mutex<String>);

impl Drawing {
    fn add(&self, text: &str) -> io::Result<()> {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.push_str(text);
        Ok(())
    }

    fn go(&self, cells: usize, to: char) -> io::Result<()> {
        match cells {
            0 => Ok(()),
            _ => self.add(&format!("\x1b[{cells}{to}")),
        }
    }
}

impl TermLike for Drawing {
    fn width(&self) -> u16 {
        crossterm::terminal::size().map_or(80, |(width, _)| width)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.go(lines, 'A')
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.go(lines, 'B')
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.go(columns, 'C')
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.go(columns, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.add(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.add(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    /// A bar is worth no waiting: what there is no room for is not drawn.
    fn flush(&self) -> io::Result<()> {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = std::mem::take(&mut *drawn);
        stdio::error()
            .write_within(drawn.as_bytes(), Duration::ZERO)
            .map(drop)
    }
}

/// From this size on a file is long enough for a bar, in bytes.
const LONG: u64 = 50 << 20;
