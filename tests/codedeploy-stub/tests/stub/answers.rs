//! The ready-made answers, field by field as the service's model names them.

use codedeploy_stub::answers::{self, DeploymentInfo, InstanceTarget, LifecycleEvent, s3_revision};
use serde_json::json;

#[test]
fn a_deployment_has_the_fields_of_the_model() {
    let answer = DeploymentInfo::new("d-ABCDEF123")
        .of("book", "test")
        .rollback_of("d-FAILED123", "rolled back")
        .mode("RESTART")
        .revision(s3_revision("bucket", "key.zip", "zip", Some("etag")))
        .previous_revision(s3_revision("bucket", "old.tgz", "tgz", None))
        .times(1.5, Some(2.5), Some(3.5))
        .overview([1, 2, 3, 4, 5, 6])
        .json();
    let expected = json!({"deploymentInfo": {
        "applicationName": "book",
        "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE"]},
        "completeTime": 3.5,
        "computePlatform": "Server",
        "createTime": 1.5,
        "creator": "codeDeployRollback",
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "deploymentGroupName": "test",
        "deploymentId": "d-ABCDEF123",
        "deploymentMode": "RESTART",
        "deploymentOverview":
            {"Pending": 1, "InProgress": 2, "Succeeded": 3, "Failed": 4, "Skipped": 5, "Ready": 6},
        "deploymentStyle": {"deploymentOption": "WITHOUT_TRAFFIC_CONTROL", "deploymentType": "IN_PLACE"},
        "fileExistsBehavior": "DISALLOW",
        "ignoreApplicationStopFailures": false,
        "instanceTerminationWaitTimeStarted": false,
        "previousRevision":
            {"revisionType": "S3", "s3Location": {"bucket": "bucket", "key": "old.tgz", "bundleType": "tgz"}},
        "revision": {
            "revisionType": "S3",
            "s3Location": {"bucket": "bucket", "key": "key.zip", "bundleType": "zip", "eTag": "etag"},
        },
        "rollbackInfo": {"rollbackTriggeringDeploymentId": "d-FAILED123", "rollbackMessage": "rolled back"},
        "startTime": 2.5,
        "status": "InProgress",
        "updateOutdatedInstancesOnly": false,
    }});
    assert_eq!(answer, expected);
}

#[test]
fn a_deployment_that_failed_says_why_and_what_came_after() {
    let answer = DeploymentInfo::new("d-1")
        .rolled_back_by("d-2", "made by CodeDeploy")
        .error("HEALTH_CONSTRAINTS", "too few healthy instances")
        .times(1.5, None, None)
        .json();
    let info = &answer["deploymentInfo"];
    assert_eq!(info["status"], "Failed");
    assert_eq!(info["creator"], "user");
    assert_eq!(info["rollbackInfo"], json!({"rollbackDeploymentId": "d-2", "rollbackMessage": "made by CodeDeploy"}));
    assert_eq!(info["errorInformation"], json!({"code": "HEALTH_CONSTRAINTS", "message": "too few healthy instances"}));
    assert!(info.get("startTime").is_none() && info.get("completeTime").is_none(), "{info}");
}

#[test]
fn an_instance_target_tells_its_lifecycle_events_in_order() {
    let failed = LifecycleEvent::new("ApplicationStart").status("Failed").started(3.5).ended(4.5).diagnostics(
        "ScriptFailed",
        "hooks/start",
        "Script at specified location: hooks/start failed with exit code 1",
        "[stderr]error",
    );
    let answer = InstanceTarget::new("d-1", "i-1")
        .status("Failed")
        .updated(5.5)
        .event(LifecycleEvent::succeeded("ApplicationStop", 1.5, 2.5))
        .event(failed)
        .event(LifecycleEvent::new("ValidateService"))
        .json();
    let expected = json!({"deploymentTarget": {"deploymentTargetType": "InstanceTarget", "instanceTarget": {
        "deploymentId": "d-1",
        "lastUpdatedAt": 5.5,
        "lifecycleEvents": [
            {
                "diagnostics": {"errorCode": "Success", "logTail": "", "message": "Succeeded", "scriptName": ""},
                "endTime": 2.5,
                "lifecycleEventName": "ApplicationStop",
                "startTime": 1.5,
                "status": "Succeeded",
            },
            {
                "diagnostics": {
                    "errorCode": "ScriptFailed",
                    "logTail": "[stderr]error",
                    "message": "Script at specified location: hooks/start failed with exit code 1",
                    "scriptName": "hooks/start",
                },
                "endTime": 4.5,
                "lifecycleEventName": "ApplicationStart",
                "startTime": 3.5,
                "status": "Failed",
            },
            {"lifecycleEventName": "ValidateService", "status": "Pending"},
        ],
        "status": "Failed",
        "targetArn": "arn:aws:ec2:eu-central-1:123456789012:instance/i-1",
        "targetId": "i-1",
    }}});
    assert_eq!(answer, expected);
}

#[test]
fn pages_and_the_taken_status_are_named_as_in_the_model() {
    assert_eq!(answers::targets(&["i-1", "i-2"], None), json!({"targetIds": ["i-1", "i-2"]}));
    assert_eq!(answers::targets(&[], Some("more")), json!({"targetIds": [], "nextToken": "more"}));
    assert_eq!(answers::deployments(&["d-1"], Some("more")), json!({"deployments": ["d-1"], "nextToken": "more"}));
    assert_eq!(answers::hook_status_taken("e-1"), json!({"lifecycleEventHookExecutionId": "e-1"}));
}
