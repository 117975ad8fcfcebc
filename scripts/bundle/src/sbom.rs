//! The software bill of materials beside the zip: `CycloneDX`, what is linked into each hook. Without a random number and with the
//! commit's date only, so that the same commit gives the same bytes.

mod cargo;
mod document;
mod notices;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};

use self::cargo::Packages;
use self::document::{Component, Dependency, Document, Hash, Metadata, Tools};
use self::tree::{Package, Tree};
use crate::archive::Entry;
use crate::checksum::sha256;
use crate::date::Date;
use crate::hooks::{self, groups};
use crate::target::Target;

/// Crates that are a TLS stack, or its cryptography.
const TLS: [&str; 6] = ["aws-lc-sys", "native-tls", "openssl-sys", "ring", "rustls", "schannel"];

/// What the bill is of.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The project's directory.
    pub project: &'a Path,
    /// For which machine it was built.
    pub target: Target,
    /// The commit's date.
    pub date: Date,
    /// The zip's file name.
    pub name: &'a str,
    /// The zip; nothing where the bill lies in it.
    pub zip: Option<&'a [u8]>,
    /// What is in it.
    pub entries: &'a [Entry],
}

/// The bill as JSON.
///
/// # Errors
/// Cargo cannot tell what is linked, or a hook without the API would link a TLS stack.
pub fn of(subject: Subject<'_>) -> anyhow::Result<String> {
    let packages = Packages::read(subject.project, subject.target)?;
    let trees = trees(subject.project, subject.target)?;
    render(subject, &packages, &trees, &cargo::rust_version(subject.project)?)
}

/// The licences of what is linked into any hook, with their texts: whoever passes the programs on passes these on as well.
///
/// # Errors
/// Cargo cannot tell what is linked, or where its sources are.
pub fn notices(project: &Path, target: Target) -> anyhow::Result<String> {
    let packages = Packages::read(project, target)?;
    let trees = trees(project, target)?;
    let linked: BTreeSet<&Package> =
        hooks::all().iter().flat_map(|hook| trees.iter().flat_map(|tree| tree.closure(hook.name))).collect();
    let own = linked.into_iter().map(|package| packages.licensed(package));
    notices::render(&own.collect::<anyhow::Result<Vec<_>>>()?, &cargo::rust_version(project)?)
}

fn trees(project: &Path, target: Target) -> anyhow::Result<Vec<Tree>> {
    groups().into_iter().map(|group| Tree::of(&cargo::tree(project, target, &group)?)).collect()
}

fn render(subject: Subject<'_>, packages: &Packages, trees: &[Tree], rust: &str) -> anyhow::Result<String> {
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut linked: BTreeSet<&Package> = BTreeSet::new();
    let own = |entry: &Entry| reference("file", &entry.path);
    for entry in subject.entries {
        let hook = hooks::all().into_iter().find(|hook| hook.location() == entry.path);
        let version = hook.map(|_| packages.version_of_the_project());
        components.push(Component {
            kind: if hook.is_some() { "application" } else { "file" },
            bom_ref: own(entry),
            name: entry.path.clone(),
            version: version.map(str::to_owned),
            hashes: vec![Hash::sha256(sha256(&entry.bytes))],
            ..Component::default()
        });
        let Some(hook) = hook else { continue };
        let closure: BTreeSet<&Package> = trees.iter().flat_map(|tree| tree.closure(hook.name)).collect();
        if let Some(package) = closure.iter().find(|package| !hook.api && TLS.contains(&package.name.as_str())) {
            bail!(
                "`{}` would link the crate `{}`, needed no TLS stack in a hook without the API: see which feature asks for it \
                 with `cargo tree -p {} -i {}`",
                entry.path,
                package.name,
                hook.name,
                package.name
            );
        }
        linked.extend(closure);
        let direct = trees.iter().flat_map(|tree| tree.direct(hook.name));
        let mut depends_on: Vec<String> = direct.map(purl).collect();
        depends_on.push(reference("toolchain", "std"));
        dependencies.push(Dependency { bom_ref: own(entry), depends_on });
    }
    for package in &linked {
        components.push(packages.component(package, purl(package))?);
        let needs: BTreeSet<&Package> = trees.iter().flat_map(|tree| tree.dependencies(package)).collect();
        let depends_on = needs.into_iter().map(purl).collect();
        dependencies.push(Dependency { bom_ref: purl(package), depends_on });
    }
    components.push(Component::standard_library(reference("toolchain", "std"), rust));
    let root = Component {
        kind: "application",
        bom_ref: subject.name.to_owned(),
        name: subject.name.to_owned(),
        version: Some(packages.version_of_the_project().to_owned()),
        description: Some(format!("Lifecycle hooks for AWS CodeDeploy, for {}", subject.target)),
        hashes: subject.zip.iter().map(|zip| Hash::sha256(sha256(zip))).collect(),
        ..Component::default()
    };
    let all = subject.entries.iter().map(own).collect();
    dependencies.insert(0, Dependency { bom_ref: subject.name.to_owned(), depends_on: all });
    let document = Document {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        metadata: Metadata { timestamp: subject.date.text(), tools: Tools::own(), component: root },
        components,
        dependencies,
    };
    let text = serde_json::to_string_pretty(&document).context("the bill of materials could not be written as JSON")?;
    Ok(text + "\n")
}

