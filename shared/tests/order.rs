//! The order of the modules: each uses only modules that stand below it in `lib.rs`, so there is no circle and nothing runs up.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "it reads the sources that were just compiled: what fails ends the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// The modules that one file names by `crate::…`, wherever in it: imports, types, calls.
#[derive(Default)]
struct Uses {
    modules: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if let syn::UseTree::Path(path) = &item.tree
            && path.ident == "crate"
        {
            self.first_names(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        if names.next().as_deref() == Some("crate") {
            self.modules.extend(names.next());
        }
        visit::visit_path(self, path);
    }
}

impl Uses {
    fn first_names(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                self.modules.insert(path.ident.to_string());
            }
            syn::UseTree::Name(name) => {
                self.modules.insert(name.ident.to_string());
            }
            syn::UseTree::Rename(rename) => {
                self.modules.insert(rename.ident.to_string());
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.first_names(item)),
            syn::UseTree::Glob(_) => panic!("`use crate::*` hides what is used"),
        }
    }
}

fn modules_used_by(text: &str) -> BTreeSet<String> {
    let mut uses = Uses::default();
    uses.visit_file(&syn::parse_file(text).expect("the compiler has read it"));
    uses.modules
}

/// The modules, from the top down, as `lib.rs` declares them.
fn order(lib: &str) -> Vec<String> {
    let file = syn::parse_file(lib).expect("the compiler has read it");
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

/// What runs up: a sentence for each use of a module that does not stand below the one that uses it.
fn running_up(order: &[String], module: &str, file: &Path, text: &str) -> Vec<String> {
    let place = |name: &str| order.iter().position(|listed| listed == name);
    let own = place(module).unwrap_or_else(|| panic!("`{}` is in no module of lib.rs", file.display()));
    modules_used_by(text)
        .iter()
        .filter(|used| used.as_str() != module)
        .filter(|used| place(used).is_none_or(|used| used < own))
        .map(|used| format!("`{}` uses `crate::{used}`, which stands above `{module}` in lib.rs", file.display()))
        .collect()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the sources are there") {
        let path = entry.expect("the sources are there").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn each_module_uses_only_what_stands_below_it() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = sources.join("lib.rs");
    let order = order(&fs::read_to_string(&lib).expect("lib.rs is there"));
    let mut found = Vec::new();
    for path in rust_files(&sources).into_iter().filter(|path| *path != lib) {
        let relative = path.strip_prefix(&sources).expect("it lies below");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        found.extend(running_up(&order, module, relative, &fs::read_to_string(&path).expect("it is there")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn one_import_turned_round_is_found_however_it_is_written() {
    let order = ["plan", "host", "error"].map(str::to_owned);
    for (name, module, text, wanted) in [
        ("down", "plan", "use crate::host::Host;", 0),
        ("its own", "host", "use crate::host::facts::User;", 0),
        ("up", "host", "use crate::plan::Plan;", 1),
        ("up, in a group", "host", "use crate::{error::Error, plan::{Action, Plan}};", 1),
        ("up, renamed", "error", "use crate::host as machine;", 1),
        ("up, in a signature", "host", "fn f(plan: &crate::plan::Plan) {}", 1),
        ("up, in a test", "host", "#[cfg(test)] mod tests { use crate::plan::Plan; }", 1),
        ("to nowhere", "host", "use crate::tools::x;", 1),
    ] {
        let found = running_up(&order, module, Path::new("x.rs"), text);
        assert_eq!(found.len(), wanted, "{name}: {found:?}");
    }
}
