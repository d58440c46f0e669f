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
use crossterm::cursor::{Hide, Show};
use crossterm::queue;
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};

use crate::format::screen::{Colours, Key, Look};
use crate::run::failure::{Exit, Failure};
use crate::run::stdio::{self, Standard};

/// The terminal, taken over; gives it back when dropped.
pub struct Terminal {
    out: &'static Standard,
    /// What was drawn and has not gone out yet.
    pending: Vec<u8>,
    keyboard: Option<Keyboard>,
    /// What stands on the screen, so that only changes need to be written.
    shown: Buffer,
    taken: Arc<AtomicBool>,
    drawn: Option<Instant>,
}

/// What comes from the side of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Keys, in order.
    Keys(Vec<Key>),
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

impl Terminal {
    /// Whether standard output is a terminal that can be drawn on.
    pub fn is_there() -> bool {
        io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// What can be shown on it, as its environment says.
    pub fn look() -> Look {
        let variable = |name: &str| {
            let value = std::env::var_os(name)?.to_string_lossy().into_owned();
            (!value.is_empty()).then_some(value)
        };
        let plain = AutoStream::choice(&io::stdout()) == ColorChoice::Never;
        Look {
            colours: match variable("TERM") {
                _ if plain => Colours::None,
                _ if variable("COLORTERM").is_some() => Colours::Fixed,
                Some(term) if has_many_colours(&term) => Colours::Fixed,
                _ => Colours::Sixteen,
            },
            ascii: is_ascii(
                ["LC_ALL", "LC_CTYPE", "LANG"]
                    .into_iter()
                    .find_map(variable),
            ),
        }
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
            shown: Buffer::default(),
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

    /// Whether it is time to draw: five times a second, and at once where there is something new; less often where
    /// there is more to do than to draw; never before what was drawn last is out.
    pub fn is_due(&self, fresh: bool, rests: bool) -> bool {
        let pause = match (rests, fresh) {
            (true, _) => PAUSE_BUSY,
            (false, true) => PAUSE_FRESH,
            (false, false) => PAUSE,
        };
        self.pending.is_empty() && self.drawn.is_none_or(|drawn| drawn.elapsed() >= pause)
    }

    /// Lets the terminal have what it has not taken yet.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn go_on(&mut self) -> Result<(), Failure> {
        self.send(Duration::ZERO).map_err(|error| failed(&error))
    }

    /// Draws cells from the upper left corner on.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn draw(&mut self, cells: Buffer) -> Result<(), Failure> {
        self.drawn = Some(Instant::now());
        changes(&mut self.shown, cells, &mut self.pending)
            .and_then(|()| self.send(ROOM))
            .map_err(|error| failed(&error))
    }

