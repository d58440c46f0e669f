//! Who speaks for what at the broker: a meter on an M-Bus, or the meter itself, has one document.

use std::collections::HashMap;

use crate::observe::standing::Standing;

/// The identifiers of discovery, and the device that each is of.
#[derive(Debug, Default)]
pub struct Claims(HashMap<String, (u64, Standing)>);

impl Claims {
    /// Takes an identifier for a device, unless another one has it that is as sure of itself; says whether it has it.
    pub fn claim(&mut self, identifier: &str, device: u64, standing: Standing) -> bool {
        if let Some((owner, sure)) = self.0.get_mut(identifier) {
            if *owner != device && *sure >= standing {
                return false;
            }
            (*owner, *sure) = (device, standing);
            return true;
        }
        self.0.insert(identifier.to_owned(), (device, standing));
        true
    }

    /// Tells whether an identifier is of a device.
    pub fn owns(&self, identifier: &str, device: u64) -> bool {
        let owner = self.0.get(identifier);
        owner.is_some_and(|(owner, _)| *owner == device)
    }

    /// Forgets a device.
    pub fn release(&mut self, device: u64) {
        self.0.retain(|_, (owner, _)| *owner != device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_speaks_for_the_meter_of_one_who_is_surer() {
        let mut claims = Claims::default();
        assert!(claims.claim("gas", 1, Standing::Anyone) && claims.owns("gas", 1));
        assert!(
            !claims.claim("gas", 2, Standing::Anyone),
            "the first has it"
        );
        assert!(claims.claim("gas", 3, Standing::Proven), "it knows a key");
        assert!(!claims.owns("gas", 1) && !claims.claim("gas", 1, Standing::Labelled));
        claims.release(3);
        assert!(claims.claim("gas", 2, Standing::Anyone));
    }
}
