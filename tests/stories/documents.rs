//! What the documents say is what the code does.

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
fn the_readme_names_only_files_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in [
        "scripts/simulate.sh",
        "scripts/test.sh",
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
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
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
