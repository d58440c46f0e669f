//! What stands for a service in a build without it: nothing can be opened, and it is said which feature brings it.

use crate::observe::context::Context;
use crate::observe::observer::{Flow, Observer, Report};
use crate::run::failure::{Exit, Failure};

/// A service, of which there is none in this build.
pub enum Service {}

impl Observer for Service {
    fn observe(&mut self, _context: &Context<'_>, _report: &Report<'_>) -> Flow {
        match *self {}
    }
}

/// Refuses an option that the service would have taken, where there is one.
///
/// # Errors
/// Where there is.
pub fn refuse(option: Option<&str>, feature: &str) -> Result<Option<Service>, Failure> {
    let Some(option) = option else {
        return Ok(None);
    };
    let what = format!("{option}: this build of smarty lacks the feature {feature}");
    let hint = format!("build one: cargo install --path . --features {feature}");
    Err(Failure::new(Exit::Usage, what).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_what_is_not_built_in_is_told_the_feature() {
        let Err(failure) = refuse(Some("--mqtt"), "mqtt") else {
            panic!("it was taken");
        };
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(
            failure.what,
            "--mqtt: this build of smarty lacks the feature mqtt"
        );
        assert_eq!(
            failure.hint.as_deref(),
            Some("build one: cargo install --path . --features mqtt")
        );
        assert!(matches!(refuse(None, "mqtt"), Ok(None)));
    }
}
