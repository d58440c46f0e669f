//! What is worked out once for all telegrams of a shape.

use std::sync::Arc;

use super::Shape;

/// What was planned for each of the shapes seen lately.
#[derive(Clone, Debug)]
pub struct ByShape<P> {
    plans: Vec<(Arc<Shape>, P)>,
    latest: usize,
}

impl<P> Default for ByShape<P> {
    fn default() -> Self {
        Self {
            plans: Vec::new(),
            latest: 0,
        }
    }
}

impl<P> ByShape<P> {
    /// The plan for a shape, made where there is none.
    pub fn of(&mut self, shape: &Arc<Shape>, make: impl FnOnce() -> P) -> &mut P {
        let fits = |(known, _): &(Arc<Shape>, P)| Arc::ptr_eq(known, shape);
        if !self.plans.get(self.latest).is_some_and(fits) {
            self.latest = self.plans.iter().position(fits).unwrap_or_else(|| {
                if self.plans.len() >= PLANS_KEPT {
                    self.plans.remove(0);
                }
                self.plans.push((Arc::clone(shape), make()));
                self.plans.len() - 1
            });
        }
        &mut self.plans[self.latest].1
    }
}

/// Plans kept, one for each shape of telegram seen lately.
const PLANS_KEPT: usize = 16;