    /// What has come from the user by now; never waits. Once the terminal is gone, nothing comes any more.
    pub fn poll(&mut self) -> Option<Typed> {
        let typed = self.keyboard.as_ref()?.poll();
        if typed == Some(Typed::Gone) {
            self.keyboard = None;
        }
        typed
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

/// Writes what makes the screen show the cells, and remembers them.
fn changes(shown: &mut Buffer, cells: Buffer, out: &mut Vec<u8>) -> io::Result<()> {
    let whole = shown.area != cells.area;
    if whole {
        *shown = Buffer::empty(cells.area);
    }
    let changed = shown.diff(&cells);
    if !whole && changed.is_empty() {
        return Ok(());
    }
    queue!(out, BeginSynchronizedUpdate)?;
    if whole {
        queue!(out, Clear(ClearType::All))?;
    }
    CrosstermBackend::new(&mut *out).draw(changed.into_iter())?;
    queue!(out, EndSynchronizedUpdate)?;
    *shown = cells;
    Ok(())
}

/// Whether a terminal of this kind has the 256 colours of xterm.
fn has_many_colours(term: &str) -> bool {
    let known = [
        "xterm",
        "tmux",
        "screen",
        "rxvt",
        "alacritty",
        "foot",
        "kitty",
        "wezterm",
        "ghostty",
    ];
    term.contains("256")
        || term.contains("direct")
        || known.iter().any(|known| term.starts_with(known))
}

/// Whether a locale has ASCII only: that of C, or one that is no UTF-8.
fn is_ascii(locale: Option<String>) -> bool {
    let locale = locale.unwrap_or_default().to_ascii_uppercase();
    !locale.contains("UTF-8") && !locale.contains("UTF8")
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
    fn poll(&self) -> Option<Typed> {
        let stdin = io::stdin();
        let fd = match self {
            Self::Stdin => stdin.as_fd(),
            Self::Tty(fd) => fd.as_fd(),
            Self::None => return None,
        };
        read_key(fd)
    }
}

/// Reads what a terminal holds: the end of it, or keys.
fn read_key(fd: BorrowedFd<'_>) -> Option<Typed> {
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    match rustix::event::poll(&mut fds, Some(&Timespec::default())) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return None,
        Ok(_) => {}
        Err(_) => return Some(Typed::Gone),
    }
    let events = fds.first().map_or(PollFlags::empty(), PollFd::revents);
    if !events.contains(PollFlags::IN) {
        return Some(Typed::Gone);
    }
    let mut bytes = [0; 64];
    match rustix::io::read(fd, &mut bytes) {
        Ok(0) => Some(Typed::Gone),
        Ok(length) => Some(Typed::Keys(keys(bytes.get(..length)?))),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => None,
        // EIO: the other side of the terminal is closed.
        Err(_) => Some(Typed::Gone),
    }
}

/// What was typed; sequences that are no known key are left out (ECMA-48, 5.4; xterm's PC-style function keys).
fn keys(typed: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut left = typed;
    while let Some((&first, rest)) = left.split_first() {
        left = rest;
        match (first, rest) {
            (ESCAPE, [b'[' | b'O', sequence @ ..]) => {
                // Parameters and signs between, then one letter.
                let end = sequence.iter().position(|byte| (0x40..0x7F).contains(byte));
                let end = end.unwrap_or(sequence.len());
                let parameters = sequence.get(..end).unwrap_or_default();
                keys.extend(function_key(parameters, sequence.get(end).copied()));
                left = sequence.get(end + 1..).unwrap_or_default();
            }
            // Alt and a letter.
            (ESCAPE, [_, rest @ ..]) => left = rest,
            (ESCAPE, []) => keys.push(Key::Escape),
            (CONTROL_C, _) => keys.push(Key::Interrupt),
            (b'\t', _) => keys.push(Key::Tab),
            (b' '..=b'~', _) => keys.push(Key::Letter(char::from(first))),
            _ => {}
        }
    }
    keys
}

fn function_key(parameters: &[u8], end: Option<u8>) -> Option<Key> {
    match (end?, parameters) {
        (b'A', _) => Some(Key::Up),
        (b'B', _) => Some(Key::Down),
        (b'C', _) => Some(Key::Right),
        (b'D', _) => Some(Key::Left),
        (b'H', _) | (b'~', b"1" | b"7") => Some(Key::Home),
        (b'F', _) | (b'~', b"4" | b"8") => Some(Key::End),
        (b'Z', _) => Some(Key::BackTab),
        (b'~', b"5") => Some(Key::PageUp),
        (b'~', b"6") => Some(Key::PageDown),
        _ => None,
    }
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
/// The same while a recording is read.
const PAUSE_BUSY: Duration = Duration::from_millis(700);
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

    fn draw(shown: &mut Buffer, lines: &[&str]) -> String {
        let mut out = Vec::new();
        changes(shown, Buffer::with_lines(lines.iter().copied()), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        out.replace("\u{1b}[?2026h", "")
            .replace("\u{1b}[?2026l", "")
            .replace("\u{1b}[39m\u{1b}[49m\u{1b}[59m\u{1b}[0m", "")
            .replace("\u{1b}[39m\u{1b}[49m\u{1b}[0m", "")
            .replace('\u{1b}', "^")
    }

    #[test]
    fn only_cells_that_changed_are_written() {
        let mut shown = Buffer::default();
        assert_eq!(
            draw(&mut shown, &["a ", "b ", "c "]),
            "^[2J^[1;1Ha^[2;1Hb^[3;1Hc"
        );
        assert_eq!(draw(&mut shown, &["a ", "b ", "c "]), "");
        assert_eq!(draw(&mut shown, &["ax", "b ", "  "]), "^[1;2Hx^[3;1H ");
    }

    #[test]
    fn another_size_is_drawn_anew() {
        let mut shown = Buffer::default();
        draw(&mut shown, &["a", "b"]);
        assert_eq!(draw(&mut shown, &["ab"]), "^[2J^[1;1Hab");
    }

    #[test]
    fn keys_are_told_from_function_keys() {
        let letters = |text: &str| text.chars().map(Key::Letter).collect::<Vec<_>>();
        assert_eq!(keys(b"q?"), letters("q?"));
        assert_eq!(keys(b"\x03"), [Key::Interrupt]);
        assert_eq!(keys(b"\x1b"), [Key::Escape]);
        assert_eq!(
            keys(b"\x1b[A\x1bOC\x1b[1;5D+"),
            [Key::Up, Key::Right, Key::Left, Key::Letter('+')]
        );
        assert_eq!(
            keys(b"\t\x1b[Z\x1b[5~\x1b[6~"),
            [Key::Tab, Key::BackTab, Key::PageUp, Key::PageDown]
        );
        assert_eq!(keys(b"\x1b[H\x1b[4~"), [Key::Home, Key::End]);
        assert_eq!(keys(b"\x1b[1;2q"), [], "a function key");
        assert_eq!(keys(b"\x1b[\x1bq\xff\x1a"), [], "cut short, Alt, no key");
    }

    #[test]
    fn the_locale_says_whether_there_is_more_than_ascii() {
        for (locale, ascii) in [
            (None, true),
            (Some("C"), true),
            (Some("POSIX"), true),
            (Some("de_DE.ISO8859-1"), true),
            (Some("C.UTF-8"), false),
            (Some("de_LU.utf8"), false),
        ] {
            assert_eq!(is_ascii(locale.map(str::to_owned)), ascii, "{locale:?}");
        }
    }

    #[test]
    fn the_end_of_a_terminal_is_told_from_silence() {
        let (near, far) = io::pipe().unwrap();
        assert_eq!(read_key(near.as_fd()), None);
        (&far).write_all(b"q").unwrap();
        let typed = Typed::Keys(vec![Key::Letter('q')]);
        assert_eq!(read_key(near.as_fd()), Some(typed));
        assert_eq!(read_key(near.as_fd()), None);
        drop(far);
        assert_eq!(read_key(near.as_fd()), Some(Typed::Gone));
    }
}
