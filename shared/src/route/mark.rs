//! The mark by which a file of these hooks tells whose it is: the application behind this include. Files of versions that wrote
//! none have no mark.

use std::path::{Path, PathBuf};

/// What stands before the include's path, and what after it.
const BEFORE: &str = "of the application behind `";
const AFTER: char = '`';

/// The mark, as a sentence without its end.
#[must_use]
pub fn of(include: &Path) -> String {
    format!("{BEFORE}{}{AFTER}", include.to_string_lossy())
}

/// The include of whoever wrote the file, where it is marked.
#[must_use]
pub fn owner(bytes: &[u8]) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find_map(|line| line.split_once(BEFORE)?.1.split_once(AFTER))?;
    Some(PathBuf::from(line.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f90_a_marked_file_tells_whose_it_is_and_an_old_one_nothing() {
        let include = Path::new("/etc/nginx/conf.d/service-url.inc");
        for (text, wanted) in [
            (format!("# This file is {}.\nupstream a {{}}\n", of(include)), Some(include)),
            (format!("`real2` (port 8082) serves\n{}\n", of(include)), Some(include)),
            ("# The two slots, each with the other behind it.\n".to_owned(), None),
            (BEFORE.to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(owner(text.as_bytes()).as_deref(), wanted, "{text}");
        }
        assert_eq!(owner(b"\xff\n"), None);
    }
}
