//! A host on which users are shown their own processes alone: `hidepid=2` (F110).

use booted_host::{Account, BootedHost};

use crate::rig::{deploys, is_refused, runs};

#[test]
fn f39_f110_where_proc_hides_nginx_a_deploy_is_refused_with_its_reason_and_what_it_advises_is_enough() {
    let host = BootedHost::builder().boot().unwrap();
    runs(&host, &["mount", "-o", "remount,hidepid=2", "/proc"]);
    let words = ["`deploy` may not see nginx's processes", "/proc hides it (`hidepid`)", "gid="];
    is_refused(&host, "v1", "stop", 13, &words);
    runs(&host, &["groupadd", "--users", "deploy", "observers"]);
    let group = host.run(&["getent", "group", "observers"]).unwrap().output;
    let id = group.split(':').nth(2).expect("the group's id");
    runs(&host, &["mount", "-o", &format!("remount,hidepid=2,gid={id}"), "/proc"]);
    deploys(&host, "v1");
    deploys(&host, "v2");
}

#[test]
fn f110_root_is_shown_everything_and_deploys_where_proc_hides_nginx_from_others() {
    let host = BootedHost::builder().account(Account::Root).boot().unwrap();
    runs(&host, &["mount", "-o", "remount,hidepid=2", "/proc"]);
    deploys(&host, "v1");
    deploys(&host, "v2");
}
