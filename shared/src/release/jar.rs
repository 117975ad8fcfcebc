//! Whether a file is a whole jar that can be started: a zip whose directory at the end is there, with a main class (F22).

use std::io::{Read, Seek};
use std::path::Path;

use super::java::{self, Newest};
use crate::language::translated;

/// A manifest is small; more than this is none.
const MANIFEST_LIMIT: u64 = 1024 * 1024;

/// What a jar needs of its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The jars beside itself: those of its manifest's `Class-Path`, but for a Spring Boot jar, which brings its own and leaves that
    /// line to whoever wrote it.
    pub jars: Vec<String>,
    /// The class by which it needs a release of Java; nothing where that is not known.
    pub newest: Option<Newest>,
}

/// Checks a jar, and returns what it needs.
///
/// # Errors
/// What is wrong, as the rest of a sentence that begins with the file's name.
pub fn check<R: Read + Seek + ?Sized>(file: &mut R) -> Result<Needs, String> {
    let mut archive = zip::ZipArchive::new(file)
        .map_err(|cause| translated!("is no whole jar ({cause}): it was cut off, or is something else"))?;
    let Ok(manifest) = archive.by_name("META-INF/MANIFEST.MF") else {
        return Err(translated!("has no `META-INF/MANIFEST.MF`, needed an executable jar").to_owned());
    };
    let mut text = Vec::new();
    manifest
        .take(MANIFEST_LIMIT)
        .read_to_end(&mut text)
        .map_err(|cause| translated!("has a manifest that cannot be read: {cause}"))?;
    let manifest = String::from_utf8_lossy(&text);
    let Some(main_class) = attribute(&manifest, "Main-Class") else {
        return Err(translated!("has no `Main-Class` in its manifest, needed an executable (boot) jar").to_owned());
    };
    let is_boot = main_class.starts_with("org.springframework.boot.loader.");
    // The loader is loaded first, then what it starts.
    let newest = java::newest(&mut archive, &[Some(main_class), attribute(&manifest, "Start-Class")]);
    if is_boot {
        return Ok(Needs { jars: Vec::new(), newest });
    }
    let class_path = attribute(&manifest, "Class-Path").unwrap_or_default();
    let is_jar =
        |entry: &&str| Path::new(entry).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jar"));
    Ok(Needs { jars: class_path.split_whitespace().filter(is_jar).map(str::to_owned).collect(), newest })
}

/// The value of one of the main attributes. A long one goes on in lines that begin with a blank; an empty line ends them.
#[must_use]
pub fn attribute(manifest: &str, name: &str) -> Option<String> {
    let mut value: Option<String> = None;
    for line in manifest.lines().take_while(|line| !line.is_empty()) {
        match (&mut value, line.strip_prefix(' ')) {
            (Some(value), Some(more)) => value.push_str(more),
            (Some(_), None) => break,
            (None, _) => {
                let (found, rest) = line.split_once(':').unwrap_or_default();
                value = found.eq_ignore_ascii_case(name).then(|| rest.trim_start().to_owned());
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn jar(manifest: Option<&str>) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        if let Some(manifest) = manifest {
            writer.start_file("META-INF/MANIFEST.MF", SimpleFileOptions::default()).unwrap();
            writer.write_all(manifest.as_bytes()).unwrap();
        }
        writer.start_file("BOOT-INF/classes/a.class", SimpleFileOptions::default()).unwrap();
        writer.write_all(&[7; 5000]).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn f22_a_whole_jar_with_a_main_class_passes() {
        let whole = jar(Some("Manifest-Version: 1.0\r\nMain-Class: a.B\r\n"));
        assert_eq!(check(&mut Cursor::new(whole)), Ok(Needs::default()));
    }

    #[test]
    fn f22_the_jars_that_a_thin_jar_needs_beside_itself_are_known() {
        const BOOT: &str = "Main-Class: org.springframework.boot.loader.launch.JarLauncher\r\n";
        for (name, manifest, wanted) in [
            ("two", "Main-Class: a.B\r\nClass-Path: lib/a.jar lib/b.jar\r\n", vec!["lib/a.jar", "lib/b.jar"]),
            (
                "over two lines, in the middle of a name",
                "Class-Path: lib/spring-core-6.2.7.jar lib/spring-we\r\n bmvc.jar\r\nMain-Class: a.B\r\n",
                vec!["lib/spring-core-6.2.7.jar", "lib/spring-webmvc.jar"],
            ),
            (
                "a directory of settings is no library",
                "Main-Class: a.B\nClass-Path: . config/ ./x.jar\n",
                vec!["./x.jar"],
            ),
            ("what stands after the main attributes", "Main-Class: a.B\n\nName: b\nClass-Path: lib/a.jar\n", vec![]),
            ("a boot jar brings its own", &format!("{BOOT}Class-Path: lib/a.jar\r\n"), vec![]),
        ] {
            let needed = check(&mut Cursor::new(jar(Some(manifest)))).unwrap();
            assert_eq!(needed.jars, wanted, "{name}");
        }
    }

    #[test]
    fn f22_a_jar_that_was_cut_off_anywhere_is_refused() {
        let whole = jar(Some("Main-Class: a.B\r\n"));
        for length in
            [0, 1, whole.len() / 100, whole.len() / 2, whole.len() * 99 / 100, whole.len() - 22, whole.len() - 1]
        {
            let told = check(&mut Cursor::new(&whole[..length])).unwrap_err();
            assert!(told.contains("is no whole jar"), "{length}: {told}");
        }
    }

    #[test]
    fn f22_what_is_no_executable_jar_is_refused() {
        for (bytes, wanted) in [
            (b"<html>404 not found</html>".to_vec(), "is no whole jar"),
            (jar(None), "has no `META-INF/MANIFEST.MF`"),
            (jar(Some("Manifest-Version: 1.0\r\n")), "has no `Main-Class`"),
        ] {
            let told = check(&mut Cursor::new(bytes)).unwrap_err();
            assert!(told.contains(wanted), "{told}");
        }
    }
}
