//! What a unit does with its pin while its release makes room for another one (F128).

use fake_host::FakeHost;
use shared::config::{SettingsFile, settings};
use shared::host::{Host, Launch, ProcessIdentity};
use shared::slot::Slot;
use shared::supervisor::pin::{self, Decision, Pin, Run};

#[test]
fn f128_a_release_that_makes_room_stays_down_in_this_boot_and_comes_back_with_the_next_one_if_it_serves() {
    let settings = settings(SettingsFile::parse("", "[app]\ndirectory = \"/app\"\n")).unwrap();
    let host = FakeHost::new(&settings.proxy.include, &settings.proxy.pid_file, 8081);
    let path = settings.pin(settings.place(Slot::Blue));
    assert_eq!(pin::keep_down(&host, &path), Ok(()), "without a pin nobody would start it");
    let launch = Launch {
        command: vec!["java".into()],
        directory: "/app".into(),
        environment: Vec::new(),
        variables: Vec::new(),
        log: "/app/log".into(),
    };
    host.own_directory("/app".as_ref()).unwrap();
    host.make_directory(path.parent().unwrap(), 0o755).unwrap();
    // Deployed before this boot, and live since.
    let live = Pin { again: true, ..Pin::of(&settings, Slot::Blue, "an earlier boot", "r1", &launch) };
    pin::write(&host, &path, &live).unwrap();
    let boot = host.boot_id();
    let run = Run { boot: boot.clone(), launch: "r1".into(), process: ProcessIdentity { id: 7, started: 1 } };
    let decides =
        |boot: &str, serves| pin::decide(&pin::read(&host, &path).unwrap().unwrap(), boot, Some(&run), serves);
    assert_eq!(decides(&boot, Some(true)), Decision::Start);
    pin::keep_down(&host, &path).unwrap();
    assert!(matches!(decides(&boot, Some(true)), Decision::Stay(_)), "systemd does not bring it back meanwhile");
    assert_eq!(decides("the next boot", Some(true)), Decision::Start);
    assert!(matches!(decides("the next boot", Some(false)), Decision::Stay(_)));
}
