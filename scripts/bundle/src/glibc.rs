//! Versions of the GNU C library, as a program's symbols ask for them.

use std::fmt;
use std::str::FromStr;

/// A version such as 2.17 or 2.2.5.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u32>);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        match numbers {
            Ok(numbers) if numbers.len() > 1 => Ok(Self(numbers)),
            _ => Err("needed a version such as 2.17".to_owned()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        formatter.write_str(&numbers.join("."))
    }
}

/// A symbol that a program takes from the C library, with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// For example `statx`.
    pub symbol: String,
    /// For example `GLIBC_2.28`.
    pub wanted: String,
}

impl Need {
    /// The version as a number; nothing for names such as `GLIBC_PRIVATE`, which no other host need have.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.wanted.strip_prefix("GLIBC_").and_then(|text| text.parse().ok())
    }

    /// Whether a host with this version has it.
    #[must_use]
    pub fn is_met_by(&self, limit: &Version) -> bool {
        self.version().is_some_and(|version| version <= *limit)
    }
}

/// The newest version among them; nothing for a program that needs none.
#[must_use]
pub fn newest(needs: &[Need]) -> Option<Version> {
    needs.iter().filter_map(Need::version).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(wanted: &str) -> Need {
        Need { symbol: "f".to_owned(), wanted: wanted.to_owned() }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let limit: Version = "2.17".parse().unwrap();
        for (wanted, met) in [
            ("GLIBC_2.2.5", true),
            ("GLIBC_2.9", true),
            ("GLIBC_2.17", true),
            ("GLIBC_2.18", false),
            ("GLIBC_2.34", false),
            ("GLIBC_PRIVATE", false),
            ("GLIBC_ABI_DT_RELR", false),
        ] {
            assert_eq!(need(wanted).is_met_by(&limit), met, "{wanted}");
        }
        let newest = newest(&[need("GLIBC_2.9"), need("GLIBC_2.17"), need("GLIBC_2.2.5")]);
        assert_eq!(newest.unwrap().to_string(), "2.17");
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["2", "", "2.", "two.three", "-2.17"] {
            assert!(Version::from_str(text).is_err(), "{text}");
        }
    }
}
