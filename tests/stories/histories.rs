//! Histories of all kinds of clients, with TLS and HTTP/2 among them, over real deploys, judged offline: who answered, whether that one was proven by then, and
//! what failed (I1, I1a, I1b, I10; F145, F146).

use std::fs::File;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use demo_app::Jar;
use strict_client::check::{self, Findings, Invariant};
use strict_client::{Load, Mark, Mode};

use crate::rig::{HOOKS, Rig, ended};

/// For whatever has to come about on a machine that may be busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// A load of every kind of client, whose records go into a file.
struct Recorded<'a> {
    rig: &'a Rig,
    path: PathBuf,
    load: Load,
}

impl<'a> Recorded<'a> {
    fn start(rig: &'a Rig) -> Self {
        let path = rig.host.directory().join("history.jsonl");
        let [door, secure] =
            [rig.host.ports().door, rig.host.ports().secure].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let load = Load::builder(door)
            .secure(secure, rig.host.nginx().certificate().unwrap())
            .modes(Mode::every())
            .rate_per_second(30)
            .rate_of_each(Mode::HEAVY, 10)
            .timeout(PATIENCE)
            .record_to(&path)
            .start()
            .unwrap();
        load.mark(Mark::live(&rig.instance()));
        let recorded = Self { rig, path, load };
        recorded.wait_for_answers();
        recorded
    }

    /// Waits until every kind of client has had some more.
    fn wait_for_answers(&self) {
        let before: Vec<u64> = Mode::every().map(|mode| self.load.summary().mode(mode).requests).collect();
        let had = || {
            let summary = self.load.summary();
            Mode::every().zip(&before).all(|(mode, before)| summary.mode(mode).requests >= before + 10)
        };
        self.rig.host.wait_until("every kind of client has had answers", PATIENCE, had).unwrap();
    }

    fn judged(self) -> Findings {
        self.load.finish().unwrap();
        // How long a request is on its way, and how soon old workers close what they keep, is the machine's affair.
        let settings = check::Settings { on_the_way: PATIENCE, reload_window: PATIENCE };
        let findings = check::check(BufReader::new(File::open(self.path).unwrap()), settings).unwrap();
        assert_eq!(findings.modes.len(), Mode::every().count(), "{findings:?}");
        findings
    }
}

/// Deploys under the load of every kind of client, each proven and moved to at a moment that is marked.
fn history(cutover: &str, deploys: u32) -> Findings {
    let rig = Rig::with_tls();
    rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
    // The one reload that brings in the flag is told of below.
    rig.deploy(&Jar::release("v2")).succeeds();
    let recorded = Recorded::start(&rig);
    let load = &recorded.load;
    for number in 0..deploys {
        let (_, idle) = rig.live_and_idle_ports_by_the_door();
        rig.stage(&Jar::release(&format!("w{number}")));
        for hook in &HOOKS[..3] {
            ended(&rig.run(hook), 0, &[]);
        }
        let new = rig.host.direct_get(idle, "/").unwrap().instance().unwrap().to_owned();
        load.mark(Mark::verified(&new));
        load.mark(Mark::cutover_begin(&new));
        if cutover == "reload" {
            load.mark(Mark::reload());
        }
        ended(&rig.run("switch"), 0, &[]);
        load.mark(Mark::cutover_end(&new));
        recorded.wait_for_answers();
    }
    let findings = recorded.judged();
    assert!(findings.of(Invariant::I10).looked_at > 0, "{findings:?}");
    findings
}

#[test]
fn f146_i1_i1a_i1b_i10_with_the_flag_only_what_was_proven_answers_and_nothing_fails() {
    let findings = history("instant", 4);
    let exceptions = [Invariant::I1a, Invariant::I1b].map(|invariant| findings.of(invariant).exceptions);
    assert_eq!((findings.violations(), exceptions), (0, [0, 0]), "{findings:#?}");
}

#[test]
fn f146_i1_i1a_i10_with_reloads_only_what_was_proven_answers_and_only_what_a_client_may_send_again_fails() {
    let findings = history("reload", 3);
    assert_eq!(findings.violations(), 0, "{findings:#?}");
}

#[test]
fn f145_f146_the_reload_that_brings_in_the_flag_costs_what_a_bare_one_does_and_only_what_may_be_sent_again() {
    let rig = Rig::with_tls();
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    let recorded = Recorded::start(&rig);
    recorded.load.mark(Mark::reload());
    ended(&rig.host.hook("switch").argument("--install").run().unwrap(), 0, &[]);
    recorded.wait_for_answers();
    recorded.load.mark(Mark::reload());
    rig.host.nginx().reload_and_wait().unwrap();
    recorded.wait_for_answers();
    let findings = recorded.judged();
    assert_eq!(findings.violations(), 0, "{findings:#?}");
}
