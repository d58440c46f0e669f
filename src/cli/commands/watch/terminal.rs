//! The terminal while the live screen is on it: taken over, drawn on without flicker, and given back.
//!
//! ```text
//! open: alternate screen, keys one by one, no cursor, no wrapping
//! draw: lines that changed, each in its place, shown all at once where the terminal can
//! drop, panic: all as it was
//! ```
//! A terminal that takes nothing (the window stopped, the line to it stuck) is not waited for: what it has not taken
//! stays for later, and nothing new is drawn until then.
//!
//! Messages on stderr would stand in the middle of the screen: they belong into its findings while it is open.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use unicode_width::UnicodeWidthStr;

use crate::run::failure::{Exit, Failure};
use crate::run::stdio::{self, Standard};

/// The terminal, taken over; gives it back when dropped.
pub struct Terminal {
    out: &'static Standard,
    /// What was drawn and has not gone out yet.
    pending: Vec<u8>,
    keyboard: Option<Keyboard>,
    canvas: Canvas,
    taken: Arc<AtomicBool>,
    drawn: Option<Instant>,
}

/// What comes from the side of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// To end: `q`, or Ctrl-C.
    Quit,
    /// The terminal was closed.
    Gone,
}

/// Where keys come from: standard input if that is a terminal, else the terminal of this process.
///
/// Read by hand: a library that waits for whole key sequences goes round for ever at the end of a terminal that
/// was closed, where each read gives 0 bytes at once.
enum Keyboard {
    Stdin,
    Tty(OwnedFd),
    /// No terminal to read from; the screen is ended by signals only.
    None,
}

/// What stands on the screen, so that only changes need to be written.
#[derive(Debug, Default)]
struct Canvas {
    size: (u16, u16),
    lines: Vec<String>,
    plain: bool,
}

impl Terminal {
    /// Whether standard output is a terminal that can be drawn on.
    pub fn is_there() -> bool {
        io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where it cannot be set so that keys come one by one, or cannot be written to.
    pub fn open() -> Result<Self, Failure> {
        let taken = Arc::new(AtomicBool::new(false));
        restore_on_panic(&taken);
        terminal::enable_raw_mode().map_err(|error| failed(&error))?;
        taken.store(true, Ordering::SeqCst);
        let mut terminal = Self {
            out: stdio::output(),
            pending: Vec::new(),
            keyboard: Some(Keyboard::find()),
            canvas: Canvas {
                plain: AutoStream::choice(&io::stdout()) == ColorChoice::Never,
                ..Canvas::default()
            },
            taken,
            drawn: None,
        };
        // From here on an error drops it, which gives the terminal back.
        queue!(
            terminal.pending,
            EnterAlternateScreen,
            Hide,
            DisableLineWrap
        )
        .and_then(|()| terminal.send(ROOM))
        .map_err(|error| failed(&error))?;
        Ok(terminal)
    }

    /// Columns and lines; 80 and 24 where the terminal does not say.
    pub fn size(&self) -> (u16, u16) {
        match terminal::size() {
            Ok((width, height)) if width > 0 && height > 0 => (width, height),
            _ => SIZE,
        }
    }

    /// Whether it is time to draw: five times a second, and at once where there is something new; never before what
    /// was drawn last is out.
    pub fn is_due(&self, fresh: bool) -> bool {
        let pause = if fresh { PAUSE_FRESH } else { PAUSE };
        self.pending.is_empty() && self.drawn.is_none_or(|drawn| drawn.elapsed() >= pause)
    }

    /// Lets the terminal have what it has not taken yet.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn go_on(&mut self) -> Result<(), Failure> {
        self.send(Duration::ZERO).map_err(|error| failed(&error))
    }

