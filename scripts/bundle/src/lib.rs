//! The artifact: what `CodeDeploy` is given. In the order the data flows: which hooks there are (`hooks`) and for which
//! machine (`target`), what their files say (`elf`, `glibc`, `tls`), what would fail on the host and is refused here
//! (`programs`, `app_spec`, `jar`, `timeouts`), the zip (`assembly`, `archive`), and what lies beside it (`checksum`, `sbom`).
//! `released` is the archive of which those who have no Rust make a bundle.
//! `table` measures, `document` keeps what was measured in `docs/artifact.md`.

/// The hooks.
pub mod hooks;

/// For which machine.
pub mod target;

/// What a program's file says.
pub mod elf;

/// Versions of the C library.
pub mod glibc;

/// Whether TLS is inside.
pub mod tls;

/// What the programs must be.
pub mod programs;

/// What `appspec.yml` must say.
pub mod app_spec;

/// What the jar must be.
pub mod jar;

/// Whether the timeouts are long enough.
pub mod timeouts;

/// What goes in, checked.
pub mod assembly;

/// The zip.
pub mod archive;

/// The one date of everything in it.
pub mod date;

/// The `.sha256` beside it.
pub mod checksum;

/// The software bill of materials beside it.
pub mod sbom;

/// The archive for those who build no hooks.
pub mod released;

/// Sizes and needs.
pub mod table;

/// The part of a document that a command writes.
pub mod document;
