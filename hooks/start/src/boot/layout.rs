//! What is in a Spring Boot jar, and whether it may run from a plain class path: its own classes with what lies beside them, and its
//! libraries in the order of its index. Whatever is not known to be the same then is a reason to run it with `java -jar`.

use std::io::Read;

use sha2::{Digest, Sha256};
use shared::host::{ReadSeek, hexadecimal};
use shared::release::jar::attribute;
use zip::{CompressionMethod, ZipArchive};

const CLASSES: &str = "BOOT-INF/classes/";
const LIBRARIES: &str = "BOOT-INF/lib/";
const INDEX: &str = "BOOT-INF/classpath.idx";
const MANIFEST: &str = "META-INF/MANIFEST.MF";
/// The classes that run a jar within a jar; a plain class path has none.
const LOADER: &str = "org/springframework/boot/loader/";
/// What announces them to the JDK.
const OF_LOADER: &str = "META-INF/services/java.nio.file.spi.FileSystemProvider";

/// What the manifest has to say.
const NEEDED: [(&str, &str); 4] = [
    ("Main-Class", "org.springframework.boot.loader.launch.JarLauncher"),
    ("Spring-Boot-Classes", CLASSES),
    ("Spring-Boot-Lib", LIBRARIES),
    ("Spring-Boot-Classpath-Index", INDEX),
];
/// What only `java -jar` obeys, or what the order of the class path would change.
const UNWANTED: [&str; 7] = [
    "Class-Path",
    "Add-Opens",
    "Add-Exports",
    "Enable-Native-Access",
    "Launcher-Agent-Class",
    "Multi-Release",
    "Sealed",
];

/// A jar that is read, as `shared::release::jar` reads one: read in another way it would be in this program twice.
pub(super) type Archive<'a> = ZipArchive<&'a mut Box<dyn ReadSeek>>;

/// What is in a jar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The class whose `main` runs it.
    pub(super) start_class: String,
    /// The libraries, in the order of the class path.
    pub(super) libraries: Vec<Library>,
    /// Everything else that the application may ask for.
    pub(super) files: Vec<Entry>,
}

/// A library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Library {
    /// Its number in the jar.
    pub(super) index: usize,
    /// Its file's name.
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) crc: u32,
}

/// A file or directory of the application's own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number in the jar.
    pub(super) index: usize,
    /// Its name in the class path.
    pub(super) name: String,
}

impl Layout {
    /// Reads a jar's directory, manifest and index, and nothing else of it.
    ///
    /// # Errors
    /// Why it is to run with `java -jar`, as a sentence.
    pub(super) fn of(archive: &mut Archive<'_>) -> Result<Layout, String> {
        let start_class = start_class(&text(archive, MANIFEST)?)?;
        let index = text(archive, INDEX)?;
        let mut layout = Layout { start_class, libraries: Vec::new(), files: Vec::new() };
        for number in 0..archive.len() {
            let file = archive.by_index_raw(number).map_err(|cause| format!("its entry {number}: {cause}"))?;
            let name = file.name().map_err(|cause| format!("the name of its entry {number}: {cause}"))?.into_owned();
            if let Some(library) = name.strip_prefix(LIBRARIES).filter(|library| !library.is_empty()) {
                if file.compression() != CompressionMethod::Stored || library.contains(['/', ':', '\n']) {
                    return Err(format!("its library `{name}` is not stored as Spring Boot does"));
                }
                let (name, size, crc) = (library.to_owned(), file.size(), file.crc32());
                layout.libraries.push(Library { index: number, name, size, crc });
            } else if let Some(name) = place(&name)? {
                layout.files.push(Entry { index: number, name: name.to_owned() });
            }
        }
        layout.libraries = in_order(layout.libraries, &index)?;
        check_twice(&layout.files)?;
        Ok(layout)
    }