    /// Draws lines, which may hold styles, from the upper left corner on.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn draw(&mut self, lines: Vec<String>) -> Result<(), Failure> {
        self.drawn = Some(Instant::now());
        let size = self.size();
        self.canvas
            .draw(lines, size, &mut self.pending)
            .and_then(|()| self.send(ROOM))
            .map_err(|error| failed(&error))
    }

    /// What has come from the user by now; never waits. Once the terminal is gone, nothing comes any more.
    pub fn poll(&mut self) -> Option<Key> {
        let key = self.keyboard.as_ref()?.poll();
        if key == Some(Key::Gone) {
            self.keyboard = None;
        }
        key
    }

    fn send(&mut self, time: Duration) -> io::Result<()> {
        let written = self.out.write_within(&self.pending, time)?;
        self.pending.drain(..written);
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore(&self.taken);
    }
}

impl Canvas {
    /// Writes what makes the screen show the lines.
    fn draw(&mut self, lines: Vec<String>, size: (u16, u16), out: &mut Vec<u8>) -> io::Result<()> {
        let lines: Vec<String> = match self.plain {
            true => lines
                .iter()
                .map(|line| anstream::adapter::strip_str(line).to_string())
                .collect(),
            false => lines,
        };
        let whole = self.size != size;
        if !whole && self.lines == lines {
            return Ok(());
        }
        queue!(out, BeginSynchronizedUpdate)?;
        if whole {
            queue!(out, Clear(ClearType::All))?;
            self.lines.clear();
        }
        for (row, line) in (0..size.1).zip(&lines) {
            if self.lines.get(usize::from(row)) == Some(line) {
                continue;
            }
            queue!(out, MoveTo(0, row))?;
            out.extend_from_slice(line.as_bytes());
            // Behind a full line the cursor still stands on its last letter.
            if anstream::adapter::strip_str(line).to_string().width() < usize::from(size.0) {
                queue!(out, Clear(ClearType::UntilNewLine))?;
            }
        }
        if lines.len() < self.lines.len()
            && let Ok(row) = u16::try_from(lines.len())
        {
            queue!(out, MoveTo(0, row), Clear(ClearType::FromCursorDown))?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        (self.lines, self.size) = (lines, size);
        Ok(())
    }
}

impl Keyboard {
    fn find() -> Self {
        if io::stdin().is_terminal() {
            return Self::Stdin;
        }
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::open("/dev/tty", flags, Mode::empty()).map_or(Self::None, Self::Tty)
    }

    /// Reads at most once: whoever asks comes again soon.
    fn poll(&self) -> Option<Key> {
        let stdin = io::stdin();
        let fd = match self {
            Self::Stdin => stdin.as_fd(),
            Self::Tty(fd) => fd.as_fd(),
            Self::None => return None,
        };
        read_key(fd)
    }
}

/// Reads what a terminal holds: the end of it, or a key that means something.
fn read_key(fd: BorrowedFd<'_>) -> Option<Key> {
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    match rustix::event::poll(&mut fds, Some(&Timespec::default())) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return None,
        Ok(_) => {}
        Err(_) => return Some(Key::Gone),
    }
    let events = fds.first().map_or(PollFlags::empty(), PollFd::revents);
    if !events.contains(PollFlags::IN) {
        return Some(Key::Gone);
    }
    let mut bytes = [0; 64];
    match rustix::io::read(fd, &mut bytes) {
        Ok(0) => Some(Key::Gone),
        Ok(length) => key(bytes.get(..length)?),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => None,
        // EIO: the other side of the terminal is closed.
        Err(_) => Some(Key::Gone),
    }
}

/// What was typed; letters behind an escape belong to a function key.
fn key(typed: &[u8]) -> Option<Key> {
    let letters = typed.split(|&byte| byte == ESCAPE).next()?;
    let ends = |&byte: &u8| matches!(byte, b'q' | b'Q' | CONTROL_C);
    letters.iter().any(ends).then_some(Key::Quit)
}

