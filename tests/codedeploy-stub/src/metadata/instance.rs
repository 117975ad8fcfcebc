//! The instance that the metadata are about.

use serde_json::{Value, json};

/// What stands for a role. None of it opens anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleCredentials {
    /// `AccessKeyId`.
    pub access_key_id: String,
    /// `SecretAccessKey`.
    pub secret_access_key: String,
    /// `Token`.
    pub session_token: String,
}

impl RoleCredentials {
    /// These three, so that a test can look for them where they must not be.
    #[must_use]
    pub fn new(access_key_id: &str, secret_access_key: &str, session_token: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            session_token: session_token.to_owned(),
        }
    }

    /// What the service answers for a role that has these.
    pub(crate) fn json(&self) -> Value {
        json!({
            "AccessKeyId": self.access_key_id,
            "Code": "Success",
            "Expiration": "2099-12-31T23:59:59Z",
            "LastUpdated": "2026-01-01T00:00:00Z",
            "SecretAccessKey": self.secret_access_key,
            "Token": self.session_token,
            "Type": "AWS-HMAC",
        })
    }
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) region: String,
    pub(crate) id: String,
    pub(crate) role: Option<(String, RoleCredentials)>,
}

impl Instance {
    /// The identity document, which on a real instance is also signed.
    pub(crate) fn document(&self) -> Value {
        json!({
            "accountId": "123456789012",
            "architecture": "x86_64",
            "availabilityZone": format!("{}a", self.region),
            "imageId": "ami-0123456789abcdef0",
            "instanceId": self.id,
            "instanceType": "t3.small",
            "kernelId": null,
            "pendingTime": "2026-01-01T00:00:00Z",
            "privateIp": "10.0.0.10",
            "region": self.region,
            "version": "2017-09-30",
        })
    }
}

impl Default for Instance {
    fn default() -> Self {
        let credentials = RoleCredentials::new("ASIAEXAMPLEOFATEST00", "secret-of-a-test", "session-of-a-test");
        Self {
            region: "eu-central-1".to_owned(),
            id: "i-0123456789abcdef0".to_owned(),
            role: Some(("instance-role".to_owned(), credentials)),
        }
    }
}