    /// The name of the directory of these libraries: nothing else has the same ones in the same order.
    pub(super) fn key(&self) -> String {
        let mut hash = Sha256::new();
        for Library { name, size, crc, .. } in &self.libraries {
            hash.update(format!("{name} {size} {crc:08x}\n"));
        }
        hexadecimal(&hash.finalize())
    }
}

/// A directory may be there twice, in `BOOT-INF/classes` and beside it; a file may not.
fn check_twice(files: &[Entry]) -> Result<(), String> {
    let mut names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1] && !pair[0].ends_with('/')) {
        Some(pair) => Err(format!("it has two files `{}`", pair[0])),
        None => Ok(()),
    }
}

/// The class to start, if the manifest is as these hooks know it.
fn start_class(manifest: &str) -> Result<String, String> {
    for (name, needed) in NEEDED {
        let found = attribute(manifest, name).unwrap_or_default();
        if found != needed {
            return Err(format!("its manifest has `{name}: {found}`, needed `{needed}`"));
        }
    }
    if let Some(name) = UNWANTED.into_iter().find(|name| attribute(manifest, name).is_some()) {
        return Err(format!("its manifest has `{name}`"));
    }
    let version = attribute(manifest, "Spring-Boot-Version").unwrap_or_default();
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
    if (numbers.next(), numbers.next()) < (Some(3), Some(3)) {
        return Err(format!("its Spring Boot is `{version}`, needed 3.3 or later"));
    }
    match attribute(manifest, "Start-Class").filter(|class| class.contains('.')) {
        Some(class) => Ok(class),
        None => Err("its manifest has no `Start-Class` in a package".to_owned()),
    }
}

/// Where an entry of the jar belongs in the class path; nothing for what only `java -jar` needs.
fn place(name: &str) -> Result<Option<&str>, String> {
    if let Some(within) = name.strip_prefix(CLASSES) {
        return Ok(Some(within).filter(|within| !within.is_empty()));
    }
    let is_signature = [".SF", ".RSA", ".DSA", ".EC"].iter().any(|ending| name.ends_with(ending));
    if name.starts_with("META-INF/") && !is_signature {
        return Ok(Some(name).filter(|name| *name != OF_LOADER));
    }
    let is_known = name.starts_with(LOADER)
        || (LOADER.starts_with(name) && name.ends_with('/'))
        || ["BOOT-INF/", LIBRARIES, INDEX, "BOOT-INF/layers.idx"].contains(&name);
    if is_known { Ok(None) } else { Err(format!("it has `{name}`, where Spring Boot puts nothing")) }
}

/// The libraries in the order of the index. What reads jars for Spring Boot's own tool is in none.
fn in_order(mut found: Vec<Library>, index: &str) -> Result<Vec<Library>, String> {
    let mut ordered = Vec::new();
    for line in index.lines().filter(|line| !line.trim().is_empty()) {
        let quoted = line.strip_prefix("- \"").and_then(|rest| rest.strip_suffix('"'));
        let name = quoted.and_then(|path| path.strip_prefix(LIBRARIES));
        let at = name.and_then(|name| found.iter().position(|library| library.name == name));
        ordered
            .push(found.swap_remove(at.ok_or_else(|| format!("its index has `{line}`, which is no library of it"))?));
    }
    found.retain(|library| !library.name.starts_with("spring-boot-jarmode-"));
    match found.first() {
        Some(library) => Err(format!("its library `{}` is missing in its index", library.name)),
        None if ordered.is_empty() => Err("it has no libraries".to_owned()),
        None => Ok(ordered),
    }
}

/// A small text in the jar.
fn text(archive: &mut Archive<'_>, name: &str) -> Result<String, String> {
    const LIMIT: u64 = 1024 * 1024;
    let file = archive.by_name(name).map_err(|_| format!("it has no `{name}`"))?;
    let mut text = String::new();
    file.take(LIMIT).read_to_string(&mut text).map_err(|cause| format!("its `{name}` cannot be read: {cause}"))?;
    Ok(text)
}
