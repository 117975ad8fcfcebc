//! Which release of Java runs a jar, and which one its classes were compiled for: an older one ends at once, when the live slot's
//! neighbour was freed for nothing.

use std::io::{Read, Seek};
use std::path::Path;

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;

/// A class file begins with these four bytes, the minor version and the major one, two bytes each, the largest first.
const MAGIC: [u8; 4] = [0xca, 0xfe, 0xba, 0xbe];

/// What a class file's major version is larger by than the release of Java that it is for.
const BEFORE_CLASS_FILES: u16 = 44;

/// The class of a jar that needs the newest Java, of those that are loaded first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Its name.
    pub class: String,
    /// The release of Java that it was compiled for.
    pub java: u16,
}

/// Looks at these classes of a jar; one that is not in it, or is none, tells nothing.
pub(super) fn newest<R: Read + Seek>(archive: &mut zip::ZipArchive<R>, classes: &[Option<String>]) -> Option<Newest> {
    let mut newest: Option<Newest> = None;
    for class in classes.iter().flatten() {
        let path = class.replace('.', "/");
        for directory in ["", "BOOT-INF/classes/", "WEB-INF/classes/"] {
            let Some(java) = compiled_for(archive, &format!("{directory}{path}.class")) else { continue };
            if newest.as_ref().is_none_or(|newest| newest.java < java) {
                newest = Some(Newest { class: class.clone(), java });
            }
        }
    }
    newest
}

fn compiled_for<R: Read + Seek>(archive: &mut zip::ZipArchive<R>, entry: &str) -> Option<u16> {
    let mut begin = [0; 8];
    archive.by_name(entry).ok()?.read_exact(&mut begin).ok()?;
    let major = u16::from_be_bytes([begin[6], begin[7]]);
    if begin.starts_with(&MAGIC) { major.checked_sub(BEFORE_CLASS_FILES) } else { None }
}

/// Refuses a jar for which the host's java is too old. A java that does not say which one it is, a script say, is not judged.
pub(super) fn check(host: &impl Host, settings: &Settings, path: &Path, newest: Option<&Newest>) -> Result<()> {
    let Some(Newest { class, java: needed }) = newest else { return Ok(()) };
    let program = &settings.app.java;
    let Some(found) = host.find_program(program).and_then(|found| host.canonicalize(&found).ok()) else {
        return Ok(());
    };
    let home = found.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    let Ok(release) = host.read_file(&home.join("release")) else { return Ok(()) };
    let Some(has) = version(&String::from_utf8_lossy(&release)).filter(|has| has < needed) else { return Ok(()) };
    Err(Error::new(
        Kind::Artifact,
        translated!(
            "the artifact `{}` needs Java {needed}, for which `{class}` was compiled, and `{}` is Java {has}",
            path.to_string_lossy(),
            found.to_string_lossy()
        ),
    )
    .advise(translated!(
        "name a Java {needed} in `app.java` of hooks.toml, or build the jar for Java {has}; then deploy again"
    )))
}

/// The release in a JVM's own file of that name: the first number of `JAVA_VERSION`, and the second one where the first is 1 (`1.8.0`).
#[must_use]
pub fn version(release: &str) -> Option<u16> {
    let value = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION=\""))?;
    let mut numbers = value.split(|letter: char| !letter.is_ascii_digit()).map(|digits| digits.parse().ok());
    match numbers.next()?? {
        1 => numbers.next()?,
        number => Some(number),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> zip::ZipArchive<Cursor<Vec<u8>>> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        zip::ZipArchive::new(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn f150_the_newest_class_of_those_that_are_loaded_first_tells_which_java_a_jar_needs() {
        const JAVA_17: &[u8] = &[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61, 9];
        const JAVA_25: &[u8] = &[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 69];
        let classes = [Some("loader.Main".to_owned()), None, Some("shop.App".to_owned())];
        for (name, entries, wanted) in [
            (
                "a boot jar",
                vec![("loader/Main.class", JAVA_17), ("BOOT-INF/classes/shop/App.class", JAVA_25)],
                Some(("shop.App", 25)),
            ),
            (
                "an older one",
                vec![("loader/Main.class", JAVA_17), ("BOOT-INF/classes/shop/App.class", JAVA_17)],
                Some(("loader.Main", 17)),
            ),
            ("a war", vec![("WEB-INF/classes/shop/App.class", JAVA_25)], Some(("shop.App", 25))),
            ("a plain one", vec![("shop/App.class", JAVA_25)], Some(("shop.App", 25))),
            ("a class in a library", vec![("other/App.class", JAVA_25)], None),
            ("no class file", vec![("shop/App.class", &JAVA_25[1..])], None),
            ("an empty one", vec![("shop/App.class", &[])], None),
        ] {
            let found = newest(&mut archive(&entries), &classes);
            let wanted = wanted.map(|(class, java)| Newest { class: class.to_owned(), java });
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn f150_the_release_of_java_is_the_first_number_of_its_version() {
        for (release, wanted) in [
            ("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\n", Some(17)),
            ("JAVA_VERSION=\"25\"\n", Some(25)),
            ("JAVA_VERSION=\"25-ea\"\n", Some(25)),
            ("JAVA_VERSION=\"1.8.0_402\"\n", Some(8)),
            ("JAVA_VERSION=\"x\"\n", None),
            ("", None),
        ] {
            assert_eq!(version(release), wanted, "{release}");
        }
    }
}
