//! The moments at which files change, from the kernel's notifications (inotify). Each moment is when the notification was
//! read: a little after the change, by a thread that does nothing else; never before it.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

/// How long its thread may outlive it.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Watches a directory until it is dropped.
#[derive(Debug)]
pub(crate) struct FileWatch {
    changes: Receiver<(Instant, String)>,
}

impl FileWatch {
    /// Begins to watch.
    ///
    /// # Errors
    /// The directory cannot be watched.
    pub(crate) fn begin(directory: &Path) -> anyhow::Result<Self> {
        let told = || format!("`{}` cannot be watched", directory.display());
        let descriptor = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).with_context(told)?;
        // A file is written in place, renamed into place, or removed.
        let flags = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE;
        inotify::add_watch(&descriptor, directory, flags).with_context(told)?;
        let (sender, changes) = mpsc::channel();
        thread::spawn(move || pass_on(&descriptor, &sender));
        Ok(Self { changes })
    }

    /// When the file of this name changed for the first time since the last call, if it did. All else is forgotten.
    pub(crate) fn first_change(&self, name: &str) -> Option<Instant> {
        // A notification that is there already is passed on within moments; the change itself is long past.
        let mut first = None;
        while let Ok((at, changed)) = self.changes.recv_timeout(Duration::from_millis(20)) {
            if changed == name {
                first.get_or_insert(at);
            }
        }
        first
    }
}

fn pass_on(descriptor: &OwnedFd, sender: &Sender<(Instant, String)>) {
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut reader = inotify::Reader::new(descriptor, &mut buffer);
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(BETWEEN_LOOKS.subsec_nanos()) };
    loop {
        match reader.next() {
            Ok(event) => {
                let at = Instant::now();
                let name = event.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if event.events().contains(ReadFlags::QUEUE_OVERFLOW) || sender.send((at, name)).is_err() {
                    return;
                }
            }
            // Sending nothing shows whether anybody still listens.
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&timeout)) {
                Ok(0) if sender.send((Instant::now(), String::new())).is_err() => return,
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            },
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "each way to change a file is tried by itself")]
    fn each_way_to_change_a_file_has_its_moment_and_other_files_have_none() {
        let directory = std::env::temp_dir().join(format!("bench-watch-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let path = |name: &str| directory.join(name);
        let watch = FileWatch::begin(&directory).unwrap();
        let changes: [(&str, &dyn Fn()); 4] = [
            ("written anew", &|| std::fs::write(path("flag"), "1").unwrap()),
            ("written in place", &|| std::fs::write(path("flag"), "2").unwrap()),
            ("removed", &|| std::fs::remove_file(path("flag")).unwrap()),
            ("renamed into place", &|| {
                std::fs::write(path("new"), "3").unwrap();
                std::fs::rename(path("new"), path("flag")).unwrap();
            }),
        ];
        for (name, change) in changes {
            let before = Instant::now();
            change();
            assert!(watch.first_change("flag").is_some_and(|at| at >= before), "{name}");
        }
        std::fs::write(path("other"), "1").unwrap();
        assert_eq!(watch.first_change("flag"), None);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
