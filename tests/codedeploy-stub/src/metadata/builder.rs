//! A metadata service that has not been started yet.

use std::time::Duration;

use crate::error::Result;
use crate::metadata::instance::{Instance, RoleCredentials};
use crate::metadata::{MetadataStub, Mood};

/// Says whose metadata it is and how they are given.
#[derive(Debug)]
pub struct MetadataBuilder {
    instance: Instance,
    mood: Mood,
}

impl MetadataBuilder {
    pub(crate) fn new() -> Self {
        Self { instance: Instance::default(), mood: Mood::Prompt }
    }

    /// Of an instance in this region.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.instance.region);
        self
    }

    /// Of the instance of this id.
    #[must_use]
    pub fn instance_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.instance.id);
        self
    }

    /// Of an instance with this role, and what stands for it.
    #[must_use]
    pub fn role(mut self, name: &str, credentials: RoleCredentials) -> Self {
        self.instance.role = Some((name.to_owned(), credentials));
        self
    }

    /// Of an instance that has no role: 404 where it would be named.
    #[must_use]
    pub fn without_role(mut self) -> Self {
        self.instance.role = None;
        self
    }

    /// Whose service is switched off: 403 for everything.
    #[must_use]
    pub fn disabled(self) -> Self {
        self.mood(Mood::Disabled)
    }

    /// Whose service reads every request and never answers.
    #[must_use]
    pub fn silent(self) -> Self {
        self.mood(Mood::Silent)
    }

    /// Whose service takes this long for every answer.
    #[must_use]
    pub fn slow(self, delay: Duration) -> Self {
        self.mood(Mood::Slow(delay))
    }

    fn mood(mut self, mood: Mood) -> Self {
        self.mood = mood;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// No port, thread or runtime could be had.
    pub fn start(self) -> Result<MetadataStub> {
        MetadataStub::serve(self.instance, self.mood)
    }
}
