//! What actions do to nginx, with what became known of it on the way: its configuration, its workers before a reload, and whether
//! its own word was brought in.

use std::time::Duration;

use crate::config::{CutoverWay, Settings};
use crate::error::Result;
use crate::host::{Host, ProcessIdentity};
use crate::language::translated;
use crate::nginx::access::Access;
use crate::nginx::configuration;
use crate::nginx::configuration::tree::Node;
use crate::nginx::configuration_file::ConfigurationFile;
use crate::nginx::reload;
use crate::nginx::workers::{self, Worker};
use crate::report::Report;
use crate::route::{installation, ownership};
/// What became known of nginx.
#[derive(Debug, Default)]
pub(super) struct OnNginx {
    /// Its workers before it was told to reload; nothing if it was not told.
    workers_before: Option<Vec<Worker>>,
    /// Whether the reload that it was told of last was seen in force.
    reloaded: bool,
    /// Its configuration as it was last tested.
    configuration: Option<Vec<Node>>,
    /// Whether its own word was written by this run.
    word_written: bool,
}

impl OnNginx {
    /// Whether its configuration was looked at, and a site found in it that uses the include: one that has none is refused.
    pub(super) fn has_shown_a_site(&self) -> bool {
        self.configuration.is_some()
    }

    pub(super) async fn test(
        &mut self,
        host: &impl Host,
        settings: &Settings,
        access: &Access,
        for_flag: bool,
    ) -> Result<()> {
        let way = if for_flag { CutoverWay::Instant } else { CutoverWay::Reload };
        let tested = configuration::test(host, settings, access, way).await?;
        let checked = if for_flag { installation::check_configuration(settings, &tested.tree) } else { Ok(()) };
        self.configuration = Some(tested.tree);
        checked
    }

    pub(super) async fn reload(
        &mut self,
        host: &impl Host,
        master: &ProcessIdentity,
        access: &Access,
        at_most: Duration,
    ) -> Result<()> {
        let before = workers::workers(host, master);
        self.workers_before = Some(before.clone());
        self.reloaded = false;
        reload::reload(host, master, access, at_most, &before).await?;
        self.reloaded = true;
        Ok(())
    }

    pub(super) async fn reload_back(
        &self,
        host: &impl Host,
        master: &ProcessIdentity,
        access: &Access,
        at_most: Duration,
    ) -> Result<()> {
        match &self.workers_before {
            Some(before) => reload::reload_back(host, master, access, at_most, before, self.reloaded).await,
            None => Ok(()),
        }
    }

    /// What nobody reads is not written. What nginx refuses is put back, and the cutover goes on without it.
    pub(super) async fn write_word(
        &mut self,
        host: &impl Host,
        settings: &Settings,
        report: &Report,
        access: &Access,
        [bytes, before]: [&[u8]; 2],
    ) -> Result<()> {
        let file = &access.upstreams;
        let read = self.configuration.as_ref().is_some_and(|tree| installation::reads_at_http(tree, &file.path));
        if !read || ownership::check_files(host, settings).is_err() {
            return Ok(());
        }
        file.write(host, bytes).await?;
        self.word_written = true;
        if let Err(cause) = configuration::test(host, settings, access, CutoverWay::Reload).await {
            file.write(host, before).await?;
            self.word_written = false;
            report.say(&translated!("note: nginx cannot be made to tell where it sends requests: {cause}"));
        }
        Ok(())
    }

    pub(super) async fn take_word_back(&self, host: &impl Host, file: &ConfigurationFile, bytes: &[u8]) -> Result<()> {
        if self.word_written { file.write(host, bytes).await } else { Ok(()) }
    }
}
