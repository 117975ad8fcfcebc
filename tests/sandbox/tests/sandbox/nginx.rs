//! The private nginx: side by side with others, reloaded, broken and mended, stopped.

use std::thread;

use sandbox::Sandbox;

use crate::tiny_server::TinyServer;

#[test]
fn two_sandboxes_at_the_same_time_answer_at_their_own_doors() {
    let [first, second] = [(); 2].map(|()| thread::spawn(|| Sandbox::builder().build().unwrap()));
    let (first, second) = (first.join().unwrap(), second.join().unwrap());
    let _first_app = TinyServer::start(first.ports().blue, "first").unwrap();
    let _second_app = TinyServer::start(second.ports().blue, "second").unwrap();
    first.nginx().start().unwrap();
    second.nginx().start().unwrap();
    assert_ne!(first.directory(), second.directory());
    assert_eq!(first.door_get("/").unwrap().body, "first");
    assert_eq!(second.door_get("/").unwrap().body, "second");
    first.nginx().stop().unwrap();
    assert!(second.nginx().is_running());
    assert_eq!(second.door_get("/").unwrap().body, "second");
}

#[test]
fn the_include_and_a_reload_move_the_door() {
    let host = Sandbox::builder().build().unwrap();
    let ports = host.ports();
    let _blue = TinyServer::start(ports.blue, "blue").unwrap();
    let _green = TinyServer::start(ports.green, "green").unwrap();
    host.nginx().start().unwrap();
    assert_eq!(
        host.nginx().include().unwrap(),
        format!("set $service_url http://127.0.0.1:{};\n", ports.blue).as_bytes()
    );
    for (port, name, former) in [(ports.green, "green", "blue"), (ports.blue, "blue", "green")].repeat(5) {
        let old_workers = host.nginx().worker_pids();
        host.nginx().write_include(&format!("set $service_url http://127.0.0.1:{port};\n")).unwrap();
        assert_eq!(host.door_get("/").unwrap().body, former, "a file alone changes nothing");
        host.nginx().reload_and_wait().unwrap();
        for _ in 0..20 {
            assert_eq!(host.door_get("/").unwrap().release(), Some(name));
        }
        let new_workers = host.nginx().worker_pids();
        assert_eq!(new_workers.len(), 2);
        assert!(!new_workers.iter().any(|id| old_workers.contains(id)), "{old_workers:?} {new_workers:?}");
    }
}

#[test]
fn a_broken_configuration_is_refused_until_it_is_mended_and_what_was_in_force_stays() {
    let host = Sandbox::builder().build().unwrap();
    let _app = TinyServer::start(host.ports().blue, "blue").unwrap();
    let nginx = host.nginx();
    nginx.start().unwrap();
    nginx.test_configuration().unwrap();
    nginx.break_configuration().unwrap();
    for refusal in [nginx.test_configuration(), nginx.reload_and_wait()] {
        let told = refusal.unwrap_err().to_string();
        assert!(told.contains("unknown directive \"this_is_no_directive\""), "{told}");
    }
    assert_eq!(host.door_get("/").unwrap().body, "blue");
    assert!(nginx.error_log().unwrap().contains("this_is_no_directive"));
    assert!(nginx.restart().unwrap_err().to_string().contains("nginx did not start"));
    nginx.mend_configuration().unwrap();
    nginx.test_configuration().unwrap();
    nginx.start().unwrap();
    assert_eq!(host.door_get("/").unwrap().body, "blue");
}

#[test]
fn a_stopped_nginx_is_gone_and_a_restarted_one_is_another() {
    let host = Sandbox::builder().build().unwrap();
    let nginx = host.nginx();
    nginx.stop().unwrap();
    assert!(nginx.reload_and_wait().unwrap_err().to_string().contains("does not run"));
    nginx.start().unwrap();
    let first = nginx.master_pid().unwrap();
    let refusal = nginx.start().unwrap_err().to_string();
    assert_eq!(refusal, format!("nginx runs already as process `{first}`; stop it first"));
    assert_eq!(host.door_get("/").unwrap().status, 502, "no application is there");
    nginx.restart().unwrap();
    assert_ne!(nginx.master_pid(), Some(first));
    nginx.stop().unwrap();
    assert!(!nginx.is_running());
    assert_eq!((nginx.master_pid(), nginx.worker_pids()), (None, vec![]));
    assert!(!host.is_listening(host.ports().door).unwrap());
    assert!(host.door_get("/").unwrap_err().to_string().contains("could not connect"));
}

#[test]
fn a_pid_file_that_names_another_process_names_no_master() {
    let host = Sandbox::builder().build().unwrap();
    std::fs::write(host.nginx().pid_file(), std::process::id().to_string()).unwrap();
    assert_eq!(host.nginx().master_pid(), None);
    // This would be the end of the test if the file were believed.
    host.nginx().stop().unwrap();
}
