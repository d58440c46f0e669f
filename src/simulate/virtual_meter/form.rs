//! How a telegram writes numbers: fixed width, leading zeros, a unit.

/// The form `Fn(x,y)` of a value (DSMR P1 5.0.2 section 6.4) with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Digits altogether.
    pub digits: u32,
    /// Digits behind the point.
    pub decimals: u32,
    /// Digits of the quantity that are not sent: cut off at the end.
    pub cut: u32,
    /// What stands behind `*`; empty for a bare number.
    pub unit: &'static str,
}

impl Form {
    /// A form that sends the quantity as it is.
    pub const fn new(digits: u32, decimals: u32, unit: &'static str) -> Form {
        Form {
            digits,
            decimals,
            cut: 0,
            unit,
        }
    }

    /// The same without the last `cut` digits of the quantity.
    pub const fn cut(self, cut: u32) -> Form {
        Form { cut, ..self }
    }

    /// Writes `(value*unit)`; the highest digits of a value too large for the form are lost, as in a register.
    pub fn write(self, value: i64, out: &mut Vec<u8>) {
        out.push(b'(');
        self.write_number(value, out);
        if !self.unit.is_empty() {
            out.push(b'*');
            out.extend_from_slice(self.unit.as_bytes());
        }
        out.push(b')');
    }

    /// Writes the number alone.
    pub fn write_number(self, value: i64, out: &mut Vec<u8>) {
        let mut rest = value.unsigned_abs() / 10_u64.pow(self.cut);
        if value < 0 && rest > 0 {
            out.push(b'-');
        }
        let start = out.len();
        for digit in 0..self.digits {
            if digit == self.decimals && digit > 0 {
                out.push(b'.');
            }
            out.push(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        if let Some(number) = out.get_mut(start..) {
            number.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, value: i64) -> String {
        let mut out = Vec::new();
        form.write(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_have_a_fixed_width() {
        assert_eq!(written(Form::new(9, 3, "kWh"), 25_653), "(000025.653*kWh)");
        assert_eq!(written(Form::new(5, 0, ""), 99), "(00099)");
        assert_eq!(written(Form::new(4, 1, "V"), 2330), "(233.0*V)");
        assert_eq!(written(Form::new(3, 0, "A").cut(3), 2999), "(002*A)");
        assert_eq!(written(Form::new(5, 2, "kW").cut(1), 1193), "(001.19*kW)");
        assert_eq!(written(Form::new(3, 0, "A"), -63), "(-063*A)");
        assert_eq!(written(Form::new(3, 0, "A").cut(3), -63), "(000*A)");
        assert_eq!(written(Form::new(2, 0, ""), 123), "(23)");
    }
}
