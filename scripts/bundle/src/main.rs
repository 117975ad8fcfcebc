//! `bundle`: the program behind `scripts/bundle.sh`. What it says on standard output is only the result.

mod arguments;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use bundle::archive::{self, Entry};
use bundle::assembly::{Host, Sources};
use bundle::checksum;
use bundle::date::Date;
use bundle::released::Identity;
use bundle::sbom::{self, Subject};
use bundle::table::megabytes;
use bundle::{document, hooks, released, table};
use clap::Parser;
use workstation::console::say;
use workstation::files;

use crate::arguments::{Arguments, Assemble, Command, Common, Release, Table};

fn main() -> ExitCode {
    let told = match Arguments::parse().command {
        Command::Assemble(arguments) => assemble(&arguments),
        Command::Table(arguments) => measure(&arguments),
        Command::Release(arguments) => release(&arguments),
        Command::Groups => Ok(hooks::groups().iter().map(|group| group.join(" ") + "\n").collect()),
    };
    let written = told.and_then(|text| Ok(std::io::stdout().lock().write_all(text.as_bytes())?));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn assemble(arguments: &Assemble) -> anyhow::Result<String> {
    let Assemble { common, output, target, .. } = arguments;
    let date = Date::from_seconds(common.date)?;
    let mut sources = sources(common);
    sources.jar = Some(arguments.jar.clone());
    let parts = sources.read()?;
    let host = Host { target: *target, glibc: arguments.glibc.clone() };
    for warning in parts.check(&host)? {
        say(&format!("warning: {warning}"));
    }
    let entries = parts.entries();
    let zip = archive::write(&entries, date)?;
    let name = output.file_name().and_then(|name| name.to_str()).context("`--output` has no file name")?;
    let subject =
        Subject { project: &arguments.project, target: *target, date, name, zip: Some(&zip), entries: &entries };
    let bill = sbom::of(subject)?;
    files::write(output, &zip)?;
    files::write(&output.with_file_name(format!("{name}.sha256")), checksum::line(&zip, name).as_bytes())?;
    files::write(&output.with_file_name(format!("{name}.cdx.json")), bill.as_bytes())?;
    Ok(told(output, &zip, &entries))
}

fn release(arguments: &Release) -> anyhow::Result<String> {
    let Release { common, output, target, .. } = arguments;
    let date = Date::from_seconds(common.date)?;
    let parts = sources(common).read()?;
    let host = Host { target: *target, glibc: arguments.glibc.clone() };
    for warning in parts.check(&host)? {
        say(&format!("warning: {warning}"));
    }
    let name = output.file_name().and_then(|name| name.to_str()).context("`--output` has no file name")?;
    let stem = name.strip_suffix(".zip").context("`--output` does not end in `.zip`, needed the name of a zip")?;
    let identity = Identity { name: stem, commit: &arguments.commit, target: *target, date };
    let entries = released::entries(&arguments.project, &parts, identity)?;
    let zip = archive::write(&entries, date)?;
    files::write(output, &zip)?;
    files::write(&output.with_file_name(format!("{name}.sha256")), checksum::line(&zip, name).as_bytes())?;
    Ok(told(output, &zip, &entries))
}

/// What was written, and what is in it.
fn told(output: &Path, zip: &[u8], entries: &[Entry]) -> String {
    let mut text =
        format!("{}\n{} MB, sha256 {}\n\n", output.display(), megabytes(zip.len() as u64), checksum::sha256(zip));
    for entry in entries {
        let mode = if entry.executable { "0755" } else { "0644" };
        // Writing to a `String` cannot fail.
        let _infallible = writeln!(text, "{mode} {:>9} MB  {}", megabytes(entry.bytes.len() as u64), entry.path);
    }
    text
}

fn measure(arguments: &Table) -> anyhow::Result<String> {
    let parts = sources(&arguments.common).read()?;
    let table = table::Table::measure(&parts, Date::from_seconds(arguments.common.date)?)?;
    let mut text = table.markdown();
    if let Some(built) = &arguments.built {
        text = format!("{text}\n{built}\n");
    }
    if let Some(path) = &arguments.document {
        let new = document::replaced(&files::read_text(path, "the document to write into")?, "table", &text)
            .with_context(|| format!("`{}` could not be renewed", path.display()))?;
        files::write(path, new.as_bytes())?;
    }
    let faults = table.faults();
    if !faults.is_empty() {
        say(&text);
        bail!("{}", faults.join("\nerror: "));
    }
    Ok(text)
}

fn sources(common: &Common) -> Sources {
    Sources {
        binaries: common.binaries.clone(),
        jar: None,
        app_spec: common.appspec.clone(),
        settings: common.settings.clone(),
    }
}
