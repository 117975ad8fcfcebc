//! The two places to run. A `Slot` is an identity; whether it is live or idle is a role (`Roles`)
//! and another type on purpose: a slot never says which one serves.

use std::fmt;
use std::ops::Not;

use serde::{Deserialize, Serialize};

use crate::language::translated;

/// One of the two places on a host where a release can run. It has no `Display`: people know it by profile and port (`Place`), and
/// no sentence can say blue or green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// By default the profile `real1` on port 8081.
    Blue,
    /// By default the profile `real2` on port 8082.
    Green,
}

impl Slot {
    /// Both slots, in the order in which a cold host fills them.
    pub const BOTH: [Slot; 2] = [Slot::Blue, Slot::Green];
}

impl Not for Slot {
    type Output = Slot;

    fn not(self) -> Slot {
        match self {
            Slot::Blue => Slot::Green,
            Slot::Green => Slot::Blue,
        }
    }
}

/// One value for each slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BySlot<T> {
    /// The value that belongs to `Slot::Blue`.
    pub blue: T,
    /// The value that belongs to `Slot::Green`.
    pub green: T,
}

impl<T> BySlot<T> {
    /// The value that belongs to `slot`.
    pub fn get(&self, slot: Slot) -> &T {
        match slot {
            Slot::Blue => &self.blue,
            Slot::Green => &self.green,
        }
    }

    /// The value that belongs to `slot`, to change it.
    pub fn get_mut(&mut self, slot: Slot) -> &mut T {
        match slot {
            Slot::Blue => &mut self.blue,
            Slot::Green => &mut self.green,
        }
    }

    /// The first slot whose value satisfies `wanted`.
    pub fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<Slot> {
        Slot::BOTH.into_iter().find(|slot| wanted(self.get(*slot)))
    }
}

/// Which slot serves and which one a deploy may work in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The slot that nginx sends traffic to; nothing on a host where neither serves yet.
    pub live: Option<Slot>,
    /// The slot that may be stopped and filled.
    pub idle: Slot,
}

impl Roles {
    /// The roles where `live` serves.
    #[must_use]
    pub fn with_live(live: Slot) -> Roles {
        Roles { live: Some(live), idle: !live }
    }

    /// A host where neither slot serves: a deploy begins in blue, as with the scripts.
    pub const COLD: Roles = Roles { live: None, idle: Slot::Blue };
}

/// What a slot is called towards the application, and where it listens. It comes from the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The Spring profile that the application runs with, for example `real1`.
    pub profile: String,
    /// The port that the application listens on, for example 8081.
    pub port: u16,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&translated!("`{}` (port {})", self.profile, self.port))
    }
}

impl Place {
    /// As files have it that are compared with what is to be in them, whatever language is spoken.
    #[must_use]
    pub fn in_files(&self) -> String {
        format!("`{}` (port {})", self.profile, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_slot_is_never_the_same_slot() {
        for slot in Slot::BOTH {
            assert_ne!(!slot, slot);
            assert_eq!(!!slot, slot);
        }
    }

    #[test]
    fn each_slot_keeps_its_own_value() {
        let mut ports = BySlot { blue: 8081, green: 8082 };
        *ports.get_mut(Slot::Green) = 9082;
        assert_eq!((*ports.get(Slot::Blue), *ports.get(Slot::Green)), (8081, 9082));
        assert_eq!(ports.find(|port| *port > 9000), Some(Slot::Green));
    }
}
