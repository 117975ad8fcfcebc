//! A host under test, and what happens to it behind the hook's back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fake_host::{AppAnswer, bare_launch};
use shared::host::{Host, Launch, Process, ProcessIdentity};

/// The hook runs as root.
pub(crate) const ROOT: u32 = 0;
/// The hook runs as an ordinary user.
pub(crate) const USER: u32 = 1000;

/// The profile of every release that a test starts.
pub(crate) const PROFILE: &str = "real2";

/// How long to wait for what has to come. Machines may be slow.
const AT_MOST: Duration = Duration::from_mins(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Which process of a release opens the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opens {
    Itself,
    Child,
    None,
}

/// What belongs to root, whoever the hook runs as.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    /// A directory that everybody may read, with a file `file` that everybody may read and one `secret` that nobody else may.
    pub(crate) directory: PathBuf,
    /// A process that listens.
    pub(crate) process: ProcessIdentity,
    /// Where it listens.
    pub(crate) port: u16,
}

/// A host under test.
pub(crate) trait Subject {
    type Host: Host;

    fn host(&self) -> &Self::Host;

    /// A directory that belongs to the hook's user.
    fn directory(&self) -> &Path;

    /// What belongs to root.
    fn foreign(&self) -> &Foreign;

    /// A FIFO, which whoever opens it would wait on.
    fn place_fifo(&self, path: &Path);

    /// A symbolic link.
    fn place_link(&self, path: &Path, to: &Path);

    /// A port that nobody listens on.
    fn free_port(&self) -> u16;

    /// Something that gives this answer to every request, and its port.
    fn serve(&self, answer: AppAnswer) -> u16;

    /// The command line of a release with this port.
    fn release(&self, opens: Opens, port: u16) -> Vec<String>;

    /// SIGTERM comes for the hook.
    fn interrupt(&self);

    /// A file in the directory of the hook's user.
    fn path(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// What launches a release.
    fn launch(&self, opens: Opens, port: u16) -> Launch {
        let bare = bare_launch(self.release(opens, port), self.directory(), &self.path("release.log"));
        Launch { environment: vec!["PATH".to_owned()], ..bare }
    }

    /// A launched release that opens no port.
    #[track_caller]
    fn launched(&self) -> Process {
        self.host().launch(&self.launch(Opens::None, self.free_port())).unwrap()
    }

    /// Waits until it holds.
    async fn until(&self, what: &str, holds: impl Fn(&Self::Host) -> bool) {
        let host = self.host();
        let deadline = host.elapsed() + AT_MOST;
        while !holds(host) {
            assert!(host.elapsed() < deadline, "waited {AT_MOST:?} until {what}");
            host.pause(BETWEEN_LOOKS).await.unwrap();
        }
    }

    /// Waits until a process that was launched has ended: how.
    async fn ended(&self, process: &ProcessIdentity) -> String {
        self.until("the process has ended", |host| host.ending(process).is_some()).await;
        self.host().ending(process).unwrap()
    }
}
