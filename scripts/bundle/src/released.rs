//! The released archive: the built hooks for those who build none. In it are what a bundle is made of but for the jar, the script
//! that makes it, the one that prepares a host, what is linked in and under which licences, and the checksum of each file.

use std::path::Path;

use workstation::files;

use crate::archive::Entry;
use crate::assembly::Parts;
use crate::checksum;
use crate::date::Date;
use crate::sbom::{self, Subject};
use crate::target::Target;

/// What an archive says of itself; `bundle.sh` in it reads this.
pub const RELEASE: &str = "RELEASE";

/// The checksum of every other file, as `sha256sum -c` reads them.
pub const CHECKSUMS: &str = "SHA256SUMS";

/// The bill of materials of the hooks.
pub const BILL: &str = "hooks.cdx.json";

/// The texts of the licences of what is linked in.
pub const NOTICES: &str = "NOTICES.txt";

/// What goes along as it lies in the project, to be run: where it is there, and where in the archive.
const SCRIPTS: [(&str, &str); 2] = [("scripts/release/bundle.sh", "bundle.sh"), ("scripts/install.sh", "install.sh")];

/// The same, to be read.
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Which release it is.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The archive's name, without `.zip`.
    pub name: &'a str,
    /// The commit.
    pub commit: &'a str,
    /// For which machine it was built.
    pub target: Target,
    /// The commit's date.
    pub date: Date,
}

impl Identity<'_> {
    /// One line for each key: its name, a blank, its value.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { commit, target, date, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        format!("version {version}\ncommit {commit}\ntarget {target}\ndate {}\n", date.for_touch())
    }
}

/// All files of an archive, in their order; `project` is where the scripts, the licences and the lock file are.
///
/// # Errors
/// Something cannot be read, or Cargo cannot tell what is linked.
pub fn entries(project: &Path, parts: &Parts, identity: Identity<'_>) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Parts { jar: None, ..parts.clone() }.entries();
    let programs: Vec<Entry> = entries.iter().filter(|entry| entry.executable).cloned().collect();
    let Identity { name, target, date, .. } = identity;
    // What it tells holds in every bundle that is made of this archive, whatever settings and jar are in that.
    let bill = sbom::of(Subject { project, target, date, name, zip: None, entries: &programs })?;
    let read = |name: &str| files::read(&project.join(name), "what goes along with a release");
    for (from, to) in SCRIPTS {
        entries.push(Entry::program(to, read(from)?));
    }
    for name in LICENCES {
        entries.push(Entry::file(name, read(name)?));
    }
    entries.push(Entry::file(NOTICES, sbom::notices(project, target)?.into_bytes()));
    entries.push(Entry::file(BILL, bill.into_bytes()));
    entries.push(Entry::file(RELEASE, identity.text().into_bytes()));
    let checksums: String = entries.iter().map(|entry| checksum::line(&entry.bytes, &entry.path)).collect();
    entries.push(Entry::file(CHECKSUMS, checksums.into_bytes()));
    Ok(entries)
}
