//! What a hook's process is given.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use agent::{Bundle, Environment, ErrorCode, Generation, Revision, ScriptOutcome};

use crate::support::{BOTH, Host, id};

/// The names and values that a hook finds, read from the kernel so that no shell adds its own.
fn environment(host: &Host, bundle: &Bundle) -> BTreeSet<String> {
    let deployment = host.agent.deploy_as(&id("d-ABCDEF123"), bundle, |_| {});
    assert!(deployment.succeeded, "{deployment:?}");
    host.read("environ").split_terminator('\0').map(str::to_owned).collect()
}

const SHOW_ENVIRONMENT: &str = "cat /proc/$$/environ > HERE/environ";

fn expected(more: &[&str]) -> BTreeSet<String> {
    let always = [
        "LIFECYCLE_EVENT=AfterInstall",
        "DEPLOYMENT_ID=d-ABCDEF123",
        "APPLICATION_NAME=shop",
        "DEPLOYMENT_GROUP_NAME=production",
        "DEPLOYMENT_GROUP_ID=11111111-2222",
        "PATH=/usr/bin:/bin",
    ];
    always.iter().chain(more).map(|&variable| variable.to_owned()).collect()
}

fn host(generation: Generation) -> Host {
    let mut host = Host::new(generation);
    host.agent = host.agent.application("shop").group("production", "11111111-2222").unwrap();
    host.agent = host.agent.path_variable("/usr/bin:/bin");
    host
}

#[test]
fn the_environment_is_the_five_variables_and_path_and_nothing_else() {
    for generation in BOTH {
        let host = host(generation);
        let bundle = host.hook(60, SHOW_ENVIRONMENT);
        assert_eq!(environment(&host, &bundle), expected(&[]));
    }
}

#[test]
fn a_revision_adds_its_variables_and_leaves_unknown_ones_unset() {
    let host = host(Generation::One);
    let bundle = host.hook(60, SHOW_ENVIRONMENT);
    let s3 = Revision::S3 { bucket: "b".into(), key: "k.zip".into(), version: None, etag: Some("e".into()) };
    assert_eq!(
        environment(&host, &bundle.clone().with_revision(s3)),
        expected(&["BUNDLE_BUCKET=b", "BUNDLE_KEY=k.zip", "BUNDLE_ETAG=e"])
    );
    let commit = Revision::GitHub { commit: "abc".into() };
    assert_eq!(environment(&host, &bundle.with_revision(commit)), expected(&["BUNDLE_COMMIT=abc"]));
}

#[test]
fn what_the_agent_was_started_with_is_inherited_but_its_own_variables_win() {
    let mut host = host(Generation::One);
    let noise = Environment::bash_noise().with("HTTP_PROXY", "http://proxy").with("DEPLOYMENT_ID", "d-000000000");
    host.agent = host.agent.environment(noise);
    let found = environment(&host, &host.hook(60, SHOW_ENVIRONMENT));
    assert!(found.is_superset(&expected(&["HTTP_PROXY=http://proxy", "EUID=0", "OPTIND=1"])), "{found:?}");
    assert!(!found.iter().any(|variable| variable.starts_with("HOME=") || variable.starts_with("USER=")));
}

#[test]
fn a_hook_is_called_by_its_absolute_path_without_arguments_in_the_top_directory() {
    for generation in BOTH {
        let host = Host::new(generation);
        let ran = host.run_hook(60, "echo \"$0 $# $(pwd)\"");
        let script = ran.deployment.folder.archive().join("hook.sh");
        assert!(script.is_absolute());
        assert_eq!(ran.lines()[2], format!("[stdout]{} 0 /", script.display()));
    }
}

/// This process's session as `/proc` tells it: 0 where its leader is outside of our pid namespace, as in a container into which
/// a command was put from outside. (`getsid` of rustix takes that 0 for impossible.)
fn own_session() -> i32 {
    let line = fs::read_to_string("/proc/self/stat").unwrap();
    // The fields after the program's name, which is in brackets and may hold blanks; the session is field 6 of all.
    let after_name = line.rsplit_once(") ").unwrap().1;
    after_name.split(' ').nth(3).unwrap().parse().unwrap()
}

#[test]
fn a_hook_leads_its_own_process_group_in_the_session_of_the_agent() {
    for generation in BOTH {
        // Of /proc/PID/stat: fields 5 and 6 are the process group and the session.
        let ran = Host::new(generation).run_hook(60, "cut -d ' ' -f 1,5,6 /proc/$$/stat");
        let numbers: Vec<i32> =
            ran.lines()[2]["[stdout]".len()..].split(' ').map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers[0], numbers[1], "the group is its own");
        assert_eq!(numbers[2], own_session(), "the session is ours");
    }
}

#[test]
fn standard_input_is_at_its_end_and_no_other_descriptor_is_open() {
    // One that would pass on, as a program under a test runner has them.
    let stray = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&stray, rustix::io::FdFlags::empty()).unwrap();
    for (generation, stdin) in [(Generation::One, "pipe:"), (Generation::Two, "/dev/null")] {
        let host = Host::new(generation);
        // Into a file, since a pipeline would show the shell's own ends of it for a moment; `:` keeps the shell alive.
        let ran =
            host.run_hook(60, "read line; echo \"read: $?\"; find /proc/$$/fd -type l -printf '%l\\n' > HERE/open; :");
        assert_eq!(ran.lines()[2], "[stdout]read: 1");
        let open = host.read("open");
        let script = ran.deployment.folder.archive().join("hook.sh");
        // The shell itself holds its script and, while it redirects, the file.
        let own = [script, host.path("open")];
        let mut open: Vec<&str> = open.lines().filter(|target| !own.contains(&PathBuf::from(target))).collect();
        open.sort_unstable();
        assert!(open.len() == 3 && open[0].starts_with(stdin), "{open:?}");
        assert!(open[1].starts_with("pipe:") && open[2].starts_with("pipe:"), "{open:?}");
        open.dedup();
        assert_eq!(open.len(), 3, "a pipe for each output: {open:?}");
    }
    drop(stray);
}

