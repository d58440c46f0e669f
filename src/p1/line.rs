//! The line model: what a bad line or a careless host makes of a burst of bytes.
//!
//! ```text
//! meter --bytes--> UART --levels--> cable --levels--> UART --bytes--> tty --bytes--> text layer --> us
//!                  uart             inverted, weak    uart            tty            layer
//! ```
//!
//! Everything is a function of the bytes and of a seed: the same burst, fault and [`Rng`] give the same
//! bytes everywhere. [`Fault`] names one cause and applies it; diagnosis compares what came in with what
//! a cause would leave, and [`recover`] undoes the two causes that lose nothing.
//!
//! Not modelled: sampling clocks that drift, glitches shorter than a bit, the analogue side of the line.

#[cfg(test)]
mod evidence;
mod fault;
pub mod layer;
pub mod recover;
mod rng;
mod tty;
mod uart;

pub use fault::{Fault, FaultError};
pub use rng::{Rate, Rng};
pub use tty::{Tty, TtyMode};
pub use uart::{DataBits, ErrorBytes, Framing, Parity, Received, Wire};
