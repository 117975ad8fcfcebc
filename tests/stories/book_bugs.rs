//! The ten faults that the five scripts were caught with: each sets the same trap and sees the right outcome. b1 (the door
//! answers anything) is in `discovery`, b6 (an error page that contains the word) in `health`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use demo_app::{Fault, Jar};

use crate::rig::{Rig, connections_to, ended, eventually, is_alive, kill};

#[test]
fn b2_nginx_is_down_and_the_deploy_fails_instead_of_ending_the_live_app() {
    for profile in ["real1", "real2"] {
        let rig = Rig::live_in(profile);
        rig.host.nginx().stop().unwrap();
        rig.untouched_by(|| {
            rig.deploy(&Jar::release("v2")).fails("stop", 40, &["nginx is not running", "systemctl start nginx"]);
        });
        rig.host.nginx().start().unwrap();
        assert_eq!(rig.release(), "v1");
        rig.deploy(&Jar::release("v2")).succeeds();
        assert_eq!(rig.release(), "v2");
    }
}

#[test]
fn b3_f63_a_client_of_the_old_slot_is_answered_and_nginx_survives() {
    let rig = Rig::live_in("real1");
    let door = rig.host.ports().door;
    let mut slow = TcpStream::connect(("127.0.0.1", door)).unwrap();
    slow.write_all(b"GET /slow?milliseconds=2500 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let (live, _) = rig.live_and_idle_ports();
    eventually("nginx holds a connection to the slot", || connections_to(live) > 0);
    rig.deploy(&Jar::release("v2")).succeeds();
    // The slot that the client is still on is the idle one now: the next deploy has to free it.
    rig.deploy(&Jar::release("v3")).succeeds();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-release: v1"), "{answer}");
    assert!(rig.host.nginx().master_pid().is_some(), "nginx was not ended with the app");
    assert_eq!(rig.release(), "v3");
}

#[test]
fn b3b_whoever_is_connected_to_the_idle_port_is_not_signalled() {
    let rig = Rig::live_in("real1");
    rig.host.set("stop.drain", "\"200ms\"").unwrap();
    let (_, idle) = rig.live_and_idle_ports();
    // A client that is a process of its own, and this very test as another one.
    let mut client = Command::new("bash")
        .args(["-c", &format!("exec 9<>/dev/tcp/127.0.0.1/{idle}; read -r line; exit 7")])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let _own = TcpStream::connect(("127.0.0.1", idle)).unwrap();
    eventually("both clients are connected", || connections_to(idle) >= 2);
    rig.deploy(&Jar::release("v2")).succeeds();
    drop(client.stdin.take());
    assert_eq!(client.wait().unwrap().code(), Some(7), "it ended by itself");
}

#[test]
fn b4_the_live_app_talks_to_another_hosts_port_of_that_number_and_is_not_stopped() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    let far = FarHost::new(ports.green);
    let artifact = rig.jar(&Jar::release("v1"));
    let server = far.serve(&rig, &artifact, ports.green);
    let java = rig.host.binaries().unwrap().java().unwrap();
    // The live app keeps a connection to the other host's port 8082, so to speak, for as long as it lives.
    let wrapper = rig.host.directory().join("java-with-a-connection");
    let script =
        format!("#!/bin/bash\nexec 9<>/dev/tcp/{}/{}\nexec {} \"$@\"\n", far.address, ports.green, java.display());
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let live = rig.host.start_as_the_scripts_did("real1", ports.blue, &artifact, &wrapper).unwrap();
    assert!(connections_to(ports.green) > 0, "the trap is set");
    rig.deploy(&Jar::release("v2")).succeeds();
    assert!(is_alive(live), "the app that was live stays as the standby");
    assert_eq!(rig.release(), "v2");
    drop(server);
}

#[test]
fn b5_f34_the_idle_app_stops_slowly_while_it_still_answers_and_the_new_one_is_what_gets_served() {
    let rig = Rig::new();
    let slow = Fault::StopsSlowly { delay: Duration::from_secs(3) };
    rig.deploy(&Jar::release("v1").fault(slow)).succeeds();
    rig.deploy(&Jar::release("v2")).succeeds();
    let deployed = rig.deploy(&Jar::release("v3"));
    deployed.succeeds();
    assert_eq!(rig.release(), "v3");
    assert!(!deployed.output().contains("SIGKILL"), "it was given the time that it needed");
}

#[test]
fn b7_f30_the_jar_of_a_running_app_is_never_written_again() {
    let rig = Rig::live_in("real1");
    let (live, _) = rig.live_and_idle_ports();
    let process = crate::rig::listener(live).expect("the live app");
    let jar = jar_of(process);
    let seen = || {
        use std::os::unix::fs::MetadataExt;
        let facts = std::fs::metadata(&jar).expect("the jar is still there");
        (facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.size())
    };
    let before = seen();
    // Every release comes under the same file name, as from the same build; one of them is the same to the byte.
    for release in ["v1", "v2"] {
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(seen(), before, "the jar of process {process}");
        if !is_alive(process) {
            break;
        }
    }
}

