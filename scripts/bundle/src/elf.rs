//! What a program's file says of itself: for which processor it is, and what it needs of the host.

use object::Endianness;
use object::elf;
use object::read::elf::{Dyn, ElfFile64, FileHeader, Sym};

use crate::glibc::Need;
use crate::target::Machine;

/// A program for Linux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The processor, or the number of one that no bundle is made for.
    pub machine: Result<Machine, u16>,
    /// What it needs of the GNU C library.
    pub needs: Vec<Need>,
    /// The shared libraries that it asks for.
    pub libraries: Vec<String>,
}

/// Reads a program's file.
///
/// # Errors
/// It is no program for 64-bit Linux: what it is instead, as the rest of a sentence that begins with its name.
pub fn read(bytes: &[u8]) -> Result<Program, String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    if bytes.starts_with(b"#!") {
        return Err("is a script".to_owned());
    }
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err("is no ELF file".to_owned());
    }
    let file = ElfFile64::<Endianness>::parse(bytes)
        .map_err(|cause| format!("is no whole 64-bit ELF file ({cause}): it was cut off, or is for another machine"))?;
    contents(&file).map_err(|cause| format!("is a damaged ELF file ({cause})"))
}

fn contents(file: &ElfFile64<'_, Endianness>) -> object::Result<Program> {
    let endian = file.endian();
    let machine = match file.elf_header().e_machine(endian) {
        elf::EM_X86_64 => Ok(Machine::X8664),
        elf::EM_AARCH64 => Ok(Machine::Aarch64),
        other => Err(other.0),
    };
    Ok(Program { machine, needs: needs(file)?, libraries: libraries(file)? })
}

/// The dynamic symbols that come from somewhere else, with the versions that they are wanted in.
fn needs(file: &ElfFile64<'_, Endianness>) -> object::Result<Vec<Need>> {
    let (endian, data) = (file.endian(), file.data());
    let Some(versions) = file.elf_section_table().versions(endian, data)? else { return Ok(Vec::new()) };
    let symbols = file.elf_dynamic_symbol_table();
    let mut needs = Vec::new();
    for (index, symbol) in symbols.enumerate() {
        let version = versions.version(versions.version_index(endian, index).index())?;
        // Those that the file itself defines have a version without a file.
        if let Some(version) = version.filter(|version| version.file().is_some()) {
            let wanted = String::from_utf8_lossy(version.name()).into_owned();
            if wanted.starts_with("GLIBC_") {
                let symbol = String::from_utf8_lossy(symbol.name(endian, symbols.strings())?).into_owned();
                needs.push(Need { symbol, wanted });
            }
        }
    }
    Ok(needs)
}

fn libraries(file: &ElfFile64<'_, Endianness>) -> object::Result<Vec<String>> {
    let (endian, data) = (file.endian(), file.data());
    let table = file.elf_section_table();
    let Some((entries, link)) = table.dynamic(endian, data)? else { return Ok(Vec::new()) };
    let strings = table.strings(endian, data, link)?;
    let mut libraries = Vec::new();
    for entry in entries.iter().filter(|entry| entry.tag(endian) == elf::DT_NEEDED) {
        libraries.push(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned());
    }
    Ok(libraries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glibc;

    /// This very program: it runs here, so what it needs is known to be readable.
    fn own() -> Vec<u8> {
        workstation::files::read(&std::env::current_exe().unwrap(), "this very program").unwrap()
    }

    #[test]
    fn a_real_program_tells_its_machine_its_libraries_and_what_it_needs_of_them() {
        let program = read(&own()).unwrap();
        assert_eq!(program.machine.unwrap().to_string(), std::env::consts::ARCH);
        assert!(program.libraries.iter().any(|library| library == "libc.so.6"), "{:?}", program.libraries);
        let main = program.needs.iter().find(|need| need.symbol == "__libc_start_main").unwrap();
        assert!(main.wanted.starts_with("GLIBC_2."), "{main:?}");
        assert!(glibc::newest(&program.needs).unwrap() >= main.version().unwrap());
    }

    #[test]
    fn the_needs_are_those_that_binutils_finds() {
        let path = std::env::current_exe().unwrap();
        let output = workstation::programs::command("objdump").arg("-T").arg(&path).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let mut wanted: Vec<&str> = text
            .split_whitespace()
            .map(|word| word.trim_matches(['(', ')']))
            .filter(|word| word.starts_with("GLIBC_"))
            .collect();
        wanted.sort_unstable();
        let needs = read(&own()).unwrap().needs;
        let mut found: Vec<&str> = needs.iter().map(|need| need.wanted.as_str()).collect();
        found.sort_unstable();
        assert!(!found.is_empty());
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_no_program_is_told() {
        let own = own();
        let mut small = own.get(..64).unwrap().to_vec();
        small[4] = 1;
        for (bytes, told) in [
            (Vec::new(), "is empty"),
            (b"#!/bin/sh\n".to_vec(), "is a script"),
            (b"MZ\x90".to_vec(), "is no ELF file"),
            (own.get(..40).unwrap().to_vec(), "is no whole 64-bit ELF file"),
            (small, "is no whole 64-bit ELF file"),
        ] {
            let refusal = read(&bytes).unwrap_err();
            assert!(refusal.starts_with(told), "{refusal}");
        }
        assert!(read(own.get(..own.len() / 2).unwrap()).is_err());
    }
}
