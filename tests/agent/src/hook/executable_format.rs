//! Whether the kernel can execute a file by itself: a `#!` line, or an ELF file for this machine.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The first bytes of an ELF file, up to and with its machine (bytes 18 and 19).
const HEADER: u64 = 20;

/// `false` for text without a `#!` line and for another machine's program. The C library would hand both to `sh`,
/// which generation 2 does not.
pub(super) fn is_executable_format(path: &Path) -> io::Result<bool> {
    let header = header(path)?;
    if header.starts_with(b"#!") {
        return Ok(true);
    }
    let own = header_of_this_program()?;
    // Class (32 or 64 bits), byte order and machine.
    let kind = |header: &[u8]| Some((header.get(4..6)?.to_owned(), header.get(18..20)?.to_owned()));
    Ok(header.starts_with(b"\x7fELF") && kind(&header) == kind(&own))
}

fn header_of_this_program() -> io::Result<Vec<u8>> {
    header(Path::new("/proc/self/exe"))
}

fn header(path: &Path) -> io::Result<Vec<u8>> {
    let mut header = Vec::new();
    File::open(path)?.take(HEADER).read_to_end(&mut header)?;
    Ok(header)
}
