//! Users and groups by name, from the host's own files.

use std::fs;
use std::path::Path;

use crate::error::{Error, PathContext};

#[derive(Debug, Clone, Copy)]
pub(super) enum Database {
    Users,
    Groups,
}

impl Database {
    /// The number of `name`; a name made of digits is its own number.
    pub(super) fn id(self, name: &str) -> Result<u32, Error> {
        let (kind, database) = match self {
            Self::Users => ("owner", "/etc/passwd"),
            Self::Groups => ("group", "/etc/group"),
        };
        if let Ok(id) = name.parse() {
            return Ok(id);
        }
        let text = fs::read_to_string(database).path_context("read", Path::new(database))?;
        text.lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields.first() == Some(&name))
            .and_then(|fields| fields.get(2)?.parse().ok())
            .ok_or_else(|| Error::Account { kind, name: name.to_owned(), database })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_zero_and_an_unknown_name_is_an_error() {
        assert_eq!(Database::Users.id("root").unwrap(), 0);
        assert_eq!(Database::Groups.id("4711").unwrap(), 4711);
        let error = Database::Users.id("no-such-account").unwrap_err().to_string();
        assert!(error.contains("`no-such-account`") && error.contains("/etc/passwd"), "{error}");
    }
}
