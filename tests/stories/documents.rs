//! What the documents say is what the code does.

use std::path::Path;

use shared::config::{self, CutoverWay, SettingsFile};
use shared::error::ExitCodeRow;
use shared::host::codedeploy::{Operation, Refusal};

use crate::repository::{Text, extension, root, texts};

const README: &str = include_str!("../../README.md");

/// Where the table of exit codes begins and ends.
const EXIT_CODES: [&str; 2] = ["<!-- from shared/src/error.rs -->\n", "<!-- end -->\n"];

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_code() {
    let heading = ["| exit code | means | what serves |\n| --- | --- | --- |\n".to_owned()];
    let row = |ExitCodeRow { code, meaning, serves }: ExitCodeRow| format!("| {code} | {meaning} | {serves} |\n");
    let wanted: String = heading.into_iter().chain(ExitCodeRow::all().map(row)).collect();
    let block = README.split_once(EXIT_CODES[0]).and_then(|(_, rest)| rest.split_once(EXIT_CODES[1]));
    let found = block.map_or("no such block", |(block, _)| block);
    assert!(found == wanted, "README.md has\n{found}\nbut the code says; put this into README.md:\n{wanted}");
}

#[test]
fn each_exit_code_has_its_place_in_the_document_for_whoever_is_on_call() {
    const DOCUMENT: &str = include_str!("../../docs/exit-codes.md");
    let wanted: Vec<String> =
        ExitCodeRow::all().skip(1).map(|ExitCodeRow { code, meaning, .. }| format!("## {code}: {meaning}")).collect();
    let found: Vec<&str> = DOCUMENT.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(found, wanted);
}

#[test]
fn the_readme_names_only_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in [
        "scripts/simulate.sh",
        "scripts/test.sh",
        "scripts/install.sh",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "appspec.yml",
        "hooks.toml",
        "docs/nginx.md",
    ] {
        assert!(README.contains(name), "`{name}` is not in README.md");
        assert!(root.join(name).exists(), "`{name}` does not exist");
    }
}

#[test]
fn the_policies_that_a_missing_permission_points_to_exist_and_grant_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for operation in [
        Operation::GetDeployment,
        Operation::ListDeploymentTargets,
        Operation::GetDeploymentTarget,
        Operation::PutLifecycleEventHookExecutionStatus,
    ] {
        let advice = Refusal::Denied(operation).advice().unwrap();
        let file = advice.split("see ").nth(1).unwrap().trim_end_matches(')');
        let policy = std::fs::read_to_string(root.join(file)).unwrap_or_else(|cause| panic!("{file}: {cause}"));
        assert!(
            policy.contains(&format!("\"codedeploy:{}\"", operation.name())),
            "{file} does not grant {operation:?}"
        );
    }
}

#[test]
fn i17_the_component_that_the_document_shows_is_the_one_that_the_sample_was_tried_with() {
    const SHOWN: &str = include_str!("../../docs/standby.md");
    const TRIED: &str = include_str!("../spring-app/src/main/java/sample/LiveSlot.java");
    let class = TRIED.find("@Component").map(|at| &TRIED[at..]).expect("it is a component");
    assert!(
        SHOWN.contains(&format!("LiveSlot.java -->\n```java\n{class}```\n<!-- end -->")),
        "docs/standby.md needs\n{class}"
    );
}

#[test]
fn the_hooks_that_the_readme_bundles_are_those_of_appspec() {
    for hook in crate::rig::HOOKS {
        assert!(README.contains(&format!("hooks/{hook}")), "{hook}");
    }
}

/// `scripts/install.sh` runs on a host alone, so it has the defaults of the keys that it reads once more.
#[test]
fn the_installation_takes_for_a_key_that_nobody_writes_what_the_hooks_take() {
    let script = include_str!("../../scripts/install.sh");
    let settings = config::settings(SettingsFile::parse("", "")).unwrap();
    let proxy = &settings.proxy;
    let cutover = if proxy.cutover == CutoverWay::Reload { "reload" } else { "instant" };
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let name = path(Path::new(proxy.include.file_stem().unwrap()));
    let mut asked = 0;
    for (key, default) in [
        ("app.directory", path(&settings.app.directory)),
        ("app.supervisor", settings.app.supervisor.to_string()),
        ("proxy.cutover", cutover.to_owned()),
        ("proxy.include", path(&proxy.include)),
        ("proxy.upstreams", path(&proxy.upstreams)),
        ("proxy.flag", path(&proxy.flag)),
        ("proxy.variable", proxy.variable.clone()),
        ("proxy.pid_file", path(&proxy.pid_file)),
    ] {
        let line = script
            .lines()
            .find(|line| line.starts_with(&format!("setting {key} ")) || line.starts_with(&format!("path {key} ")));
        let found = line.and_then(|line| line.split('\'').nth(1)).unwrap_or("no default");
        assert_eq!(found.replace("{name}", &name), default, "{key}");
        asked += 1;
    }
    assert_eq!(proxy.nginx, ["nginx"]);
    assert!(script.contains("\nnginx=nginx\n"), "`proxy.nginx`");
    let reads = |word: &str| script.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(reads("setting ") + reads("path "), asked, "each key that it reads is looked at here");
}

/// The documents that a text points to: words that end in `.md`, but for addresses.
fn documents_named(text: &str) -> Vec<&str> {
    let ends_a_path = |character: char| !(character.is_alphanumeric() || "._/-:$".contains(character));
    text.split(ends_a_path)
        .map(|word| word.trim_start_matches("$root/").trim_end_matches(['.', ':', '-', '/']))
        .filter(|word| word.len() > 3 && extension(word) == "md" && !word.contains("//"))
        .collect()
}

#[test]
fn no_text_points_to_a_document_that_is_not_in_the_repository() {
    let texts = texts();
    let names: Vec<&str> = texts.iter().map(|text| text.path.rsplit('/').next().unwrap_or_default()).collect();
    let mut lost = Vec::new();
    for Text { path, text } in &texts {
        let here = root().join(path).parent().unwrap().to_owned();
        for document in documents_named(text) {
            // A bare name is a document wherever it lies; a path leads from the root, or from where it is written.
            let known = if document.contains('/') {
                root().join(document).is_file() || here.join(document).is_file()
            } else {
                names.contains(&document)
            };
            if !known {
                lost.push(format!("{path} points to `{document}`, which is not there"));
            }
        }
        if text.contains(concat!(".md", " §")) {
            lost.push(format!("{path} points to a numbered section, and no document here has any"));
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn a_document_is_found_however_it_is_named() {
    for (text, wanted) in [
        ("(see docs/nginx.md).", &["docs/nginx.md"][..]),
        ("[nginx](nginx.md), `../../README.md#when`", &["nginx.md", "../../README.md"]),
        ("yaml \"$root/docs/travis.md\"; writes README.md.", &["docs/travis.md", "README.md"]),
        ("https://example.org/README.md, x.mdx, .md", &[]),
    ] {
        assert_eq!(documents_named(text), wanted, "{text}");
    }
}