#[test]
fn the_umask_is_022_whatever_ours_is() {
    for generation in BOTH {
        let host = Host::new(generation);
        assert_eq!(host.run_hook(60, "umask; : > HERE/made").lines()[2], "[stdout]0022");
        assert_eq!(fs::metadata(host.path("made")).unwrap().permissions().mode() & 0o777, 0o644);
    }
}

#[test]
fn signals_are_at_their_defaults() {
    let ran = Host::new(Generation::One).run_hook(60, "grep -E '^Sig(Blk|Ign)' /proc/self/status");
    let masks: Vec<&str> = ran.lines()[2..].iter().map(|line| line.rsplit('\t').next().unwrap()).collect();
    let broken_pipe = 1_u64 << (13 - 1);
    assert_eq!(u64::from_str_radix(masks[0], 16).unwrap(), 0, "nothing is blocked");
    assert_eq!(u64::from_str_radix(masks[1], 16).unwrap() & broken_pipe, 0, "SIGPIPE is not ignored");
}

#[test]
fn a_script_without_executable_bits_is_given_them() {
    for (before, after) in [(0o644, 0o755), (0o600, 0o711)] {
        let host = Host::new(Generation::One);
        let bundle = host
            .builder("bundle", "hooks:\n  AfterInstall:\n    - location: /scripts/a.sh\n")
            .file("scripts/a.sh", "#!/bin/sh\necho ran\n", before)
            .unwrap();
        let deployment = host.agent.deploy(&bundle.build().unwrap());
        assert!(deployment.succeeded, "{deployment:?}");
        let script = deployment.folder.archive().join("scripts/a.sh");
        assert_eq!(fs::metadata(script).unwrap().permissions().mode() & 0o777, after);
    }
}

#[test]
fn a_script_without_a_first_line_is_run_by_a_shell_under_generation_1_only() {
    let run = |generation| {
        let host = Host::new(generation);
        let bundle = host.builder("bundle", "hooks:\n  AfterInstall:\n    - location: a.sh\n");
        let deployment = host.agent.deploy(&bundle.script("a.sh", "exit 7\n").unwrap().build().unwrap());
        deployment.failure().unwrap().scripts[0].outcome.clone()
    };
    assert_eq!(run(Generation::One), ScriptOutcome::Exited(7));
    let ScriptOutcome::NotStarted { cause } = run(Generation::Two) else { panic!("it must not start") };
    assert!(cause.contains("Exec format error"), "{cause}");
}

#[test]
fn a_first_line_that_ends_in_a_carriage_return_names_no_program() {
    let host = Host::new(Generation::One);
    let bundle = host.builder("bundle", "hooks:\n  AfterInstall:\n    - location: a.sh\n");
    let deployment = host.agent.deploy(&bundle.script("a.sh", "#!/bin/sh\r\nexit 0\r\n").unwrap().build().unwrap());
    let failure = deployment.failure().unwrap();
    assert_eq!(failure.diagnostics.error_code, Some(ErrorCode::ScriptFailed));
    let path = deployment.folder.archive().join("a.sh");
    assert_eq!(
        failure.diagnostics.message,
        format!(
            "Script at specified location: a.sh failed with error Errno::ENOENT with message No such file or directory - {}",
            path.display()
        )
    );
}

/// Name, number and home of root, and of one other user whom `su` can become on this machine.
fn users_with_a_shell() -> Vec<(String, u32, String)> {
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let fields = accounts.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    let able =
        fields.filter(|fields| fields.len() == 7 && (fields[6].ends_with("/sh") || fields[6].ends_with("/bash")));
    let users: Vec<_> = able.map(|fields| (fields[0].clone(), fields[2].parse().unwrap(), fields[5].clone())).collect();
    let (root, others): (Vec<_>, Vec<_>) = users.into_iter().partition(|(_, number, _)| *number == 0);
    root.into_iter().take(1).chain(others.into_iter().take(1)).collect()
}

#[test]
fn runas_keeps_the_deployment_variables_but_sets_home_and_for_others_than_root_a_session() {
    assert!(rustix::process::geteuid().is_root(), "this test needs root: run scripts/test.sh as root");
    let session = own_session();
    for ((user, number, home), generation) in
        users_with_a_shell().into_iter().flat_map(|user| BOTH.map(|generation| (user.clone(), generation)))
    {
        let host = Host::new(generation);
        let bundle = host
            .builder("bundle", &format!("hooks:\n  AfterInstall:\n    - location: a.sh\n      runas: {user}\n"))
            .script(
                "a.sh",
                "#!/bin/sh\necho $LIFECYCLE_EVENT $HOME; id -u; pwd; cut -d ' ' -f 6 /proc/$$/stat; exit 5\n",
            )
            .unwrap()
            .build()
            .unwrap();
        let deployment = host.agent.deploy(&bundle);
        let log = fs::read_to_string(deployment.folder.scripts_log()).unwrap();
        let said: Vec<&str> = log.lines().filter_map(|line| Some(line.split_once("[stdout]")?.1)).collect();
        assert_eq!(said[..3], [format!("AfterInstall {home}"), number.to_string(), "/".to_owned()], "{log}");
        assert_eq!(said[3] == session.to_string(), number == 0, "{user}: {log}");
        assert_eq!(
            deployment.failure().unwrap().diagnostics.message,
            format!("Script at specified location: a.sh run as user {user} failed with exit code 5")
        );
    }
}
