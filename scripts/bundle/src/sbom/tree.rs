//! What is linked into a program, as `cargo tree --prefix depth` prints it: unlike Cargo's metadata, with the features that one
//! call of Cargo really builds with.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;

use super::ByPackage;

/// A crate of a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
}

/// Who needs whom in what one call of Cargo builds: in another call the same crate can have other features. The project's own libraries are part of the hooks: what they need counts as the hook's own need.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    hooks: BTreeMap<String, BTreeSet<Package>>,
    crates: ByPackage<BTreeSet<Package>>,
}

/// A line of `cargo tree`.
#[derive(Clone, Debug)]
struct Line {
    depth: usize,
    package: Package,
    own: bool,
}

impl Tree {
    /// What Cargo printed for the programs that it builds in one call.
    pub(super) fn of(text: &str) -> anyhow::Result<Tree> {
        let mut tree = Tree::default();
        let lines: Vec<Line> = text.lines().filter(|line| !line.is_empty()).map(read).collect::<Result<_, _>>()?;
        // Of a package that was printed before, Cargo leaves out what is below it; so the project's own are remembered.
        let mut below_own: BTreeMap<String, BTreeSet<Package>> = BTreeMap::new();
        let mut needs_own: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut stack: Vec<&Line> = Vec::new();
        let mut roots = Vec::new();
        for line in &lines {
            stack.truncate(line.depth);
            if let Some(parent) = stack.last() {
                match (parent.own, line.own) {
                    (true, true) => {
                        needs_own.entry(parent.package.name.clone()).or_default().insert(line.package.name.clone());
                    }
                    (true, false) => {
                        below_own.entry(parent.package.name.clone()).or_default().insert(line.package.clone());
                    }
                    (false, _) => {
                        tree.crates.entry(parent.package.clone()).or_default().insert(line.package.clone());
                    }
                }
            } else {
                roots.push(line.package.name.clone());
            }
            stack.push(line);
        }
        for root in roots {
            let mut found = BTreeSet::new();
            let mut seen = BTreeSet::new();
            let mut open = vec![root.clone()];
            while let Some(name) = open.pop() {
                if seen.insert(name.clone()) {
                    found.extend(below_own.get(&name).into_iter().flatten().cloned());
                    open.extend(needs_own.get(&name).into_iter().flatten().cloned());
                }
            }
            tree.hooks.insert(root, found);
        }
        Ok(tree)
    }

    /// What a hook, with the project's own libraries, needs at first hand.
    pub(super) fn direct(&self, hook: &str) -> Vec<&Package> {
        self.hooks.get(hook).into_iter().flatten().collect()
    }

    /// What a crate needs.
    pub(super) fn dependencies(&self, package: &Package) -> Vec<&Package> {
        self.crates.get(package).into_iter().flatten().collect()
    }

    /// All that is linked into a hook.
    pub(super) fn closure(&self, hook: &str) -> BTreeSet<&Package> {
        let mut found = BTreeSet::new();
        let mut open = self.direct(hook);
        while let Some(package) = open.pop() {
            if found.insert(package) {
                open.extend(self.dependencies(package));
            }
        }
        found
    }
}

/// `2tokio v1.54.1 (*)`, or with a path in brackets for one of the project's own.
fn read(line: &str) -> anyhow::Result<Line> {
    let told = || format!("`cargo tree` printed `{line}`, needed a depth, a name and a version");
    let digits = line.find(|letter: char| !letter.is_ascii_digit()).with_context(told)?;
    let (depth, rest) = line.split_at(digits);
    let mut words = rest.splitn(3, ' ');
    let name = words.next().unwrap_or_default().to_owned();
    let version = words.next().and_then(|word| word.strip_prefix('v')).with_context(told)?.to_owned();
    let own = words.next().is_some_and(|rest| rest.starts_with("(/"));
    Ok(Line { depth: depth.parse().with_context(told)?, package: Package { name, version }, own })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_projects_own_libraries_need_is_the_hooks_own_need_within_one_call_of_cargo() {
        let without = Tree::of("0stop v0.1.0 (/x/hooks/stop)\n1shared v0.1.0 (/x/shared)\n2toml v1.2.1+spec\n3serde v1.0.0\n\n0start v0.1.0 (/x)\n1shared v0.1.0 (/x/shared) (*)\n")
            .unwrap();
        let with = Tree::of("0health v0.1.0 (/x/hooks/health)\n1shared v0.1.0 (/x/shared)\n2rustls v0.23.0\n3ring v0.17.0\n2toml v1.2.1+spec\n3serde v1.0.0\n3ring v0.17.0\n")
            .unwrap();
        let closure =
            |tree: &Tree, hook: &str| tree.closure(hook).iter().map(|package| package.name.clone()).collect::<Vec<_>>();
        assert_eq!(closure(&without, "stop"), ["serde", "toml"]);
        assert_eq!(closure(&without, "start"), ["serde", "toml"]);
        assert_eq!(closure(&with, "health"), ["ring", "rustls", "serde", "toml"]);
        assert_eq!(without.direct("stop")[0].version, "1.2.1+spec");
    }

    #[test]
    fn a_line_of_another_kind_is_told() {
        for line in ["tokio v1.0.0", "1tokio", "1tokio 1.0.0", "12"] {
            assert!(read(line).unwrap_err().to_string().contains(line), "{line}");
        }
    }
}
