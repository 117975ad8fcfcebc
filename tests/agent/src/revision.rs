//! Where the service says a bundle came from; hooks see it as `BUNDLE_*` variables.

/// A revision's location, as far as a hook can tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Revision {
    /// A local file or directory: no variable at all.
    #[default]
    Local,
    /// An object in S3.
    S3 {
        /// `BUNDLE_BUCKET`.
        bucket: String,
        /// `BUNDLE_KEY`.
        key: String,
        /// `BUNDLE_VERSION`; unset for a bucket without versions.
        version: Option<String>,
        /// `BUNDLE_ETAG`; unset when the deployment did not name one.
        etag: Option<String>,
    },
    /// A commit on `GitHub`.
    GitHub {
        /// `BUNDLE_COMMIT`.
        commit: String,
    },
}

impl Revision {
    /// The variables that are set for this revision.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Local => Vec::new(),
            Self::S3 { bucket, key, version, etag } => [
                ("BUNDLE_BUCKET", Some(bucket)),
                ("BUNDLE_KEY", Some(key)),
                ("BUNDLE_VERSION", version.as_ref()),
                ("BUNDLE_ETAG", etag.as_ref()),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.as_str())))
            .collect(),
            Self::GitHub { commit } => vec![("BUNDLE_COMMIT", commit)],
        }
    }
}
