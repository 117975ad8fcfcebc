//! moto, and where it agrees with the ready-made answers.

use std::collections::BTreeSet;

use codedeploy_stub::answers::DeploymentInfo;
use codedeploy_stub::{HttpRequest, Moto};
use serde_json::{Value, json};

#[test]
fn moto_knows_the_deployment_that_was_made_there_by_the_fields_of_the_ready_made_answer() {
    let moto = Moto::start().unwrap();
    let answer = moto.call("GetDeployment", &json!({"deploymentId": moto.deployment_id()})).unwrap();
    let info = &answer["deploymentInfo"];
    assert_eq!(info["deploymentId"], moto.deployment_id());
    assert_eq!(
        (&info["applicationName"], &info["deploymentGroupName"]),
        (&Moto::APPLICATION.into(), &Moto::GROUP.into())
    );
    assert_eq!((&info["status"], &info["creator"]), (&"Created".into(), &"user".into()));
    // One that has not begun, as moto's never do.
    let ours =
        DeploymentInfo::new("d-1").times(1.5, None, None).rollback_of("d-2", "message").error("TIMEOUT", "message");
    let ours = ours.json();
    let unknown: Vec<_> = names(&ours["deploymentInfo"]).difference(&names(info)).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(names(&ours["deploymentInfo"]["deploymentOverview"]), names(&info["deploymentOverview"]));

    let group = json!({"applicationName": Moto::APPLICATION, "deploymentGroupName": Moto::GROUP});
    let listed = moto.call("ListDeployments", &group).unwrap();
    assert_eq!(listed["deployments"], json!([moto.deployment_id()]));

    let refused = moto.call("GetDeployment", &json!({"deploymentId": "d-NONE"})).unwrap_err().to_string();
    assert!(refused.starts_with("moto answered `GetDeployment` with 400: "), "{refused}");
    assert!(refused.contains("DeploymentDoesNotExistException"), "{refused}");

    let address = moto.endpoint().strip_prefix("http://").unwrap().parse().unwrap();
    drop(moto);
    assert!(HttpRequest::new("GET", "/").send(address).is_err(), "the server has outlived its value");
}

fn names(fields: &Value) -> BTreeSet<String> {
    fields.as_object().unwrap().keys().cloned().collect()
}
