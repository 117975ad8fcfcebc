//! For which machine a bundle is: Rust's name of it, as in `--target x86_64-unknown-linux-gnu`.

use std::fmt;
use std::str::FromStr;

/// A kind of processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Intel and AMD.
    X8664,
    /// Graviton.
    Aarch64,
}

/// A C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// The GNU one, found on the host.
    Gnu,
    /// musl, built in.
    Musl,
}

/// A machine that bundles can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its processor.
    pub machine: Machine,
    /// Its C library.
    pub library: Library,
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::X8664 => "x86_64",
            Self::Aarch64 => "aarch64",
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let library = match self.library {
            Library::Gnu => "gnu",
            Library::Musl => "musl",
        };
        write!(formatter, "{}-unknown-linux-{library}", self.machine)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Machine::X8664, Machine::Aarch64]
            .into_iter()
            .flat_map(|machine| [Library::Gnu, Library::Musl].map(|library| Target { machine, library }));
        let known: Vec<Target> = all.collect();
        known.iter().find(|target| target.to_string() == text).copied().ok_or_else(|| {
            let names: Vec<String> = known.iter().map(|target| format!("`{target}`")).collect();
            format!("needed one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for name in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"] {
            assert_eq!(Target::from_str(name).unwrap().to_string(), name);
        }
        for name in ["x86_64-apple-darwin", "x86_64", ""] {
            assert!(Target::from_str(name).unwrap_err().starts_with("needed one of `x86_64-unknown-linux-gnu`"));
        }
    }
}
