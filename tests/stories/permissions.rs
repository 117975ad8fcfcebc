//! Users who may not do everything: `sudo` with exact commands where it is allowed, and a clear refusal before anything
//! changes where it is not (F73, F82). These tests need root, to become somebody else.

use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use demo_app::Jar;

use crate::rig::{HOOKS, Rig};

/// An account without rights that every system has.
const NOBODY: u32 = 65_534;

/// A host whose application belongs to `nobody`, while nginx and the include belong to root.
pub(crate) fn stage_of_nobody() -> Rig {
    assert!(rustix::process::geteuid().is_root(), "this test needs root: run scripts/test.sh as root");
    let rig = Rig::new();
    std::fs::set_permissions(rig.host.directory(), PermissionsExt::from_mode(0o755)).unwrap();
    rig.host.stage(rig.jar(&Jar::release("v1"))).unwrap();
    for path in [rig.host.app_directory(), rig.host.staging_directory()] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    rig
}

/// Runs a hook as `nobody`, in a mount namespace of its own where these are all the rules that sudo knows. The system's own
/// rules are never touched.
pub(crate) fn as_nobody(rig: &Rig, hook: &str, rules: &str) -> (i32, String) {
    let directory = rig.host.directory().join("sudoers.d");
    std::fs::create_dir_all(&directory).unwrap();
    let main = rig.host.directory().join("sudoers");
    let text = format!("Defaults secure_path=\"/usr/sbin:/usr/bin:/sbin:/bin\"\nroot ALL=(ALL) ALL\n{rules}\n");
    std::fs::write(&main, text).unwrap();
    std::fs::set_permissions(&main, PermissionsExt::from_mode(0o440)).unwrap();
    let program = rig.host.binaries().unwrap().path(hook).unwrap();
    let script = format!(
        "mount --bind {} /etc/sudoers && exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups {}",
        main.display(),
        program.display()
    );
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .env("DEPLOYMENT_ID", "d-NOBODY001")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), told.replace("\n    ", " "))
}

/// The lines that the hook itself asks for, as they can be pasted.
fn rule_in(told: &str) -> String {
    let rest = told.split("add these lines:\n").nth(1).expect("lines to add");
    rest.lines().take_while(|line| line.starts_with("nobody ") || line.starts_with("  ")).fold(
        String::new(),
        |rules, line| {
            assert!(line.len() < 200, "{line}");
            rules + line + "\n"
        },
    )
}

#[test]
fn f73_without_sudo_the_first_hook_refuses_and_names_the_exact_rule_that_is_missing_which_then_is_enough() {
    let rig = stage_of_nobody();
    let include = rig.include();
    for (name, rules) in [("no rule", ""), ("a password is needed", "nobody ALL=(root) ALL")] {
        let (code, told) = as_nobody(&rig, "stop", rules);
        assert_eq!(code, 13, "{name}: {told}");
        assert!(told.contains("`nobody` may not write") && told.contains("sudo said: "), "{name}: {told}");
    }
    assert_eq!(rig.include(), include);
    let rule = rule_in(&as_nobody(&rig, "stop", "").1);
    assert!(rule.starts_with("nobody ALL=(root) NOPASSWD: /usr/bin/install -m 0644"), "{rule}");
    for hook in HOOKS {
        let (code, told) = as_nobody(&rig, hook, &rule);
        assert_eq!(code, 0, "{hook}: {told}");
    }
    assert_eq!(rig.release(), "v1");
    assert_ne!(rig.include(), include);
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(rig.host.nginx().include_path()).unwrap());
    assert_eq!(owner, 0, "the include is still root's");
}

/// A site whose key only root may read, so that nobody else can let nginx test its configuration.
fn with_a_key_of_roots(rig: &Rig) {
    let tls = rig.host.directory().join("nginx/tls");
    std::fs::create_dir(&tls).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(tls.join("certificate.pem"), certificate.pem()).unwrap();
    std::fs::write(tls.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::set_permissions(tls.join("key.pem"), PermissionsExt::from_mode(0o600)).unwrap();
    let tls = tls.display();
    let site = format!(
        "server {{\n listen unix:{tls}/socket ssl;\n ssl_certificate {tls}/certificate.pem;\n ssl_certificate_key {tls}/key.pem;\n}}\n"
    );
    rig.host.nginx().configure("tls.conf", &site).unwrap();
    let test = rig.host.nginx().command().iter().map(String::as_str).chain(["-t"]);
    let mut own = Command::new("setpriv");
    own.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).args(test);
    assert!(!own.output().unwrap().status.success(), "nobody but root may test it");
}

