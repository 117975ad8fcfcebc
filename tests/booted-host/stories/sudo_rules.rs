//! A user whom sudo lets do next to nothing: exactly what `stop` asks for (F73), or nothing at all (F112).

use booted_host::BootedHost;

use crate::rig::{deploys, is_refused, runs};

/// What stands behind these words, on each line that has them.
fn behind<'a>(log: &'a str, words: &'a str) -> impl Iterator<Item = &'a str> {
    log.lines().filter_map(move |line| line.split_once(words)).map(|(_, rest)| rest)
}

#[test]
fn f73_the_rules_that_stop_asks_for_are_rules_of_sudo_and_enough_for_deploys_by_reload() {
    let host = BootedHost::builder().without_sudo().cutover("reload").boot().unwrap();
    let refused =
        is_refused(&host, "v1", "stop", 13, &["visudo -f /etc/sudoers.d/hooks", "sudo: a password is required"]);
    let exact = |rule: &&str| rule.starts_with("deploy ALL=(root) NOPASSWD: /usr/");
    let rules: Vec<&str> = behind(&refused.log, "[stdout]").filter(exact).collect();
    assert_eq!(rules.len(), 4, "{}", refused.log);
    host.allow(&(rules.join("\n") + "\n")).unwrap();
    deploys(&host, "v1");
    deploys(&host, "v2");
}

#[test]
fn f112_after_the_one_command_that_root_runs_once_a_first_deploy_needs_no_rule_of_sudo() {
    let host = BootedHost::builder().without_sudo().boot().unwrap();
    let refused = is_refused(&host, "v1", "stop", 13, &["`deploy` may not install the instant cutover"]);
    let command = behind(&refused.log, "run this once, as root: ").next().expect("a command");
    let (command, _) = command.split_once(" (").expect("what it changes");
    assert!(command.ends_with("/hooks/switch --install"), "{command}");
    runs(&host, &command.split(' ').collect::<Vec<_>>());
    deploys(&host, "v1");
    deploys(&host, "v2");
}
