//! Hooks out of order, repeated, or of another deployment (F10, F15, F109): refused with the order, and nothing changes.

use demo_app::Jar;

use crate::rig::{Rig, ended};

#[test]
fn f15_f109_hooks_out_of_order_are_refused_and_told_the_order() {
    let rig = Rig::live_in("real1");
    rig.untouched_by(|| {
        rig.stage(&Jar::release("v2"));
        ended(
            &rig.host.hook("start").run().unwrap(),
            10,
            &["came out of order", "the order is stop, start, health, switch"],
        );
        let wanted = ["`stop` has not run for deployment `d-STORY", "put `stop` into AfterInstall"];
        ended(&rig.run("start"), 10, &wanted);
        ended(&rig.run("stop"), 0, &[]);
        ended(&rig.run("health"), 10, &["`start` has not started a release"]);
        ended(&rig.run("switch"), 10, &["`start` has not started a release"]);
        ended(&rig.run("start"), 0, &[]);
        ended(&rig.run("start"), 10, &["already runs a release"]);
        ended(&rig.run("switch"), 10, &["`health` has not proven the release"]);
    });
    ended(&rig.run("health"), 0, &[]);
    ended(&rig.run("health"), 0, &[]);
    ended(&rig.run("switch"), 0, &[]);
    ended(&rig.run("switch"), 0, &["serves already"]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn a_first_hook_other_than_stop_on_an_untouched_host_is_refused() {
    let rig = Rig::new();
    for hook in ["start", "health", "switch"] {
        ended(&rig.run(hook), 10, &["no deployment is under way"]);
    }
}

#[test]
fn by_hand_the_four_hooks_share_one_deployment() {
    let rig = Rig::live_in("real1");
    for release in ["v2", "v3"] {
        rig.stage(&Jar::release(release));
        for hook in crate::rig::HOOKS {
            ended(&rig.host.hook(hook).run().unwrap(), 0, &[]);
        }
        assert_eq!(rig.release(), release);
    }
}

#[test]
fn f10_a_deployment_that_lost_the_slot_to_another_one_is_told_which() {
    let rig = Rig::live_in("real1");
    let hook = |name: &str, id: &str| rig.host.hook(name).deployment(id).run().unwrap();
    rig.stage(&Jar::release("v2"));
    ended(&hook("stop", "d-FIRST0001"), 0, &[]);
    ended(&hook("start", "d-FIRST0001"), 0, &[]);
    ended(&hook("stop", "d-SECOND002"), 0, &[]);
    ended(&hook("health", "d-FIRST0001"), 11, &["`d-FIRST0001` has lost the idle slot to deployment `d-SECOND002`"]);
    for name in ["start", "health", "switch"] {
        ended(&hook(name, "d-SECOND002"), 0, &[]);
    }
    ended(&hook("switch", "d-FIRST0001"), 11, &["d-SECOND002"]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn i16_somebody_else_moves_the_traffic_during_a_deploy_and_switch_refuses_to_go_on() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    // As the scripts' switch.sh, run by hand, would.
    rig.host.nginx().write_include(&format!("set $service_url http://127.0.0.1:{idle};\n")).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    rig.untouched_by(|| {
        ended(
            &rig.run("switch"),
            12,
            &["the live slot changed while this deployment was under way: `real1` (port ", "then, `real2` (port "],
        );
    });
    // The next deploy takes the host as it is now.
    rig.deploy(&Jar::release("v3")).succeeds();
    assert_eq!(rig.release(), "v3");
}

#[test]
fn f11_the_same_artifact_is_deployed_again_like_any_other() {
    let rig = Rig::live_in("real1");
    let first = rig.instance();
    rig.deploy(&Jar::release("v1")).succeeds();
    assert_ne!(rig.instance(), first);
    assert_eq!(rig.release(), "v1");
}