fn reference(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

/// How the world calls a crate.
fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version.replace('+', "%2B"))
}

/// Keyed by name and version.
type ByPackage<T> = BTreeMap<Package, T>;

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target = Target { machine: crate::target::Machine::X8664, library: crate::target::Library::Gnu };

    fn bill(entries: &[Entry]) -> serde_json::Value {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let date = Date::from_seconds(1_764_086_400).unwrap();
        let subject = Subject { project: &project, target: TARGET, date, name: "a.zip", zip: Some(b"zip"), entries };
        let text = of(subject).unwrap();
        assert_eq!(text, of(subject).unwrap());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn every_crate_that_is_linked_is_told_once_with_its_hash_and_licence_and_nothing_that_only_builds() {
        let entries: Vec<Entry> = hooks::all()
            .iter()
            .map(|hook| Entry::program(hook.location(), b"elf".to_vec()))
            .chain([Entry::file("a.jar", vec![1])])
            .collect();
        let bill = bill(&entries);
        let components = bill["components"].as_array().unwrap();
        let named = |name: &str| components.iter().filter(|component| component["name"] == name).collect::<Vec<_>>();
        let tokio = named("tokio");
        assert_eq!(tokio.len(), 1);
        assert_eq!(tokio[0]["hashes"][0]["content"].as_str().unwrap().len(), 64);
        assert_eq!(tokio[0]["licenses"][0]["expression"], "MIT");
        assert!(tokio[0]["purl"].as_str().unwrap().starts_with("pkg:cargo/tokio@1."));
        for builds in ["serde_derive", "clap_derive", "proc-macro2", "proptest", "shared", "bundle"] {
            assert_eq!(named(builds).len(), 0, "`{builds}` is not linked, or is ours");
        }
        assert_eq!(named("std")[0]["version"], "1.95.0");
        assert_eq!(named("a.jar")[0]["type"], "file");
        // Whatever is referred to is there, once.
        let mut references: Vec<&str> =
            components.iter().map(|component| component["bom-ref"].as_str().unwrap()).collect();
        references.push(bill["metadata"]["component"]["bom-ref"].as_str().unwrap());
        let mut unique = references.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), references.len());
        for dependency in bill["dependencies"].as_array().unwrap() {
            assert!(references.contains(&dependency["ref"].as_str().unwrap()), "{dependency}");
            for reference in dependency["dependsOn"].as_array().unwrap() {
                assert!(references.contains(&reference.as_str().unwrap()), "{reference}");
            }
        }
        assert_eq!(bill["metadata"]["timestamp"], "2025-11-25T16:00:00Z");
        assert_eq!(bill.get("serialNumber"), None);
    }
}
