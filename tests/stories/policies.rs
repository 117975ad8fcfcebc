//! What is granted at AWS is what is needed, and no more: the IAM policies in docs/iam, which docs/travis.md puts to use.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

/// The actions that AWS cannot narrow down to a resource.
const WITHOUT_RESOURCE: [&str; 3] = [
    "codedeploy:GetDeploymentTarget",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:PutLifecycleEventHookExecutionStatus",
];

const BUNDLES: &str = "arn:aws:s3:::BUCKET/bundles/*";
const APPLICATION: &str = "arn:aws:codedeploy:REGION:ACCOUNT_ID:application:APPLICATION";
const GROUP: &str = "arn:aws:codedeploy:REGION:ACCOUNT_ID:deploymentgroup:APPLICATION/GROUP";
const CONFIGURATION: &str = "arn:aws:codedeploy:REGION:ACCOUNT_ID:deploymentconfig:CodeDeployDefault.OneAtATime";
const EVERYTHING: &str = "*";

/// Every policy by the name of its file.
fn policies() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/iam");
    let policies: BTreeMap<String, Value> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let policy = serde_json::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|error| panic!("{name} is not JSON: {error}"));
            (name, policy)
        })
        .collect();
    assert!(!policies.is_empty(), "docs/iam holds no policy");
    policies
}

/// Every statement with the name of its file. One that stands alone need not be in a list for AWS; here it is.
fn statements() -> Vec<(String, Value)> {
    policies()
        .into_iter()
        .flat_map(|(name, policy)| {
            let statements =
                policy["Statement"].as_array().unwrap_or_else(|| panic!("{name} has no list of statements"));
            statements.iter().map(|statement| (name.clone(), statement.clone())).collect::<Vec<_>>()
        })
        .collect()
}

/// What IAM takes as a text or as a list of texts.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().map(|text| text.as_str().unwrap()).collect(),
        _ => panic!("{value} is neither a text nor a list of texts"),
    }
}

/// Each action of a policy with each resource that it is granted on.
fn grants(file: &str) -> BTreeSet<(String, String)> {
    let mut grants = BTreeSet::new();
    for (_, statement) in statements().iter().filter(|(name, _)| name == file) {
        for action in texts(&statement["Action"]) {
            for resource in texts(&statement["Resource"]) {
                grants.insert((action.to_owned(), resource.to_owned()));
            }
        }
    }
    grants
}

fn wanted(grants: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    grants.iter().map(|(action, resource)| ((*action).to_owned(), (*resource).to_owned())).collect()
}

#[test]
fn every_policy_is_written_in_the_current_language_and_says_what_each_statement_is_for() {
    for (name, policy) in policies() {
        assert_eq!(policy["Version"], "2012-10-17", "{name}");
        let keys: BTreeSet<&str> = policy.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["Statement", "Version"]), "{name}");
    }
    for (name, statement) in statements() {
        let purpose = statement["Sid"].as_str().unwrap_or_else(|| panic!("a statement of {name} has no Sid"));
        assert!(purpose.chars().all(|character| character.is_ascii_alphanumeric()), "{name}: IAM refuses {purpose}");
        assert_eq!(statement["Effect"], "Allow", "{name}, {purpose}");
    }
}

#[test]
fn no_policy_grants_a_whole_service_or_all_but_something() {
    for (name, statement) in statements() {
        for action in texts(&statement["Action"]) {
            assert!(!action.contains('*'), "{name} grants {action}");
            assert!(action.contains(':'), "{name} grants {action}, of no service");
        }
        for key in ["NotAction", "NotResource", "NotPrincipal"] {
            assert!(statement.get(key).is_none(), "{name} has {key}");
        }
    }
}

#[test]
fn a_policy_opens_every_resource_only_where_aws_knows_no_narrower_one() {
    for (name, statement) in statements().iter().filter(|(_, statement)| statement.get("Resource").is_some()) {
        for action in texts(&statement["Action"]) {
            for resource in texts(&statement["Resource"]) {
                if WITHOUT_RESOURCE.contains(&action) {
                    assert_eq!(resource, EVERYTHING, "{name}: AWS refuses {action} on anything but everything");
                } else {
                    let known = [BUNDLES, APPLICATION, GROUP, CONFIGURATION];
                    assert!(known.contains(&resource), "{name} grants {action} on {resource}");
                }
            }
        }
    }
}

