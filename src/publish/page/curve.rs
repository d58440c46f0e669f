//! The powers of a day, a mean for each minute.

use std::collections::VecDeque;

use crate::format::report::Mean;

/// The last day of a meter.
#[derive(Debug, Default)]
pub(super) struct Curve {
    minutes: VecDeque<Minute>,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    /// Minutes since 1970.
    at: i64,
    import: f64,
    export: f64,
    telegrams: u32,
}

impl Curve {
    /// Takes the powers of a telegram; doubles are enough for a picture.
    pub(super) fn take(&mut self, second: i64, number: impl Fn(&str) -> Option<f64>) {
        let Some(import) = number("active_power_import_kw") else {
            return;
        };
        let export = number("active_power_export_kw").unwrap_or(0.0);
        let at = second.div_euclid(60);
        match self.minutes.back_mut() {
            Some(last) if last.at >= at => {
                last.import += import;
                last.export += export;
                last.telegrams += 1;
            }
            _ => self.minutes.push_back(Minute {
                at,
                import,
                export,
                telegrams: 1,
            }),
        }
        while self
            .minutes
            .front()
            .is_some_and(|first| first.at <= at - DAY)
        {
            self.minutes.pop_front();
        }
    }

    /// The means, by time.
    pub(super) fn means(&self) -> Vec<Mean> {
        let mean = |minute: &Minute| Mean {
            second: minute.at * 60,
            import: minute.import / f64::from(minute.telegrams),
            export: minute.export / f64::from(minute.telegrams),
        };
        self.minutes.iter().map(mean).collect()
    }
}

/// Minutes.
const DAY: i64 = 1440;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_one_mean_and_a_day_is_kept() {
        let mut curve = Curve::default();
        for second in (0..200_000).step_by(10) {
            let import = if second % 20 == 0 { 1.0 } else { 2.0 };
            curve.take(second, |name| match name {
                "active_power_import_kw" => Some(import),
                _ => None,
            });
        }
        let means = curve.means();
        assert_eq!(means.len(), 1440);
        assert!(means.iter().rev().skip(1).all(|mean| mean.import == 1.5));
        assert!(means.iter().all(|mean| mean.export == 0.0));
    }
}
