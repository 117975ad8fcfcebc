//! The include, written by people: kept byte for byte where nginx reads it as it was meant, else refused with line and
//! column (F67, F68).

use demo_app::Jar;

use crate::rig::Rig;

#[test]
fn f68_what_else_stands_in_the_include_survives_byte_for_byte() {
    let rig = Rig::live_in("real1");
    for text in [
        "# the live slot; see the wiki\r\nset $service_url http://127.0.0.1:PORT;\r\n",
        "set $other 1;\n\n  set   $service_url   \"http://127.0.0.1:PORT\" ;   # PORT\nset $last 'a;b';",
        "#set $service_url http://127.0.0.1:1;\nset $service_url http://127.0.0.1:PORT;\n# 한국어 주석\n",
    ] {
        let (live, idle) = rig.live_and_idle_ports();
        let with = |port: u16| text.replacen(":PORT", &format!(":{port}"), 1);
        rig.host.nginx().write_include(&with(live)).unwrap();
        rig.host.nginx().reload_and_wait().unwrap();
        rig.deploy(&Jar::release("v2")).succeeds();
        assert_eq!(rig.include(), with(idle));
        // Back to what the rig reads.
        rig.host.nginx().write_include(&format!("set $service_url http://127.0.0.1:{idle};\n")).unwrap();
        rig.host.nginx().reload_and_wait().unwrap();
    }
}

#[test]
fn f67_f68_an_include_that_nginx_would_misread_is_refused_with_its_place_and_nothing_changes() {
    let rig = Rig::live_in("real1");
    let (live, idle) = rig.live_and_idle_ports();
    let good = rig.include();
    let processes = (crate::rig::listener(live), crate::rig::listener(idle));
    for (name, text, words) in [
        ("trailing slash", "set $service_url http://127.0.0.1:PORT/;\n", "line 1, column 18: the target is"),
        ("localhost", "set $service_url http://localhost:PORT;\n", "write `127.0.0.1`"),
        (
            "two set lines",
            "set $service_url http://127.0.0.1:PORT;\nset $service_url http://127.0.0.1:1;\n",
            "line 2, column 1",
        ),
        ("BOM", "\u{feff}set $service_url http://127.0.0.1:PORT;\n", "byte order mark"),
        ("missing semicolon", "set $service_url http://127.0.0.1:PORT\n", "has no `;`"),
        ("a foreign variable", "set $backend http://127.0.0.1:PORT;\n", "it sets `$backend`, needed `set $service_url"),
        ("TLS", "set $service_url https://127.0.0.1:PORT;\n", "these hooks ask an application by `http://`"),
        ("empty", "", "it is empty"),
        ("truncated", "set $serv", "has no `;`"),
    ] {
        let text = text.replace("PORT", &live.to_string());
        rig.host.nginx().write_include(&text).unwrap();
        let deployed = rig.deploy(&Jar::release("v2"));
        deployed.fails("stop", 12, &["the include", words]);
        assert_eq!(rig.include(), text, "{name}: it is left as it was");
    }
    assert_eq!((crate::rig::listener(live), crate::rig::listener(idle)), processes, "nobody was stopped");
    rig.host.nginx().write_include(&good).unwrap();
    assert_eq!(rig.release(), "v1", "nginx never read any of them");
}

#[test]
fn f67_a_missing_include_is_refused_with_the_line_that_it_needs() {
    let rig = Rig::live_in("real1");
    std::fs::remove_file(rig.host.nginx().include_path()).unwrap();
    rig.deploy(&Jar::release("v2")).fails("stop", 40, &["service-url.inc"]);
    assert_eq!(rig.release(), "v1");
}

#[test]
fn an_include_that_is_a_link_is_followed_and_one_that_is_no_file_is_refused() {
    let rig = Rig::live_in("real1");
    let path = rig.host.nginx().include_path();
    let aside = path.with_file_name("aside");
    std::fs::rename(&path, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &path).unwrap();
    let (_, idle) = rig.live_and_idle_ports();
    rig.deploy(&Jar::release("v2")).succeeds();
    assert_eq!(rig.release(), "v2");
    assert_eq!(std::fs::read_link(&path).unwrap(), aside, "the link is still one");
    assert_eq!(std::fs::read_to_string(&aside).unwrap(), format!("set $service_url http://127.0.0.1:{idle};\n"));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    rig.deploy(&Jar::release("v3")).fails("stop", 10, &["it is a directory"]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn a_port_of_nobody_in_the_include_is_not_taken_for_an_idle_host() {
    let rig = Rig::live_in("real1");
    rig.host.nginx().write_include("set $service_url http://127.0.0.1:7;\n").unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    rig.deploy(&Jar::release("v2")).fails(
        "stop",
        12,
        &["names port 7, which is neither slot's", "the ledger remembers `real1`"],
    );
}