/// Gives the terminal back, once.
fn restore(taken: &AtomicBool) {
    if !taken.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut end = Vec::new();
    let written = queue!(
        end,
        EndSynchronizedUpdate,
        EnableLineWrap,
        Show,
        LeaveAlternateScreen
    );
    let out = stdio::output();
    // With the terminal gone there is nothing to give back.
    if written.is_ok() && out.write_within(&end, PATIENCE).ok() != Some(end.len()) {
        // It takes nothing: what it has not shown gives way to that, and what is said from now on is not waited for.
        out.discard();
        stdio::ending().store(true, Ordering::Relaxed);
        drop(out.write_within(&end, Duration::ZERO));
    }
    drop(terminal::disable_raw_mode());
}

/// A panic is said on the terminal as it was before; where panics abort, nothing is dropped.
fn restore_on_panic(taken: &Arc<AtomicBool>) {
    let taken = Arc::clone(taken);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        restore(&taken);
        before(info);
    }));
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Exit::Io, format!("terminal: {error}"))
}

/// Least time between two drawings.
const PAUSE: Duration = Duration::from_millis(200);
/// The same where there is something new.
const PAUSE_FRESH: Duration = Duration::from_millis(40);
/// How long one drawing waits for room.
const ROOM: Duration = Duration::from_millis(20);
/// How long giving back the terminal waits for room.
const PATIENCE: Duration = Duration::from_millis(200);
/// What function keys begin with.
const ESCAPE: u8 = 0x1B;
/// Ctrl-C where the terminal makes no signal of it.
const CONTROL_C: u8 = 0x03;
/// Size of a terminal that says none.
const SIZE: (u16, u16) = (80, 24);

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn draw(canvas: &mut Canvas, lines: &[&str], size: (u16, u16)) -> String {
        let lines = lines.iter().map(|&line| line.to_owned()).collect();
        let mut out = Vec::new();
        canvas.draw(lines, size, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        out.replace("\u{1b}[?2026h", "")
            .replace("\u{1b}[?2026l", "")
            .replace('\u{1b}', "^")
    }

    #[test]
    fn only_lines_that_changed_are_written() {
        let mut canvas = Canvas::default();
        let first = draw(&mut canvas, &["a", "b", "c"], (80, 24));
        assert_eq!(first, "^[2J^[1;1Ha^[K^[2;1Hb^[K^[3;1Hc^[K");
        assert_eq!(draw(&mut canvas, &["a", "b", "c"], (80, 24)), "");
        assert_eq!(
            draw(&mut canvas, &["a", "x"], (80, 24)),
            "^[2;1Hx^[K^[3;1H^[J"
        );
    }

    #[test]
    fn another_size_is_drawn_anew_and_no_line_goes_below_the_last() {
        let mut canvas = Canvas::default();
        draw(&mut canvas, &["a", "b"], (80, 24));
        let again = draw(&mut canvas, &["ab", "b"], (2, 1));
        assert_eq!(again, "^[2J^[1;1Hab");
    }

    #[test]
    fn without_colours_no_style_is_written() {
        let mut canvas = Canvas {
            plain: true,
            ..Canvas::default()
        };
        let drawn = draw(&mut canvas, &["\u{1b}[1mbold\u{1b}[0m"], (80, 24));
        assert_eq!(drawn, "^[2J^[1;1Hbold^[K");
    }

    #[test]
    fn q_and_control_c_end_and_other_keys_do_nothing() {
        assert_eq!(key(b"q"), Some(Key::Quit));
        assert_eq!(key(b"xQ"), Some(Key::Quit));
        assert_eq!(key(b"\x03"), Some(Key::Quit));
        assert_eq!(key(b"c"), None);
        assert_eq!(key(b"\x1a"), None);
        assert_eq!(key(b"\x1b[1;2q"), None, "a function key");
    }

    #[test]
    fn the_end_of_a_terminal_is_told_from_silence() {
        let (near, far) = io::pipe().unwrap();
        assert_eq!(read_key(near.as_fd()), None);
        (&far).write_all(b"q").unwrap();
        assert_eq!(read_key(near.as_fd()), Some(Key::Quit));
        assert_eq!(read_key(near.as_fd()), None);
        drop(far);
        assert_eq!(read_key(near.as_fd()), Some(Key::Gone));
    }
}
