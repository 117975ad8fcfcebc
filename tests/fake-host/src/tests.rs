//! What the stories rely on: the host in memory behaves as the real one where it matters to a deploy.

use super::*;

const INCLUDE: &str = "/etc/nginx/conf.d/service-url.inc";

fn host() -> FakeHost {
    let host = FakeHost::new(Path::new(INCLUDE), Path::new("/run/nginx.pid"), 8081);
    host.place_app(App::good(), "real1", 8081);
    host.begin();
    host
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(ready) => ready,
        Poll::Pending => unreachable!("a host in memory never waits"),
    }
}

fn ask(host: &FakeHost, url: &str) -> Answer {
    let request = Request { url: url.to_owned(), host: None, at_most: Duration::from_secs(2) };
    now(host.get(&request)).unwrap()
}

#[test]
fn a_reload_takes_effect_some_time_after_the_signal_with_the_include_as_it_is_then() {
    let host = host();
    let master = host.read_file(Path::new("/run/nginx.pid")).unwrap();
    let master: u32 = String::from_utf8(master).unwrap().trim().parse().unwrap();
    let master = host.process(master).unwrap().identity;
    assert!(host.signal(&master, Signal::Reload).unwrap());
    host.replace_file(Path::new(INCLUDE), b"set $service_url http://127.0.0.1:8082;\n", 0o644).unwrap();
    assert_eq!(host.port_in_force(), Some(8081));
    host.pass(Duration::from_millis(100));
    assert_eq!((host.port_in_force(), host.include_port()), (Some(8082), Some(8082)));
    assert_eq!(
        ask(&host, "http://127.0.0.1/profile"),
        Answer::Response { status: 502, location: None, body: "Bad Gateway".into() },
        "nobody listens on 8082"
    );
    host.next_reload(Reloading::Refused);
    assert!(host.signal(&master, Signal::Reload).unwrap());
    host.replace_file(Path::new(INCLUDE), b"set $service_url http://127.0.0.1:8081;\n", 0o644).unwrap();
    host.pass(Duration::from_secs(10));
    assert_eq!(host.port_in_force(), Some(8082));
}

#[test]
fn a_release_listens_when_it_has_booted_and_dies_if_its_port_is_taken() {
    let host = host();
    let launch = |port: u16| {
        let command = vec!["java".into(), "-Dspring.profiles.active=real2".into(), format!("--server.port={port}")];
        bare_launch(command, Path::new("/"), Path::new("/var.log"))
    };
    host.write(Path::new("/var.log"), b"");
    let second = host.launch(&launch(8082)).unwrap().identity;
    let third = host.launch(&launch(8081)).unwrap().identity;
    assert_eq!(host.listening(8082), []);
    host.pass(Duration::from_secs(2));
    assert_eq!(host.listening(8082), [second]);
    assert_eq!(host.ending(&third).as_deref(), Some("exit status 1"));
    let answer = Answer::Response { status: 200, location: None, body: "real2".into() };
    assert_eq!(ask(&host, "http://127.0.0.1:8082/profile"), answer);
    assert!(host.signal(&second, Signal::Terminate).unwrap());
    host.pass(Duration::from_secs(1));
    assert!(!host.signal(&second, Signal::Kill).unwrap(), "it is gone");
    host.begin();
    assert_eq!(host.ending(&second), None, "it was another hook's child");
}

#[test]
fn a_signal_is_obeyed_at_the_wait_that_was_named_and_at_each_after_it_until_the_shield() {
    let host = host();
    host.interrupt_at(2);
    assert!(now(host.pause(Duration::ZERO)).is_ok());
    for _ in 0..2 {
        assert_eq!(now(host.pause(Duration::ZERO)).unwrap_err().kind(), Kind::Interrupted);
    }
    host.shield(true);
    assert!(now(host.pause(Duration::ZERO)).is_ok());
    assert!(host.fault_struck());
}

#[test]
fn a_write_fails_before_or_after_its_bytes_are_in_their_place() {
    for after_the_rename in [false, true] {
        let host = host();
        let path = Path::new("/app/file");
        host.own_directory(Path::new("/app")).unwrap();
        host.replace_file(path, b"old", 0o644).unwrap();
        host.fail_write(WriteFault { nth: 2, for_good: false, kind: io::ErrorKind::StorageFull, after_the_rename });
        let failed = host.replace_file(path, b"new", 0o644).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
        assert_eq!(host.read_file(path).unwrap() == b"new", after_the_rename);
        assert!(host.replace_file(path, b"newer", 0o644).is_ok());
    }
}

#[test]
fn after_a_reboot_nobody_runs_but_nginx_and_process_ids_begin_again() {
    let host = host();
    let (boot, live) = (host.boot_id(), host.live().unwrap());
    host.reboot();
    assert_ne!(host.boot_id(), boot);
    assert_eq!((host.releases(), host.port_in_force()), (vec![], Some(8081)));
    assert!(!host.is_running(&live));
}
