//! Energy and extremes by periods of the clock on the wall, out of telegrams in any order.
//!
//! ```text
//! telegrams      o  o  o     o  o           o  o        counters known at these only
//! quarters     --|-----|-----|-----|-----|-----|--->    UTC; each keeps first and last of what it heard
//!                            |<---- gap ----->|
//! bounds         value between two telegrams, by time; equal shares where a quarter heard nothing
//! periods      --|-----------------|-----------|--->    local: hours, days, weeks, months, years
//! ```
//!
//! A period's energy is the difference of a counter at its two bounds, so all periods together give the last counter
//! less the first, to the last digit, whatever is missing. A bound is *sure* where a telegram was measured on it or the
//! gap around it is no longer than [`SURE`] seconds; a period is sure where both of its bounds are. The first and the
//! last period end where the telegrams do, and are sure where that is within [`SURE`] seconds of the bound.
//!
//! A counter that falls is another counter (the meter was exchanged): it goes on from its new value, which is told as
//! [`Note::Fell`]. A value that fits neither those before it nor those behind it was never counted: it is left out,
//! [`Note::Outliers`]. Telegrams of another year whose counters contradict their clock come from a clock that was not
//! set: [`Note::WrongClock`].
//!
//! All quarters of all zones begin at multiples of 900 seconds since 1970. Readings of meters on the M-Bus belong to the
//! time at which they were captured, not to that of the telegram.
//!
//! Not supported: counters that roll over at their last digit (they count as exchanged).

mod calendar;
mod ledger;
mod measured;
mod prices;
mod seconds;
mod series;
mod statement;
#[cfg(test)]
mod tests;

pub use self::calendar::{By, Period};
pub use self::ledger::{Accounted, Ledger, second_of};
pub use self::prices::{Hours, NoHours, Price, Prices};
pub use self::seconds::Seconds;
pub use self::statement::{
    EXCESS, EXPORT_TOTAL, Extreme, IMPORT_TOTAL, Level, Note, Row, Statement, Wanted,
};

/// A gap around a bound that is no longer leaves it sure, seconds: meters send every 1, 10 or 60 seconds.
pub const SURE: i64 = 60;
/// A quarter of an hour, seconds.
pub const QUARTER: i64 = 900;
