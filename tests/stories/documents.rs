//! What the documents say is what the code does.

use shared::error::Kind;
use shared::host::codedeploy::{Operation, Refusal};

const README: &str = include_str!("../../README.md");

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_code() {
    let rows: Vec<(u8, String)> = README
        .lines()
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            Some((cells.next()?.parse().ok()?, cells.next()?.to_owned()))
        })
        .collect();
    let mut wanted = vec![(0, "done".to_owned())];
    wanted.extend(Kind::ALL.iter().map(|kind| (kind.exit_code(), kind.meaning().to_owned())));
    assert_eq!(rows, wanted);
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
fn the_hooks_that_the_readme_bundles_are_those_of_appspec() {
    for hook in crate::rig::HOOKS {
        assert!(README.contains(&format!("hooks/{hook}")), "{hook}");
    }
}
