//! The targets by name, for the coverage-guided runs.

mod targets;

/// Runs a target on an input.
///
/// # Panics
/// Where the input breaks a law, and where there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    match targets::ALL.into_iter().find(|(known, _)| *known == name) {
        Some((_, target)) => target(bytes),
        None => panic!("no target is called {name}"),
    }
}
