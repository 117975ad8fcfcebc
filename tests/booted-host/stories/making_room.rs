//! Where memory does not hold two releases (F128): the live one, a unit of systemd, makes room for the new one and is started again where
//! that comes to nothing. On a host with a kernel of its own, whose memory nobody beside it takes or gives back.

use booted_host::{BootedHost, End, OwnKernel, wait_until};
use demo_app::{Fault, Jar};

use crate::rig::{SLOTS, is_refused, release_at_the_door, status_at_the_door, tell};

const MEGABYTES: u32 = 640;
/// What each release holds, in units of 1,000,000 bytes: much more than what the host's services take and give back meanwhile.
const HELD: u64 = 240;
/// Java is told so much at first.
const HEAP: u64 = 120;

fn release(name: &str) -> Jar {
    Jar::release(name).fault(Fault::Holds { megabytes: 240 })
}

/// What the host has left, swap with it, in units of 1,000,000 bytes.
fn available(host: &BootedHost<OwnKernel>) -> u64 {
    let told = host.run(&["cat", "/proc/meminfo"]).unwrap().output;
    let kilobytes = |name: &str| -> u64 {
        let line = told.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (kilobytes("MemAvailable:") + kilobytes("SwapFree:")) * 1024 / 1_000_000
}

fn listening(host: &BootedHost<OwnKernel>) -> Vec<Option<u32>> {
    SLOTS.map(|port| host.listener(port).unwrap()).into()
}

#[test]
fn f128_f09_a_unit_makes_room_for_the_new_release_comes_back_if_that_fails_and_survives_a_reboot_either_way() {
    let mut host = BootedHost::builder().supervisor("user").with_linger().boot_a_kernel(MEGABYTES).unwrap();
    host.set_heap(HEAP);
    let deploys = |host: &BootedHost<OwnKernel>, name: &str| {
        let answer = host.deploy(&release(name)).unwrap();
        assert!(answer.succeeded, "{name}: {}\n{}", answer.told, answer.log);
        assert_eq!(release_at_the_door(host), name, "{}", answer.log);
        answer
    };
    deploys(&host, "v1");
    // The next one asks for as much more as is left, and half of what the live one would give back.
    let heap = HEAP + available(&host) - HELD / 2;
    host.set_heap(heap);
    is_refused(&host, "v2", "stop", 21, &["memory is too short for a second copy", "`start.overlap`"]);
    assert_eq!(release_at_the_door(&host), "v1");

    host.set_overlap("stop-first");
    let answer = deploys(&host, "v2");
    for words in ["THE SITE IS DOWN", "has made room", "nobody served for at most", "there is no standby"] {
        assert!(answer.log.contains(words), "`{words}` is not in {}", answer.log);
    }
    tell(&answer.log);
    assert_eq!(listening(&host).iter().flatten().count(), 1, "{:?}", listening(&host));

    // Of v2 it is known by now what it was given and what it holds.
    host.set_heap(heap + available(&host) - HELD / 2);
    for (broken, hook, code) in [
        (Jar::release("dies").fault(Fault::DiesAtBoot { code: 7 }), "start", 30),
        (Jar::release("refused").fault(Fault::redirects("/login")), "health", 31),
    ] {
        let answer = host.deploy(&broken).unwrap();
        assert!(answer.told.contains(&format!("FAILED {hook} (exit code {code})")), "{}\n{}", answer.told, answer.log);
        assert!(answer.log.contains("serves again"), "{}", answer.log);
        assert_eq!(release_at_the_door(&host), "v2", "{}", answer.log);
        assert_eq!(listening(&host).iter().flatten().count(), 1, "{:?}", listening(&host));
    }

    // It is a unit as before: killed it is back, and after a reboot as well.
    let before = listening(&host);
    let process = before.iter().flatten().next().unwrap().to_string();
    assert_eq!(host.run(&["bash", "-c", &format!("kill -KILL {process}")]).unwrap().code, 0);
    wait_until("another process listens", || {
        let now = listening(&host);
        now.iter().flatten().count() == 1 && now != before
    })
    .unwrap();
    host.boots_again(End::Cut).unwrap();
    wait_until("v2 answers at the door", || status_at_the_door(&host) == 200).unwrap();
    assert_eq!(release_at_the_door(&host), "v2");
}
