//! Histories of all kinds of clients over real deploys, judged offline: who answered, whether that one was proven by then, and
//! what failed (I1, I1a, I1b, I10).

use std::fs::File;
use std::io::BufReader;
use std::net::SocketAddr;
use std::time::Duration;

use demo_app::Jar;
use strict_client::check::{self, Findings, Invariant};
use strict_client::{Load, Mark, Mode};

use crate::rig::{HOOKS, Rig, ended};

/// For whatever has to come about on a machine that may be busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// Deploys under the load of every kind of client, each proven and moved to at a moment that is marked.
fn history(cutover: &str, deploys: u32) -> Findings {
    let rig = Rig::live_in("real1");
    rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
    // The one reload that brings in the flag is told of elsewhere.
    rig.deploy(&Jar::release("v2")).succeeds();
    let path = rig.host.directory().join("history.jsonl");
    let door = SocketAddr::from(([127, 0, 0, 1], rig.host.ports().door));
    let load =
        Load::builder(door).modes(Mode::ALL).rate_per_second(30).timeout(PATIENCE).record_to(&path).start().unwrap();
    load.mark(Mark::live(&rig.instance()));
    let answers = |count: u64| {
        let before = Mode::ALL.map(|mode| load.summary().mode(mode).requests);
        rig.host
            .wait_until("every kind of client has had answers", PATIENCE, || {
                let summary = load.summary();
                Mode::ALL.iter().zip(before).all(|(mode, before)| summary.mode(*mode).requests >= before + count)
            })
            .unwrap();
    };
    answers(10);
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
        answers(10);
    }
    load.finish().unwrap();
    // How long a request is on its way, and how soon old workers close what they keep, is the machine's affair.
    let settings = check::Settings { on_the_way: PATIENCE, reload_window: PATIENCE };
    let findings = check::check(BufReader::new(File::open(path).unwrap()), settings).unwrap();
    assert!(findings.of(Invariant::I10).looked_at > 0 && findings.modes.len() == Mode::ALL.len(), "{findings:?}");
    findings
}

#[test]
fn i1_i1a_i1b_i10_with_the_flag_only_what_was_proven_answers_and_nothing_fails() {
    let findings = history("instant", 4);
    assert_eq!((findings.violations(), findings.of(Invariant::I1b).exceptions), (0, 0), "{findings:#?}");
}

#[test]
fn i1_i1a_i10_with_reloads_only_what_was_proven_answers_and_only_kept_connections_may_fail() {
    let findings = history("reload", 3);
    assert_eq!(findings.violations(), 0, "{findings:#?}");
}
