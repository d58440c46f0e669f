//! What is computed from telegrams rather than sent.

use super::value::Decimal;

/// A value that was computed; its key ends in the unit, as those of the telegram do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Name with unit: `net_power_kw`.
    pub key: String,
    /// The value, exactly.
    pub value: Decimal,
}
