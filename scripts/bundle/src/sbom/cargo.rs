//! What Cargo knows: which crates one call builds, their licences, and the checksums in `Cargo.lock`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use workstation::{files, programs};

use super::ByPackage;
use super::document::{Component, Hash, Licence, Reference};
use super::notices::Licensed;
use super::tree::Package;
use crate::target::Target;

/// What the registry and the lock file say about each crate.
#[derive(Clone, Debug)]
pub(super) struct Packages {
    told: ByPackage<Told>,
    checksums: ByPackage<String>,
    own_version: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Told {
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct CargoMetadata {
    packages: Vec<Told>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Packages {
    pub(super) fn read(project: &Path, target: Target) -> anyhow::Result<Self> {
        let target = target.to_string();
        let arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform", &target];
        let metadata: CargoMetadata = serde_json::from_str(&cargo(project, &arguments)?)
            .context("`cargo metadata` printed no JSON of its kind")?;
        let path = project.join("Cargo.lock");
        let lock: Lock = toml::from_str(&files::read_text(&path, "the lock file")?)
            .with_context(|| format!("`{}` is no lock file", path.display()))?;
        let own = metadata.packages.iter().find(|package| package.name == "shared");
        let own_version = own.map(|package| package.version.clone()).context("the project has no crate `shared`")?;
        let key = |name: &str, version: &str| Package { name: name.to_owned(), version: version.to_owned() };
        Ok(Self {
            checksums: lock
                .package
                .into_iter()
                .filter_map(|locked| Some((key(&locked.name, &locked.version), locked.checksum?)))
                .collect::<BTreeMap<_, _>>(),
            told: metadata.packages.into_iter().map(|told| (key(&told.name, &told.version), told)).collect(),
            own_version,
        })
    }

    pub(super) fn version_of_the_project(&self) -> &str {
        &self.own_version
    }

    fn told(&self, package: &Package) -> anyhow::Result<&Told> {
        let Package { name, version } = package;
        self.told.get(package).with_context(|| format!("Cargo's metadata has no crate `{name}` {version}"))
    }

    /// A crate with its licence, and with where its sources are.
    pub(super) fn licensed(&self, package: &Package) -> anyhow::Result<Licensed> {
        let told = self.told(package)?;
        Ok(Licensed {
            name: format!("{} {}", package.name, package.version),
            licence: told.license.clone().unwrap_or_default(),
            sources: told.manifest_path.parent().map(Path::to_owned).unwrap_or_default(),
        })
    }

    /// A crate as a component.
    pub(super) fn component(&self, package: &Package, purl: String) -> anyhow::Result<Component> {
        let Package { name, version } = package;
        let told = self.told(package)?;
        let checksum = self.checksums.get(package);
        let checksum = checksum.with_context(|| format!("Cargo.lock has no checksum of `{name}` {version}"))?;
        Ok(Component {
            kind: "library",
            bom_ref: purl.clone(),
            name: name.clone(),
            version: Some(version.clone()),
            description: told.description.as_deref().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
            hashes: vec![Hash::sha256(checksum.clone())],
            // An older way to write "or".
            licenses: told.license.iter().map(|text| Licence { expression: text.replace('/', " OR ") }).collect(),
            purl: Some(purl),
            external_references: told
                .repository
                .iter()
                .map(|url| Reference { kind: "vcs", url: url.clone() })
                .collect(),
        })
    }
}

/// What one call of Cargo that builds these packages links, without what only runs while it builds.
pub(super) fn tree(project: &Path, target: Target, packages: &[&str]) -> anyhow::Result<String> {
    let target = target.to_string();
    let mut arguments = vec!["tree", "--locked", "--target", &target, "--edges", "normal,no-proc-macro"];
    arguments.extend(["--prefix", "depth", "--format", "{p}"]);
    arguments.extend(packages.iter().flat_map(|package| ["--package", package]));
    cargo(project, &arguments)
}

/// The compiler's version, which is that of the standard library in every program.
pub(super) fn rust_version(project: &Path) -> anyhow::Result<String> {
    let text = run("rustc".into(), project, &["--version"])?;
    text.split(' ').nth(1).map(str::to_owned).with_context(|| format!("`rustc --version` printed `{}`", text.trim()))
}

fn cargo(project: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    run(programs::variable("CARGO").unwrap_or_else(|| "cargo".into()), project, arguments)
}

fn run(program: OsString, project: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let shown = format!("{} {}", program.to_string_lossy(), arguments.join(" "));
    let output = programs::command(program).args(arguments).current_dir(project).output();
    let output = output.with_context(|| format!("`{shown}` could not be run: install Rust (with rustup)"))?;
    if !output.status.success() {
        bail!("`{shown}` failed with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not UTF-8"))
}