#[test]
fn b8_f60_a_broken_nginx_configuration_is_refused_before_anything_changes() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    let standby = crate::rig::listener(idle);
    rig.host.nginx().break_configuration().unwrap();
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2")).fails("stop", 40, &["nginx refuses its configuration", "[emerg]"]);
    });
    assert_eq!(crate::rig::listener(idle), standby, "not even the standby was stopped");
    rig.host.nginx().mend_configuration().unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
}

#[test]
fn b9_f47_the_live_app_dies_during_the_deploy_and_the_new_one_takes_over_at_once() {
    let rig = Rig::live_in("real1");
    let (live, _) = rig.live_and_idle_ports();
    rig.stage(&Jar::release("v2"));
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.run("start"), 0, &[]);
    kill(crate::rig::listener(live).expect("the live app"));
    ended(&rig.run("health"), 0, &["`real2`"]);
    ended(&rig.run("switch"), 0, &["there is no standby"]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn b10_f10_of_two_deploys_at_once_one_wins_whole_and_the_other_says_so() {
    let rig = Rig::live_in("real1");
    let jar = rig.jar(&Jar::release("v2").boot_milliseconds(200));
    rig.host.stage(&jar).unwrap();
    let outcomes: Vec<Vec<sandbox::HookRun>> = std::thread::scope(|scope| {
        let deploys: Vec<_> = ["d-FIRST0001", "d-SECOND002"]
            .into_iter()
            .map(|id| {
                let host = &rig.host;
                scope.spawn(move || {
                    let mut runs = Vec::new();
                    for hook in crate::rig::HOOKS {
                        runs.push(host.hook(hook).deployment(id).run().expect("the hook runs"));
                        if runs.last().is_some_and(|run| run.code != 0) {
                            break;
                        }
                    }
                    runs
                })
            })
            .collect();
        deploys.into_iter().map(|deploy| deploy.join().expect("no panic")).collect()
    });
    let codes: Vec<i32> = outcomes.iter().filter_map(|runs| runs.last()).map(|run| run.code).collect();
    let told: String = outcomes.iter().flatten().map(|run| run.output.as_str()).collect();
    assert!(codes.contains(&0), "one of them went through: {codes:?}\n{told}");
    assert!(codes.iter().all(|code| [0, 10, 11].contains(code)), "{codes:?}\n{told}");
    assert_eq!(rig.release(), "v2");
    let (live, _) = rig.live_and_idle_ports();
    assert_eq!(rig.host.direct_get(live, "/").unwrap().instance(), Some(rig.instance().as_str()));
}

/// The jar that a process was started with.
fn jar_of(process: u32) -> String {
    let command = std::fs::read_to_string(format!("/proc/{process}/cmdline")).expect("a command line");
    command.split('\0').skip_while(|argument| *argument != "-jar").nth(1).expect("a jar").to_owned()
}

/// Another host: a network namespace at the other end of a cable of its own.
struct FarHost {
    name: String,
    address: String,
}

impl FarHost {
    fn new(number: u16) -> FarHost {
        let name = format!("far{number}");
        let (third, fourth) = (number / 250, number % 250 / 4 * 4);
        let far = FarHost { address: format!("10.213.{third}.{}", fourth + 2), name };
        let near_address = format!("10.213.{third}.{}/30", fourth + 1);
        let (near_end, far_end) = (format!("n{number}"), format!("f{number}"));
        for words in [
            format!("netns add {}", far.name),
            format!("link add {near_end} type veth peer name {far_end} netns {}", far.name),
            format!("addr add {near_address} dev {near_end}"),
            format!("link set {near_end} up"),
            format!("-n {} addr add {}/30 dev {far_end}", far.name, far.address),
            format!("-n {} link set {far_end} up", far.name),
        ] {
            let status = Command::new("ip").args(words.split(' ')).status().expect("`ip` is installed");
            assert!(status.success(), "ip {words}");
        }
        far
    }

    /// Lets the demo service listen there.
    fn serve(&self, rig: &Rig, artifact: &std::path::Path, port: u16) -> Served {
        let demo = rig.host.binaries().unwrap().java().unwrap();
        let child = Command::new("ip")
            .args(["netns", "exec", &self.name])
            .arg(demo)
            .arg("--artifact")
            .arg(artifact)
            .args(["--profile", "far", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("`ip netns exec` runs");
        let served = Served(child);
        eventually("the far host answers", || TcpStream::connect((self.address.as_str(), port)).is_ok());
        served
    }
}

impl Drop for FarHost {
    fn drop(&mut self) {
        // The cable goes with it. Where that fails, the next run's `netns add` says so.
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// A program that ends with the test.
struct Served(std::process::Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
