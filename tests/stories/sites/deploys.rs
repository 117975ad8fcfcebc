//! Whole deploys on such sites: what the verdict refuses is refused by `stop`, with nothing changed, and what is taken over is
//! deployed in its own form (F95 to F98).

use std::fs;

use demo_app::Jar;

use crate::rig::{Rig, ended, is_alive, listener};

/// Changes nginx's configuration, and lets nginx read it.
fn edit(rig: &Rig, change: impl FnOnce(String) -> String) {
    let path = rig.host.directory().join("nginx/nginx.conf");
    let before = fs::read_to_string(&path).expect("a configuration");
    let after = change(before.clone());
    assert_ne!(after, before, "nothing was changed");
    fs::write(path, after).expect("a configuration");
    rig.host.nginx().reload_and_wait().expect("nginx takes it");
}

/// Asserts that the next deploy ends in `stop` with 10 and these words, and that nobody was touched.
#[track_caller]
fn refused(rig: &Rig, words: &[&str]) {
    let ports = rig.host.ports();
    let processes = [ports.blue, ports.green].map(|port| listener(port).expect("both slots are in use"));
    let include = rig.include();
    rig.deploy(&Jar::release("v2")).fails("stop", 10, words);
    assert!(processes.into_iter().all(is_alive), "live and standby run on");
    assert_eq!([ports.blue, ports.green].map(listener), processes.map(Some));
    assert_eq!(rig.include(), include);
}

#[test]
fn f95_a_site_that_goes_past_the_variable_is_refused_before_anything_changes() {
    let rig = Rig::live_in("real1");
    let (live, _) = rig.live_and_idle_ports();
    edit(&rig, |text| text.replace("proxy_pass $service_url;", &format!("proxy_pass http://127.0.0.1:{live};")));
    refused(&rig, &["nothing uses `$service_url`", "nginx.conf:29", "write `proxy_pass $service_url;` at"]);
    assert_eq!(rig.release(), "v1");
    let untouched = fs::read_to_string(rig.host.directory().join("nginx/nginx.conf")).unwrap();
    edit(&rig, |_| {
        untouched.replace(&format!("proxy_pass http://127.0.0.1:{live};"), "return 301 https://$host$request_uri;")
    });
    refused(&rig, &["a cutover would move nobody"]);
}

#[test]
fn f96_a_form_that_does_not_fit_is_refused_with_both_lines_and_never_with_the_wrong_one() {
    let rig = Rig::live_in("real1");
    let (live, _) = rig.live_and_idle_ports();
    edit(&rig, |text| text.replace("proxy_pass $service_url;", "proxy_pass http://$service_url;"));
    let advice = format!("write `set $service_url 127.0.0.1:{live};` at");
    refused(&rig, &["nginx.conf:29", "service-url.inc:1", "nginx answers 500", &advice]);
    // Nor is it advised where the include cannot be read.
    rig.host.nginx().write_include("set $service_url http://localhost:8081;\n").unwrap();
    let deployed = rig.deploy(&Jar::release("v2"));
    let advice = format!("write `set $service_url 127.0.0.1:{};` into it", rig.host.ports().blue);
    deployed.fails("stop", 12, &[&advice]);
    assert!(!deployed.output().contains("`set $service_url http"), "{}", deployed.output());
}

