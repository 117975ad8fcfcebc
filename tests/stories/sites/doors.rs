//! The door of the settings leads to another server block than the one that reads the include: `stop` refuses, for no cutover
//! would be seen there (F90, F95).

use std::fs;

use demo_app::Jar;

use crate::rig::Rig;

/// Puts a server block in the place of the site's door, and moves the site to another address.
fn take_the_door(rig: &Rig, block: &str) {
    let door = rig.host.ports().door;
    let path = rig.host.directory().join("nginx/nginx.conf");
    let before = fs::read_to_string(&path).expect("a configuration");
    let after = before.replace(&format!("listen 127.0.0.1:{door}"), &format!("listen 127.0.0.2:{door}"));
    assert_ne!(after, before, "nothing was changed");
    fs::write(path, after).expect("a configuration");
    let text = format!("server {{\nlisten 127.0.0.1:{door};\n{block}\n}}\n");
    rig.host.nginx().configure("door.conf", &text).expect("nginx takes it");
    rig.host.nginx().reload_and_wait().expect("nginx takes it");
}

#[test]
fn f95_a_door_that_leads_to_a_block_with_a_fixed_port_is_refused_with_its_line_and_the_include() {
    for way in ["instant", "reload"] {
        let rig = Rig::live_in("real1");
        let (live, _) = rig.live_and_idle_ports();
        take_the_door(&rig, &format!("location / {{ proxy_pass http://127.0.0.1:{live}; }}"));
        rig.host.set("proxy.cutover", &format!("\"{way}\"")).unwrap();
        let before = rig.include();
        let deployed = rig.deploy(&Jar::release("v2"));
        deployed.fails(
            "stop",
            10,
            &["leads to the server block at", "door.conf:1", "does not read", "service-url.inc"],
        );
        assert_eq!((rig.release().as_str(), rig.include()), ("v1", before));
    }
}

#[test]
fn f90_a_door_that_is_the_one_of_another_application_is_refused_before_anything_changes() {
    for way in ["instant", "reload"] {
        let rig = Rig::live_in("real1");
        let shop = rig.host.neighbour("shop").unwrap();
        rig.host.nginx().reload_and_wait().unwrap();
        shop.set("proxy.cutover", &format!("\"{way}\"")).unwrap();
        shop.set("proxy.door", &format!("\"http://127.0.0.1:{}/profile\"", rig.host.ports().door)).unwrap();
        shop.stage(rig.jar(&Jar::release("shop-1"))).unwrap();
        let run = shop.hook("stop").deployment("d-SHOP00001").run().unwrap();
        let told = crate::rig::flat(&run);
        assert_eq!(run.code, 10, "{told}");
        assert!(told.contains("leads to the server block at") && told.contains("nginx.conf:"), "{told}");
        assert_eq!(rig.release(), "v1");
    }
}
