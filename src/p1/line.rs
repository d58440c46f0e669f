//! The line model: what a bad line or a careless host makes of a burst of bytes.
//!
//! ```text
//! meter --bytes--> UART --levels--> cable --levels--> UART --bytes--> tty --bytes--> text layer --> us
//!                  uart             inverted, weak    uart            tty            layer
//! ```
//!
//! Everything is a function of the bytes and of a seed: the same burst, fault and [`Rng`] give the same
//! bytes everywhere.
//!
//! Not modelled: sampling clocks that drift, glitches shorter than a bit, the analogue side of the line.

pub mod layer;
mod rng;
mod tty;
mod uart;

pub use rng::{Rate, Rng};
pub use tty::{Tty, TtyMode};
pub use uart::{DataBits, ErrorBytes, Framing, Parity, Received, Wire};
