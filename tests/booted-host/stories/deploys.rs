//! Deploys under load on a host that boots, alone and while others rotate logs and reload nginx.

use std::fs;
use std::thread;

use booted_host::BootedHost;
use strict_client::Mode;

use crate::rig::{deploys, more_requests, nothing_was_lost, runs, tell, under_load};

#[test]
fn i1a_i1b_two_deploys_through_the_agents_service_lose_no_request() {
    let host = BootedHost::builder().boot().unwrap();
    deploys(&host, "v1");
    nothing_was_lost(&under_load(&host, &Mode::ALL, |load| {
        for release in ["v2", "v3"] {
            deploys(&host, release);
            more_requests(load, 100);
        }
    }));
}

/// A reload closes connections that are kept, whoever does it: a client that does not ask again may lose a request by it, and
/// that is no deploy's fault.
#[test]
fn i1a_logs_that_are_rotated_and_reloads_of_nginx_during_deploys_lose_no_request() {
    let host = BootedHost::builder().boot().unwrap();
    deploys(&host, "v1");
    nothing_was_lost(&under_load(&host, &[Mode::Fresh, Mode::Retry], |load| {
        thread::scope(|scope| {
            let two_deploys = scope.spawn(|| ["v2", "v3"].map(|release| deploys(&host, release)));
            let mut rounds = 0;
            while !two_deploys.is_finished() {
                runs(&host, &["logrotate", "--force", "/etc/logrotate.d/nginx"]);
                more_requests(load, 5);
                runs(&host, &["nginx", "-s", "reload"]);
                more_requests(load, 5);
                rounds += 1;
            }
            tell(&format!("logs were rotated and nginx reloaded {rounds} times"));
            assert!(rounds > 5, "{rounds} rounds are no storm");
            two_deploys.join().unwrap();
        });
    }));
    let log = |name: &str| fs::metadata(host.path("/var/log/nginx").join(name)).map_or(0, |file| file.len());
    assert!(log("access.log") > 0 && log("access.log.1") > 0, "nginx has gone on to a new log");
}
