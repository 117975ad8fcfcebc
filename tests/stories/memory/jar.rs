//! The smallest jar that the hooks take for one.

use std::io::{Cursor, Write};
use std::sync::OnceLock;

use zip::write::SimpleFileOptions;

/// Its bytes.
pub(crate) fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| of("1"))
}

/// The bytes of a version, which has as many as any other of one digit.
pub(crate) fn of(version: &str) -> Vec<u8> {
    let manifest =
        format!("Manifest-Version: 1.0\r\nImplementation-Version: {version}\r\nMain-Class: sample.Application\r\n");
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let written =
        writer.start_file("META-INF/MANIFEST.MF", options).and_then(|()| Ok(writer.write_all(manifest.as_bytes())?));
    match written.and_then(|()| writer.finish()) {
        Ok(whole) => whole.into_inner(),
        Err(cause) => unreachable!("a jar in memory can always be written: {cause}"),
    }
}
