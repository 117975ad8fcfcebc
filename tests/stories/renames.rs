//! What nginx reads appears by a rename within its own directory: a file that was made elsewhere would bring that place's label of
//! `SELinux` with it, and nginx could not read it (F74).

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use demo_app::Jar;
use rustix::fs::inotify;

use crate::rig::Rig;

/// Notes what appears in directories, as the kernel tells it.
struct Watch {
    notifier: OwnedFd,
    directories: Vec<(i32, PathBuf)>,
}

/// How a name came to be: made there, or moved from another one.
#[derive(Debug, PartialEq, Eq)]
struct Appeared {
    path: PathBuf,
    /// The name that it had before, in one of the watched directories; nothing where it was made or came from elsewhere.
    from: Option<PathBuf>,
    moved: bool,
}

impl Watch {
    fn on(directories: &[&Path]) -> Watch {
        let notifier = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        let flags = inotify::WatchFlags::CREATE | inotify::WatchFlags::MOVED_FROM | inotify::WatchFlags::MOVED_TO;
        let watch =
            |directory: &&Path| (inotify::add_watch(&notifier, *directory, flags).unwrap(), directory.to_path_buf());
        let directories = directories.iter().map(watch).collect();
        Watch { notifier, directories }
    }

    fn appeared(&self) -> Vec<Appeared> {
        let mut buffer = vec![const { std::mem::MaybeUninit::uninit() }; 65_536];
        let mut reader = inotify::Reader::new(&self.notifier, &mut buffer);
        let (mut left, mut appeared) = (std::collections::BTreeMap::new(), Vec::new());
        while let Ok(event) = reader.next() {
            let directory = self.directories.iter().find(|(id, _)| *id == event.wd()).unwrap();
            let path = directory.1.join(event.file_name().unwrap().to_str().unwrap());
            if event.events().contains(inotify::ReadFlags::MOVED_FROM) {
                left.insert(event.cookie(), path);
            } else {
                let moved = event.events().contains(inotify::ReadFlags::MOVED_TO);
                appeared.push(Appeared { path, from: left.remove(&event.cookie()).filter(|_| moved), moved });
            }
        }
        appeared
    }
}

#[test]
fn f74_what_nginx_reads_is_made_in_its_own_directory_and_renamed_there_so_that_it_has_the_label_of_its_place() {
    for (cutover, user) in [("reload", "root"), ("instant", "root"), ("reload", "nobody")] {
        let rig = if user == "root" { Rig::live_in("real1") } else { crate::permissions::stage_of_nobody() };
        rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
        let nginx = rig.host.nginx();
        let (include, flag) = (nginx.include_path(), nginx.flag_path());
        std::fs::create_dir_all(flag.parent().unwrap()).unwrap();
        let watch = Watch::on(&[include.parent().unwrap(), flag.parent().unwrap()]);
        for release in ["v2", "v3"] {
            if user == "root" {
                rig.deploy(&Jar::release(release)).succeeds();
            } else {
                rig.host.stage(rig.jar(&Jar::release(release))).unwrap();
                for hook in crate::rig::HOOKS {
                    let (code, told) = crate::permissions::as_nobody(&rig, hook, "nobody ALL=(ALL) NOPASSWD: ALL");
                    assert_eq!(code, 0, "{hook}: {told}");
                }
            }
        }
        let appeared = watch.appeared();
        let of = |path: &Path| appeared.iter().filter(|found| found.path == path).collect::<Vec<_>>();
        assert!(!of(&include).is_empty(), "{cutover}, {user}: {appeared:?}");
        assert_eq!(of(&flag).is_empty(), cutover == "reload", "{appeared:?}");
        for found in &appeared {
            let within = found.from.as_ref().is_some_and(|from| from.parent() == found.path.parent());
            assert!(!found.moved || within, "{cutover}, {user}: it came from another directory: {found:?}");
        }
        // Never written in place, where nginx could read half of it.
        assert!(of(&include).iter().all(|found| found.moved), "{cutover}, {user}: {appeared:?}");
    }
}
