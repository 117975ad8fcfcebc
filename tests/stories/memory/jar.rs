//! The smallest jar that the hooks take for one.

use std::io::{Cursor, Write};
use std::sync::OnceLock;

use zip::write::SimpleFileOptions;

/// Its bytes.
pub(crate) fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let written = writer
            .start_file("META-INF/MANIFEST.MF", SimpleFileOptions::default())
            .and_then(|()| Ok(writer.write_all(b"Manifest-Version: 1.0\r\nMain-Class: sample.Application\r\n")?));
        match written.and_then(|()| writer.finish()) {
            Ok(whole) => whole.into_inner(),
            Err(cause) => unreachable!("a jar in memory can always be written: {cause}"),
        }
    })
}
