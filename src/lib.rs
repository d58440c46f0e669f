//! Decodes the P1 port of smart meters: the library behind the program `smarty`.
//!
//! ```text
//! meter --UART 115200 8N1--> DB 08 title 82 hh ll 30 counter ciphertext tag     every 10 s
//!                                                     |
//!                                       AES-128-GCM, nonce = title || counter
//!                                                     v
//!                            /Lux5\… CR LF CR LF 1-0:1.8.0(000025.653*kWh) … ! CRC CR LF
//!
//! source --bytes, silence--> [ framer -> cipher -> telegram ] --events--> sink
//!            (the edge)                p1 (pure)
//! ```
//!
//! Four groups of modules, each using only those before it: [`p1`] decodes, [`source`] reads, [`sink`] writes,
//! [`cli`] ties them together.
//!
//! ```
//! use smarty::p1::decoder::{Decoder, Policy};
//! use smarty::p1::event::Event;
//! use smarty::p1::value::Zone;
//!
//! let telegram = b"/ABC5meter\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n!\r\n";
//! let mut decoder = Decoder::new(Default::default(), Policy::default(), Zone::luxembourg());
//! decoder.push(telegram, |event| {
//!     if let Event::Telegram(decoded) = event {
//!         for (value, is) in decoded.telegram.values() {
//!             println!("{} {is:?}", value.key);
//!         }
//!     }
//! });
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod p1;

pub mod source;

pub mod sink;

pub mod cli;
