//! Writes a demo release: a Spring Boot jar by its looks, whose manifest carries the behaviour.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::behaviour::{Behaviour, Bind, MAIN_CLASS};
use crate::fault::Fault;
use crate::manifest::{ENTRY, Manifest};

/// A release to be written. The same description always gives the same bytes.
#[derive(Clone, Debug)]
pub struct Jar {
    behaviour: Behaviour,
    main_class: bool,
    padding_bytes: usize,
}

impl Jar {
    /// A well-behaved release that boots at once.
    #[must_use]
    pub fn release(name: &str) -> Self {
        let behaviour =
            Behaviour { release: name.to_owned(), boot: Duration::ZERO, bind: Bind::default(), faults: Vec::new() };
        Self { behaviour, main_class: true, padding_bytes: 0 }
    }

    /// How long it takes from the start to the listener.
    #[must_use]
    pub fn boot_milliseconds(mut self, milliseconds: u64) -> Self {
        self.behaviour.boot = Duration::from_millis(milliseconds);
        self
    }

    /// Adds a fault to those it has.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.behaviour.faults.push(fault);
        self
    }

    /// Where it listens.
    #[must_use]
    pub fn bind(mut self, bind: Bind) -> Self {
        self.behaviour.bind = bind;
        self
    }

    /// Leaves out `Main-Class`: a library's jar, which `java -jar` refuses.
    #[must_use]
    pub fn without_main_class(mut self) -> Self {
        self.main_class = false;
        self
    }

    /// Makes the file larger by about that many bytes, as the libraries in a real boot jar do.
    #[must_use]
    pub fn padding_bytes(mut self, bytes: usize) -> Self {
        self.padding_bytes = bytes;
        self
    }

    /// Writes the jar, over what was at `path` before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut archive = ZipWriter::new(File::create(path)?);
        let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file(ENTRY, deflated)?;
        archive.write_all(self.manifest().to_string().as_bytes())?;
        for class in [
            "org/springframework/boot/loader/launch/JarLauncher.class",
            "BOOT-INF/classes/demo/Application.class",
            "BOOT-INF/classes/demo/ProfileController.class",
        ] {
            archive.start_file(class, deflated)?;
            archive.write_all(&self.class_file(class))?;
        }
        archive.start_file("BOOT-INF/classes/application.properties", deflated)?;
        archive.write_all(b"server.port=8080\n")?;
        // Spring Boot stores nested jars without compression.
        archive.start_file("BOOT-INF/lib/padding.jar", stored)?;
        archive.write_all(&vec![0; self.padding_bytes])?;
        archive.finish()?.sync_all()
    }

    fn manifest(&self) -> Manifest {
        let mut manifest = Manifest::default();
        manifest.set("Manifest-Version", "1.0");
        manifest.set("Created-By", "Maven JAR Plugin 3.4.2");
        if self.main_class {
            manifest.set(MAIN_CLASS, "org.springframework.boot.loader.launch.JarLauncher");
            manifest.set("Start-Class", "demo.Application");
            manifest.set("Spring-Boot-Version", "3.5.0");
            manifest.set("Spring-Boot-Classes", "BOOT-INF/classes/");
            manifest.set("Spring-Boot-Lib", "BOOT-INF/lib/");
        }
        self.behaviour.write_to(&mut manifest);
        manifest
    }

    /// The head of a Java 17 class file; nothing ever loads it.
    fn class_file(&self, name: &str) -> Vec<u8> {
        let mut bytes = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61];
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(self.behaviour.release.as_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_asks_for_is_what_the_program_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo.jar");
        let body = "<html>é; real1</html>".repeat(20);
        let jar = Jar::release("v7").boot_milliseconds(50).bind(Bind::Loopback);
        jar.fault(Fault::answers(200, &body)).fault(Fault::IgnoresSigterm).write(&path).unwrap();

        let expected = Behaviour {
            release: "v7".to_owned(),
            boot: Duration::from_millis(50),
            bind: Bind::Loopback,
            faults: vec![Fault::answers(200, &body), Fault::IgnoresSigterm],
        };
        assert_eq!(Behaviour::read(&path).unwrap(), expected);
        let manifest = Manifest::read(&path).unwrap();
        assert_eq!(manifest.get("Main-Class"), Some("org.springframework.boot.loader.launch.JarLauncher"));
        assert_eq!(manifest.get("Start-Class"), Some("demo.Application"));
    }

    #[test]
    fn jars_that_java_refuses_are_refused_in_its_words() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo.jar");
        let shown = path.display();
        assert_eq!(Behaviour::read(&path).unwrap_err().to_string(), format!("Unable to access jarfile {shown}"));

        Jar::release("v1").without_main_class().write(&path).unwrap();
        assert_eq!(Behaviour::read(&path).unwrap_err().to_string(), format!("no main manifest attribute, in {shown}"));

        Jar::release("v1").padding_bytes(10_000).write(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        assert!(whole.len() > 10_000, "{}", whole.len());
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(Behaviour::read(&path).unwrap_err().to_string(), format!("Invalid or corrupt jarfile {shown}"));
    }

    #[test]
    fn the_same_release_gives_the_same_bytes_and_another_one_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let write = |file: &str, release: &str| {
            let path = directory.path().join(file);
            Jar::release(release).write(&path).unwrap();
            std::fs::read(path).unwrap()
        };
        assert_eq!(write("a.jar", "v1"), write("b.jar", "v1"));
        assert_ne!(write("a.jar", "v1"), write("c.jar", "v2"));
    }
}