#[test]
fn f71_a_test_of_nginx_that_needs_root_is_asked_for_by_its_own_rule_and_found_missing_before_anything_changes() {
    let rig = stage_of_nobody();
    with_a_key_of_roots(&rig);
    let include = rig.include();
    let rules = rule_in(&as_nobody(&rig, "stop", "").1);
    let (test, others): (Vec<&str>, Vec<&str>) = rules.lines().partition(|rule| rule.ends_with(" -T"));
    assert_eq!((test.len(), others.len()), (1, 3), "{rules}");
    // With all of them but the test's, that line is what is missing.
    let (code, told) = as_nobody(&rig, "stop", &others.join("\n"));
    assert_eq!(code, 13, "{told}");
    assert!(told.contains("sudo said: ") && rule_in(&told).contains(test[0]), "{told}");
    assert_eq!(rig.include(), include);
    for hook in HOOKS {
        let (code, told) = as_nobody(&rig, hook, &rules);
        assert_eq!(code, 0, "{hook}: {told}");
    }
    assert_eq!(rig.release(), "v1");
    // Once the flag is in force, nobody needs root: nginx's files are read instead, and no key is among them.
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    for (rules, release) in [("nobody ALL=(ALL) NOPASSWD: ALL", "v2"), ("", "v3")] {
        rig.host.stage(rig.jar(&Jar::release(release))).unwrap();
        for hook in HOOKS {
            let (code, told) = as_nobody(&rig, hook, rules);
            assert_eq!(code, 0, "{hook} of {release}: {told}");
        }
        assert_eq!(rig.release(), release);
    }
}

#[test]
fn f73_with_the_books_rule_everything_goes_through_sudo() {
    let rig = stage_of_nobody();
    for hook in HOOKS {
        let (code, told) = as_nobody(&rig, hook, "nobody ALL=(ALL) NOPASSWD: ALL");
        assert_eq!(code, 0, "{hook}: {told}");
    }
    assert_eq!(rig.release(), "v1");
}

#[test]
fn f31_f39_a_release_of_another_user_is_not_signalled_but_named() {
    let rig = stage_of_nobody();
    let ports = rig.host.ports();
    let jar = rig.jar(&Jar::release("roots"));
    let java = rig.host.binaries().unwrap().java().unwrap();
    let roots = rig.host.start_as_the_scripts_did("real2", ports.green, &jar, java).unwrap();
    let (code, told) = as_nobody(&rig, "stop", "nobody ALL=(ALL) NOPASSWD: ALL");
    assert_eq!(code, 12, "{told}");
    assert!(told.contains("is held by a process of user `root`"), "{told}");
    assert!(crate::rig::is_alive(roots));
}

#[test]
fn f82_an_application_directory_that_is_missing_or_not_ours_is_refused() {
    let rig = stage_of_nobody();
    chown(rig.host.app_directory(), Some(0), Some(0)).unwrap();
    let (code, told) = as_nobody(&rig, "stop", "");
    assert_eq!(code, 13, "{told}");
    assert!(told.contains("cannot be made by `nobody`") && told.contains("chown nobody"), "{told}");
    rig.host.set("app.directory", "\"/no/such/app\"").unwrap();
    let (code, told) = as_nobody(&rig, "stop", "");
    assert_eq!(code, 10, "{told}");
    assert!(told.contains("mkdir -p /no/such/app"), "{told}");
}

#[test]
fn f82_a_first_run_as_root_is_not_mixed_with_later_ones_as_another_user() {
    let rig = stage_of_nobody();
    rig.run_hooks().succeeds();
    let (code, told) = as_nobody(&rig, "stop", "nobody ALL=(ALL) NOPASSWD: ALL");
    assert_eq!(code, 13, "{told}");
    assert!(told.contains("belongs to `root`, but this run is `nobody`") && told.contains("runas: root"), "{told}");
}

#[test]
fn f120_f82_directories_of_several_users_are_told_with_the_one_command_that_ends_it() {
    let rig = stage_of_nobody();
    let rules = "nobody ALL=(ALL) NOPASSWD: ALL";
    let (code, told) = as_nobody(&rig, "stop", rules);
    assert_eq!(code, 0, "{told}");
    let app = rig.host.app_directory();
    chown(app.join("logs"), Some(0), Some(0)).unwrap();
    let told = [as_nobody(&rig, "stop", rules).1, rig.run("stop").output.replace("\n    ", " ")];
    for (name, told) in ["nobody", "root"].iter().zip(&told) {
        let command = format!("`chown -R {name} {0}/ledger {0}/logs {0}/releases`", app.display());
        assert!(told.contains(&command) && !told.contains("runas"), "`{command}` is not in {told}");
    }
    for directory in ["ledger", "logs", "releases"] {
        let owned = Command::new("chown").args(["-R", "nobody"]).arg(app.join(directory)).status().unwrap();
        assert!(owned.success());
    }
    assert_eq!(as_nobody(&rig, "stop", rules).0, 0);
}

#[test]
fn s7_a_ledger_that_others_may_write_is_refused() {
    let rig = Rig::live_in("real1");
    let ledger = rig.host.app_directory().join("ledger");
    std::fs::set_permissions(&ledger, PermissionsExt::from_mode(0o777)).unwrap();
    rig.untouched_by(|| rig.deploy(&Jar::release("v2")).fails("stop", 13, &["has mode 777", "chmod go-w"]).output());
    std::fs::remove_dir_all(&ledger).unwrap();
    let elsewhere = rig.host.directory().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &ledger).unwrap();
    rig.untouched_by(|| rig.deploy(&Jar::release("v2")).fails("stop", 10, &["is no directory itself"]).output());
    assert_eq!(crate::rig::names_in(&elsewhere), Vec::<String>::new(), "nothing was written through the link");
}