#[test]
fn f97_an_include_beside_try_files_is_refused_for_the_instant_cutover_and_deployed_by_a_reload() {
    let rig = Rig::live_in("real1");
    edit(&rig, |text| {
        let include = text.lines().find(|line| line.contains("service-url.inc")).unwrap().trim().to_owned();
        text.replacen(&include, "", 1).replacen(
            "location / {\n            proxy_pass $service_url;",
            &format!(
                "location / {{ {include} try_files $uri @app; }}\n location = /profile {{ {include} proxy_pass $service_url; }}\n\
                 location /websocket {{ {include} proxy_pass $service_url; }}\n\
                 location @app {{ proxy_pass $service_url;"
            ),
            1,
        )
        .replacen("location /websocket {\n", "location /unused {\n", 1)
    });
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    refused(&rig, &["beside `try_files`", "into the server block, outside of locations"]);
    ended(&rig.host.hook("switch").argument("--install").run().unwrap(), 10, &["beside `try_files`"]);
    let groups = fs::read_to_string(rig.host.nginx().upstreams_path()).unwrap();
    assert!(!groups.contains("upstream ") && !rig.host.nginx().flag_path().parent().unwrap().exists(), "{groups}");
    assert_eq!(rig.release(), "v1");
    rig.host.set("proxy.cutover", "\"reload\"").unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f98_a_port_beside_the_variable_is_refused_by_its_line() {
    let rig = Rig::live_in("real1");
    let (live, _) = rig.live_and_idle_ports();
    edit(&rig, |text| {
        text.replace(
            "location /websocket {\n            proxy_pass $service_url;",
            &format!("location /websocket {{\n            proxy_pass http://127.0.0.1:{live};"),
        )
    });
    refused(&rig, &["would stay behind at a cutover", "nginx.conf:37", &format!("goes to port {live}")]);
}

#[test]
fn f98_a_second_variable_of_the_include_is_refused_and_another_servers_door_to_a_slot_is_noted() {
    let rig = Rig::live_in("real1");
    let (live, idle) = rig.live_and_idle_ports();
    let before = rig.include();
    rig.host.nginx().write_include(&format!("{before}set $ws_url http://127.0.0.1:{live};\n")).unwrap();
    edit(&rig, |text| {
        text.replace(
            "location /websocket {\n            proxy_pass $service_url;",
            "location /websocket {\n            proxy_pass $ws_url;",
        )
    });
    refused(&rig, &["`proxy_pass $ws_url`", "service-url.inc:2", "would stay behind"]);
    edit(&rig, |text| text.replace("$ws_url", "$service_url"));
    rig.host.nginx().write_include(&before).unwrap();
    let direct = format!(
        "server {{ listen 127.0.0.2:{}; location / {{ proxy_pass http://127.0.0.1:{idle}; }} }}\n",
        rig.host.ports().door
    );
    rig.host.nginx().configure("direct.conf", &direct).unwrap();
    let deployed = rig.deploy(&Jar::release("v2"));
    deployed.succeeds();
    let note = format!("goes to port {idle} and follows no cutover");
    assert_eq!(deployed.output().replace("\n    ", " ").matches(&note).count(), 1, "{}", deployed.output());
}

#[test]
fn f96_forms_of_the_users_own_are_taken_over_and_deployed_by_a_reload_and_by_the_flag() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    edit(&rig, |text| text.replace("proxy_pass $service_url;", "proxy_pass http://$service_url;"));
    rig.host.nginx().write_include(&format!("set $service_url 127.0.0.1:{};\n", ports.blue)).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    rig.deploy(&Jar::release("v1")).succeeds();
    assert_eq!(
        (rig.release().as_str(), rig.include()),
        ("v1", format!("set $service_url 127.0.0.1:{};\n", ports.green))
    );
    let groups = format!(
        "upstream first {{ server 127.0.0.1:{}; }}\nupstream second {{ server localhost:{}; }}\n",
        ports.blue, ports.green
    );
    rig.host.nginx().configure("own.conf", &groups).unwrap();
    rig.host.nginx().write_include("set $service_url second; # green\n").unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    assert_eq!((rig.release().as_str(), rig.include().as_str()), ("v2", "set $service_url first; # green\n"));
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    for release in ["v3", "v4"] {
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
    }
    assert!(rig.include().starts_with("set $service_url service-url-real1;\n"), "{}", rig.include());
    rig.host.set("proxy.cutover", "\"reload\"").unwrap();
    rig.deploy(&Jar::release("v5")).succeeds();
    assert_eq!(rig.release(), "v5");
    assert!(rig.include().starts_with("set $service_url 127.0.0.1:"), "{}", rig.include());
}

#[test]
fn f96_a_port_alone_is_taken_over_by_a_reload_and_an_unknown_group_is_refused_with_its_line() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    edit(&rig, |text| text.replace("proxy_pass $service_url;", "proxy_pass http://127.0.0.1:$service_url;"));
    rig.host.nginx().write_include(&format!("set $service_url {};\n", ports.blue)).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    for release in ["v1", "v2"] {
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
    }
    assert_eq!(rig.include(), format!("set $service_url {};\n", ports.blue));
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    refused(&rig, &["takes a port only", "proxy_pass http://$service_url;"]);
    edit(&rig, |text| text.replace("http://127.0.0.1:$service_url;", "http://$service_url;"));
    rig.host.nginx().write_include("\nset $service_url blue;\n").unwrap();
    let advice = format!("write `set $service_url 127.0.0.1:{};` at", ports.blue);
    refused(&rig, &["names the group `blue`", "service-url.inc:2", "has no `upstream blue`", &advice]);
}

#[test]
fn f96_an_include_that_nginx_reads_by_another_path_or_through_a_link_is_the_same_one() {
    let rig = Rig::new();
    let include = rig.host.nginx().include_path();
    let link = include.with_file_name("current.inc");
    std::os::unix::fs::symlink(&include, &link).unwrap();
    let (shown, linked) = (include.display().to_string(), link.display().to_string());
    let dotted = shown.replace("conf.d/", "conf.d/../conf.d//");
    for (from, to, way, release) in
        [(&shown, &dotted, "reload", "v1"), (&dotted, &linked, "reload", "v2"), (&linked, &linked, "instant", "v3")]
    {
        if from != to {
            edit(&rig, |text| text.replace(from.as_str(), to));
        }
        rig.host.set("proxy.cutover", &format!("\"{way}\"")).unwrap();
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
    }
}
