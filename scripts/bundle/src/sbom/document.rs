//! The parts of `CycloneDX` 1.6 that are written here, in the order in which they are written.

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) bom_format: &'static str,
    pub(super) spec_version: &'static str,
    pub(super) version: u32,
    pub(super) metadata: Metadata,
    pub(super) components: Vec<Component>,
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Metadata {
    pub(super) timestamp: String,
    pub(super) tools: Tools,
    pub(super) component: Component,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Tools {
    components: Vec<Component>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "String::is_empty")]
    pub(super) bom_ref: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) licenses: Vec<Licence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purl: Option<String>,
    #[serde(rename = "externalReferences", skip_serializing_if = "Vec::is_empty")]
    pub(super) external_references: Vec<Reference>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Licence {
    pub(super) expression: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Reference {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) url: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Dependency {
    #[serde(rename = "ref")]
    pub(super) bom_ref: String,
    #[serde(rename = "dependsOn")]
    pub(super) depends_on: Vec<String>,
}

impl Tools {
    /// This program.
    pub(super) fn own() -> Self {
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        Self {
            components: vec![Component {
                kind: "application",
                name: "scripts/bundle.sh".to_owned(),
                version,
                ..Component::default()
            }],
        }
    }
}

impl Component {
    /// What the compiler brings along.
    pub(super) fn standard_library(bom_ref: String, version: &str) -> Self {
        Self {
            kind: "library",
            bom_ref,
            name: "std".to_owned(),
            version: Some(version.to_owned()),
            description: Some("Rust's standard library".to_owned()),
            licenses: vec![Licence { expression: "MIT OR Apache-2.0".to_owned() }],
            ..Self::default()
        }
    }
}

impl Hash {
    pub(super) fn sha256(content: String) -> Self {
        Self { alg: "SHA-256", content }
    }
}
