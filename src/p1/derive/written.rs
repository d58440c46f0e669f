//! How what is remembered is written down: decimals, times and dates as text, which loses no digit.

/// Decimals as text: a number of JSON would lose its digits.
pub(super) mod text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::p1::value::Decimal;

    pub(in crate::p1::derive) fn serialize<S: Serializer>(
        value: &Decimal,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(in crate::p1::derive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Decimal, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Decimals as text, or null.
pub(super) mod text_or_null {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::p1::value::Decimal;

    pub(in crate::p1::derive) fn serialize<S: Serializer>(
        value: &Option<Decimal>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(|value| value.to_string()).serialize(to)
    }

    pub(in crate::p1::derive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Decimal>, D::Error> {
        let text: Option<String> = Option::deserialize(from)?;
        text.map(|text| text.parse())
            .transpose()
            .map_err(D::Error::custom)
    }
}

/// Seconds since 1970 as a time that people can read.
pub(super) mod instant {
    use jiff::Timestamp;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::p1::derive) fn serialize<S: Serializer>(
        at: &i64,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match Timestamp::from_second(*at) {
            Ok(at) => to.collect_str(&at),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }

    pub(in crate::p1::derive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        let at: Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(at.as_second())
    }
}

/// Dates as text.
pub(super) mod date {
    use jiff::civil::Date;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::p1::derive) fn serialize<S: Serializer>(
        date: &Date,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(date)
    }

    pub(in crate::p1::derive) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Date, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