#[test]
fn a_host_may_do_what_the_agent_and_the_hooks_do_and_nothing_else() {
    let host = wanted(&[
        ("codedeploy:GetDeployment", GROUP),
        ("codedeploy:GetDeploymentTarget", EVERYTHING),
        ("codedeploy:ListDeploymentTargets", EVERYTHING),
        ("s3:GetObject", BUNDLES),
        ("s3:GetObjectVersion", BUNDLES),
    ]);
    assert_eq!(grants("host.json"), host);
}

#[test]
fn continuous_integration_may_upload_and_deploy_and_nothing_else() {
    let everywhere = wanted(&[
        ("codedeploy:CreateDeployment", GROUP),
        ("codedeploy:GetApplicationRevision", APPLICATION),
        ("codedeploy:GetDeployment", GROUP),
        ("codedeploy:GetDeploymentConfig", CONFIGURATION),
        ("codedeploy:GetDeploymentTarget", EVERYTHING),
        ("codedeploy:ListDeploymentTargets", EVERYTHING),
        ("codedeploy:RegisterApplicationRevision", APPLICATION),
        ("s3:PutObject", BUNDLES),
    ]);
    assert_eq!(grants("ci.json"), everywhere);
    assert_eq!(grants("ci-travis.json"), wanted(&[("s3:GetObject", BUNDLES), ("s3:PutObjectAcl", BUNDLES)]));

    let (_, access_list) = statements()
        .into_iter()
        .find(|(_, statement)| texts(&statement["Action"]).contains(&"s3:PutObjectAcl"))
        .unwrap();
    assert_eq!(access_list["Condition"]["StringEquals"]["s3:x-amz-acl"], "bucket-owner-full-control");
}

#[test]
fn a_function_that_validates_may_report_its_result_and_nothing_else() {
    let function = wanted(&[("codedeploy:PutLifecycleEventHookExecutionStatus", EVERYTHING)]);
    assert_eq!(grants("validation-function.json"), function);
}

#[test]
fn a_role_is_taken_by_one_service_or_by_one_branch_of_one_repository() {
    let mut principals = BTreeMap::new();
    for (name, statement) in statements() {
        assert_eq!(name.ends_with("-trust.json"), statement.get("Principal").is_some(), "{name}");
        let Some(principal) = statement.get("Principal") else { continue };
        let principal = principal.as_object().unwrap_or_else(|| panic!("{name} lets anybody take the role"));
        let (kind, identity) = principal.iter().next().unwrap();
        assert_eq!((principal.len(), identity.is_string()), (1, true), "{name} lets more than one take the role");
        let equals = statement["Condition"]["StringEquals"].clone();
        let taken = (format!("{kind} {}", identity.as_str().unwrap()), equals);
        assert!(principals.insert(name.clone(), taken).is_none(), "{name} has more than one statement");
    }

    // An instance's role is handed to it through its profile, inside the account: AWS sets no key there to compare with.
    let github = "token.actions.githubusercontent.com";
    let wanted = BTreeMap::from([
        (
            "ci-github-trust.json".to_owned(),
            (
                format!("Federated arn:aws:iam::ACCOUNT_ID:oidc-provider/{github}"),
                serde_json::json!({
                    format!("{github}:aud"): "sts.amazonaws.com",
                    format!("{github}:sub"): "repo:REPOSITORY:ref:refs/heads/main",
                }),
            ),
        ),
        ("host-trust.json".to_owned(), ("Service ec2.amazonaws.com".to_owned(), Value::Null)),
        (
            "service-trust.json".to_owned(),
            (
                "Service codedeploy.amazonaws.com".to_owned(),
                serde_json::json!({ "aws:SourceAccount": "ACCOUNT_ID", "aws:SourceArn": GROUP }),
            ),
        ),
    ]);
    assert_eq!(principals, wanted);
}

#[test]
fn the_walkthrough_uses_every_policy_and_says_what_each_permission_is_for() {
    let walkthrough = include_str!("../../docs/travis.md");
    for name in policies().keys() {
        assert!(walkthrough.contains(name), "docs/travis.md does not use {name}");
    }
    for (name, statement) in statements().iter().filter(|(_, statement)| statement.get("Principal").is_none()) {
        for action in texts(&statement["Action"]) {
            assert!(walkthrough.contains(&format!("`{action}`")), "docs/travis.md does not explain {action} of {name}");
        }
    }
}
