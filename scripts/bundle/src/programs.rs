//! What would keep a hook from starting on the host, read from its file: another processor, a newer C library, a library that
//! is not there. The older agent would hand a program for another processor to `sh`, which says `Syntax error: "("`.

use crate::elf::{self, Program};
use crate::glibc::{Need, Version};
use crate::target::{Library, Target};

/// What comes with the GNU C library, and with the compiler's own, which every distribution installs.
const OF_THE_HOST: [&str; 9] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
];

/// Checks the program that will be at this place of the bundle; a sentence for each thing that is wrong.
#[must_use]
pub fn check(location: &str, bytes: &[u8], target: Target, limit: &Version) -> Vec<String> {
    match elf::read(bytes) {
        Ok(program) => check_program(location, &program, target, limit),
        Err(what) => {
            vec![format!("`{location}` {what}; needed a program built for {target}: build it again")]
        }
    }
}

fn check_program(location: &str, program: &Program, target: Target, limit: &Version) -> Vec<String> {
    let needed = target.machine;
    match program.machine {
        Ok(found) if found == needed => {}
        Ok(found) => {
            let other = Target { machine: found, ..target };
            return vec![format!(
                "`{location}` is built for {found}, needed {needed}: build it for {target}, or pass `--target {other}` if \
                 the host is {found}"
            )];
        }
        Err(number) => {
            return vec![format!(
                "`{location}` is built for a processor that no bundle is made for (ELF machine {number}), needed {needed}: \
                 build it for {target}"
            )];
        }
    }
    let mut wrong = Vec::new();
    let known = |library: &&String| target.library == Library::Gnu && OF_THE_HOST.contains(&library.as_str());
    if let Some(library) = program.libraries.iter().find(|library| !known(library)) {
        let needed = match target.library {
            Library::Gnu => "none but those of the C library",
            Library::Musl => "none at all, as everything is built in",
        };
        wrong.push(format!(
            "`{location}` asks for the library `{library}`, which the host need not have; needed {needed}: build it for \
             {target}, for example with scripts/bundle.sh"
        ));
    }
    let mut unmet: Vec<&Need> = program.needs.iter().filter(|need| !need.is_met_by(limit)).collect();
    unmet.sort_by_key(|need| std::cmp::Reverse((need.version(), need.symbol.as_str())));
    if let Some((worst, others)) = unmet.split_first() {
        let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        wrong.push(format!(
            "`{location}` needs {} for `{}`{more}, needed nothing newer than GLIBC_{limit}: build it against glibc {limit}, \
             as scripts/bundle.sh does",
            worst.wanted, worst.symbol
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Machine;

    const X86: Target = Target { machine: Machine::X8664, library: Library::Gnu };
    const ARM: Target = Target { machine: Machine::Aarch64, library: Library::Gnu };
    const MUSL: Target = Target { machine: Machine::X8664, library: Library::Musl };

    fn need(symbol: &str, wanted: &str) -> Need {
        Need { symbol: symbol.to_owned(), wanted: wanted.to_owned() }
    }

    #[test]
    fn what_would_not_start_there_is_refused_in_a_sentence() {
        let program = |machine, libraries: &[&str], needs: &[(&str, &str)]| Program {
            machine,
            libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
            needs: needs.iter().map(|(symbol, wanted)| need(symbol, wanted)).collect(),
        };
        let x86 = || Ok(Machine::X8664);
        for (name, program, target, told) in [
            ("good", program(x86(), &["libc.so.6"], &[("read", "GLIBC_2.2.5"), ("f", "GLIBC_2.17")]), X86, ""),
            ("static", program(x86(), &[], &[]), MUSL, ""),
            (
                "another processor",
                program(Ok(Machine::Aarch64), &[], &[]),
                X86,
                "`hooks/stop` is built for aarch64, needed x86_64: build it for x86_64-unknown-linux-gnu, or pass `--target \
                 aarch64-unknown-linux-gnu` if the host is aarch64",
            ),
            (
                "another processor, the other way",
                program(x86(), &[], &[]),
                ARM,
                "`hooks/stop` is built for x86_64, needed aarch64",
            ),
            ("a rare processor", program(Err(243), &[], &[]), X86, "(ELF machine 243), needed x86_64"),
            (
                "too new",
                program(x86(), &[], &[("statx", "GLIBC_2.28"), ("dlsym", "GLIBC_2.34"), ("read", "GLIBC_2.2.5")]),
                X86,
                "`hooks/stop` needs GLIBC_2.34 for `dlsym` (and 1 more), needed nothing newer than GLIBC_2.17",
            ),
            ("private", program(x86(), &[], &[("x", "GLIBC_PRIVATE")]), X86, "needs GLIBC_PRIVATE for `x`, needed"),
            (
                "a library",
                program(x86(), &["libc.so.6", "libssl.so.3"], &[]),
                X86,
                "asks for the library `libssl.so.3`",
            ),
            ("musl from outside", program(x86(), &["libc.so"], &[]), MUSL, "needed none at all"),
        ] {
            let wrong = check_program("hooks/stop", &program, target, &"2.17".parse().unwrap());
            assert_eq!(wrong.is_empty(), told.is_empty(), "{name}: {wrong:?}");
            assert!(wrong.iter().all(|sentence| sentence.contains(told)), "{name}: {wrong:?}");
        }
    }

    #[test]
    fn what_is_no_program_at_all_is_refused() {
        for (bytes, told) in [(&b""[..], "is empty; needed a program"), (b"#!/bin/sh\n", "is a script; needed")] {
            let wrong = check("hooks/stop", bytes, X86, &"2.17".parse().unwrap());
            assert!(wrong[0].contains(told), "{wrong:?}");
        }
    }

    #[test]
    fn a_program_of_this_machine_is_refused_for_the_other_one_and_under_an_older_library() {
        let own = workstation::files::read(&std::env::current_exe().unwrap(), "this very program").unwrap();
        let (here, there) = if cfg!(target_arch = "x86_64") { (X86, ARM) } else { (ARM, X86) };
        assert_eq!(check("hooks/stop", &own, here, &"2.99".parse().unwrap()), Vec::<String>::new());
        assert!(check("hooks/stop", &own, there, &"2.99".parse().unwrap())[0].contains("is built for"));
        assert!(check("hooks/stop", &own, here, &"2.0".parse().unwrap())[0].contains("needs GLIBC_2."));
    }
}
