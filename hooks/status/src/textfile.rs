//! The file that is asked for: replaced as a whole, so that whoever reads it meanwhile reads the one before.

use std::io;
use std::path::Path;

use shared::error::{Error, Kind, Result};
use shared::host::{FileKind, Host};
use shared::language::translated;

/// For everybody to read: the collector is another user.
const MODE: u32 = 0o644;

/// Writes it.
///
/// # Errors
/// `Kind::Settings` for what is no file, or lies in no directory; `Kind::NotAllowed` and `Kind::NoRoom` as the system says.
pub(crate) fn replace(host: &impl Host, path: &Path, text: &str) -> Result<()> {
    let shown = path.to_string_lossy();
    let told = |cause: io::Error| {
        let error = Error::new(Kind::of(&cause), translated!("`{shown}` cannot be written: {cause}"));
        let user = host.user().name;
        match error.kind() {
            Kind::NotAllowed => error.advise(translated!(
                "let `{user}` write in its directory: the file is replaced, so a right to write the file is not enough"
            )),
            Kind::NoRoom => error.advise(translated!("free some room on that disk (`df -h`)")),
            _ => error.advise(translated!(
                "make the directory that the collector reads (`--collector.textfile.directory`), or name another file"
            )),
        }
    };
    let path = match host.describe(path) {
        Ok(facts) if facts.kind == FileKind::SymbolicLink => host.canonicalize(path).map_err(told)?,
        _ => path.to_owned(),
    };
    match host.describe(&path) {
        Ok(facts) if facts.kind != FileKind::Regular => {
            Err(Error::new(Kind::Settings, translated!("`{shown}` is no file that could be replaced"))
                .advise(translated!("name a file; `-` is standard output")))
        }
        _ => host.replace_file_of_this_boot(&path, text.as_bytes(), MODE).map_err(told),
    }
}
