//! How large everything is, what it needs, and whether TLS is inside, with the limits; as Markdown.

use shared::report::table::{self, Side};

use crate::archive::{self, Entry};
use crate::assembly::Parts;
use crate::date::Date;
use crate::hooks::Hook;
use crate::{elf, glibc, tls};

/// The largest that the zip of everything but the jar may become, in bytes.
const ZIP_AT_MOST: u64 = 12_000_000;

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    rows: Vec<Row>,
    zip: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    hook: Hook,
    bytes: u64,
    zipped: u64,
    /// `none`, `2.17`, or what is wrong with the file.
    glibc: String,
    tls: Option<&'static str>,
}

impl Table {
    /// Measures the parts; a jar among them is left out.
    ///
    /// # Errors
    /// Something cannot be zipped.
    pub fn measure(parts: &Parts, date: Date) -> anyhow::Result<Self> {
        let zipped = |entries: &[Entry]| -> anyhow::Result<u64> { Ok(archive::write(entries, date)?.len() as u64) };
        let mut rows = Vec::new();
        for (hook, bytes) in &parts.programs {
            let glibc = match elf::read(bytes) {
                Ok(program) => {
                    glibc::newest(&program.needs).map_or_else(|| "none".to_owned(), |found| found.to_string())
                }
                Err(what) => what,
            };
            let entry = Entry::program(hook.location(), bytes.clone());
            let zipped = zipped(&[entry])?;
            rows.push(Row { hook: *hook, bytes: bytes.len() as u64, zipped, glibc, tls: tls::mark(bytes) });
        }
        let without_jar = Parts { jar: None, ..parts.clone() };
        Ok(Self { rows, zip: zipped(&without_jar.entries())? })
    }

    /// A sentence for each limit that is passed.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for row in &self.rows {
            let name = row.hook.location();
            if row.bytes > row.hook.at_most() {
                faults.push(format!(
                    "`{name}` has {} MB, needed at most {} MB: see what it links in the bill of materials",
                    megabytes(row.bytes),
                    megabytes(row.hook.at_most())
                ));
            }
            match row.tls {
                Some(mark) if !row.hook.api => faults.push(format!(
                    "`{name}` has a TLS stack inside (`{mark}`), needed none: build it apart from the hooks that speak with AWS"
                )),
                // Whoever is blind finds nothing anywhere.
                None if row.hook.api => faults.push(format!(
                    "no TLS stack was found in `{name}`, which speaks with AWS, so that none in another hook means nothing: \
                     renew the marks in scripts/bundle/src/tls.rs"
                )),
                _ => {}
            }
        }
        if self.zip > ZIP_AT_MOST {
            faults.push(format!(
                "the zip without a jar has {} MB, needed at most {} MB",
                megabytes(self.zip),
                megabytes(ZIP_AT_MOST)
            ));
        }
        faults
    }

    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let row = |Row { hook, bytes, zipped, glibc, tls }: &Row| {
            [
                format!("`{}`", hook.location()),
                megabytes(*bytes),
                megabytes(hook.at_most()),
                megabytes(*zipped),
                glibc.clone(),
                tls.map_or("no", |_| "yes").to_owned(),
            ]
        };
        let mut rows: Vec<[String; 6]> = self.rows.iter().map(row).collect();
        rows.push([
            "the zip of all, without a jar".to_owned(),
            megabytes(self.rows.iter().map(|row| row.bytes).sum()),
            format!("{} (zipped)", megabytes(ZIP_AT_MOST)),
            megabytes(self.zip),
            String::new(),
            String::new(),
        ]);
        let head = ["file", "MB", "limit", "zipped, MB", "needs glibc", "TLS inside"];
        table::markdown(&head, &rows, &[Side::Left, Side::Right, Side::Right, Side::Right])
    }
}

/// Millions of bytes, to the second digit, rounded up.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    let hundredths = bytes.div_ceil(10_000);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::hooks;

    fn parts(programs: Vec<(Hook, Vec<u8>)>) -> Parts {
        Parts {
            app_spec: String::new(),
            settings: String::new(),
            programs,
            jar: Some(("a.jar".to_owned(), vec![1; 9])),
        }
    }

    fn measured(stop: Vec<u8>) -> Table {
        Table::measure(&parts(vec![(hooks::all()[0], stop)]), Date::from_seconds(1_764_086_400).unwrap()).unwrap()
    }

    #[test]
    fn limits_that_are_passed_are_told() {
        let noise = |length: u32| -> Vec<u8> {
            (0..length).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
        };
        assert_eq!(measured(noise(1000)).faults(), Vec::<String>::new());
        let large = measured(noise(3_100_001)).faults();
        assert_eq!(
            large[0],
            "`hooks/stop` has 3.11 MB, needed at most 3.10 MB: see what it links in the bill of materials"
        );
        let told = measured(b"...rustls-0.23...".to_vec()).faults();
        assert!(told[0].starts_with("`hooks/stop` has a TLS stack inside (`rustls`)"), "{told:?}");
        let health = hooks::all().into_iter().find(|hook| hook.api).unwrap();
        let date = Date::from_seconds(1_764_086_400).unwrap();
        let told = Table::measure(&parts(vec![(health, b"nothing".to_vec())]), date).unwrap().faults();
        assert!(told[0].starts_with("no TLS stack was found in `hooks/health`"), "{told:?}");
        let table = Table { zip: ZIP_AT_MOST + 1, ..measured(noise(10)) };
        assert_eq!(table.faults(), ["the zip without a jar has 12.01 MB, needed at most 12.00 MB"]);
    }

    #[test]
    fn a_real_program_is_a_row() {
        // A small one: it is compressed as well as can be.
        let real = workstation::files::read(Path::new("/bin/true"), "a program of the system").unwrap();
        let text = measured(real).markdown();
        let row = text.lines().nth(2).unwrap();
        assert!(row.starts_with("| `hooks/stop`  ") && row.contains(" | 2."), "{row}");
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}
