//! A jar written from entries of another one as they are packed there: nothing is unpacked and nothing is packed again, so that no byte
//! and no time of a file is another one. What can do more than copy would make this hook a tenth larger.

use std::io::Read;

use zip::CompressionMethod;

use super::layout::Archive;

/// The version that is needed to read what is deflated, and directories.
const VERSION: u16 = 20;
/// That a name is UTF-8.
const UTF_8: u16 = 1 << 11;
/// What a jar without longer fields can hold; more is a reason for `java -jar`.
const TOO_LONG: &str = "its own classes are too many, or too large, for a plain jar";

/// A jar that is being written.
#[derive(Default)]
pub(super) struct Packing {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Packing {
    /// Takes an entry over, under another name.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub(super) fn add(&mut self, archive: &mut Archive<'_>, index: usize, name: &str) -> Result<(), String> {
        let mut entry = archive.by_index_raw(index).map_err(|cause| format!("its `{name}` cannot be read: {cause}"))?;
        let method: u16 = match entry.compression() {
            CompressionMethod::Stored => 0,
            CompressionMethod::Deflated => 8,
            other => return Err(format!("its `{name}` is packed by {other}")),
        };
        let (crc, size, packed) = (entry.crc32(), short(entry.size())?, short(entry.compressed_size())?);
        let time = entry.last_modified().map_or((0, 0x21), |time| (time.timepart(), time.datepart()));
        let offset = short(self.bytes.len() as u64)?;
        let length = u16::try_from(name.len()).map_err(|_| TOO_LONG.to_owned())?;
        // What a local header and an entry of the directory have alike.
        let mut alike = Vec::new();
        for number in [VERSION, UTF_8, method, time.0, time.1] {
            alike.extend(number.to_le_bytes());
        }
        for number in [crc, packed, size] {
            alike.extend(number.to_le_bytes());
        }
        for number in [length, 0] {
            alike.extend(number.to_le_bytes());
        }
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&alike);
        self.bytes.extend(name.as_bytes());
        entry.read_to_end(&mut self.bytes).map_err(|cause| format!("its `{name}` cannot be read: {cause}"))?;
        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(&alike);
        // No comment, the first disk, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count = self.count.checked_add(1).filter(|count| *count < u16::MAX).ok_or(TOO_LONG)?;
        Ok(())
    }

    /// The whole of it.
    ///
    /// # Errors
    /// As `add`.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, String> {
        let (offset, size) = (short(self.bytes.len() as u64)?, short(self.directory.len() as u64)?);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(offset.to_le_bytes());
        self.bytes.extend([0; 2]);
        Ok(self.bytes)
    }
}

fn short(number: u64) -> Result<u32, String> {
    u32::try_from(number).ok().filter(|number| *number < u32::MAX).ok_or_else(|| TOO_LONG.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use shared::host::ReadSeek;
    use zip::write::SimpleFileOptions;
    use zip::{ZipArchive, ZipWriter};

    use super::*;

    #[test]
    fn f137_what_was_taken_over_is_read_again_byte_for_byte_with_its_time() {
        let time = zip::DateTime::from_date_and_time(2026, 11, 27, 9, 30, 2).unwrap();
        let options = SimpleFileOptions::default().last_modified_time(time);
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_directory("BOOT-INF/classes/sample/", options).unwrap();
        for (name, method) in [("a", CompressionMethod::Stored), ("ü.txt", CompressionMethod::Deflated)] {
            writer.start_file(format!("BOOT-INF/classes/{name}"), options.compression_method(method)).unwrap();
            writer.write_all(&name.as_bytes().repeat(1000)).unwrap();
        }
        let mut written: Box<dyn ReadSeek> = Box::new(writer.finish().unwrap());
        let mut whole = ZipArchive::new(&mut written).unwrap();
        let mut packing = Packing::default();
        for (index, name) in ["sample/", "a", "ü.txt"].into_iter().enumerate() {
            packing.add(&mut whole, index, name).unwrap();
        }
        let mut copy = ZipArchive::new(Cursor::new(packing.finish().unwrap())).unwrap();
        assert_eq!(copy.len(), 3);
        assert!(copy.by_name("sample/").unwrap().is_dir());
        for name in ["a", "ü.txt"] {
            let mut file = copy.by_name(name).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            assert_eq!((bytes, file.last_modified()), (name.as_bytes().repeat(1000), Some(time)), "{name}");
        }
    }
}
