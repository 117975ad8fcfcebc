//! What a deploy would find on this host, before there is one: by the very looks with which `stop` begins, and without its artifact.

use serde::Serialize;
use shared::error::{Error, ExitCodeRow, Kind, Result};
use shared::host::Host;
use shared::language::translated;
use shared::lifecycle::Lifecycle;
use shared::preflight;
use shared::preflight::checks::{Checks, Found, Grade, Subject};
use shared::run::{Scene, Unread};
use shared::timeouts::app_spec;

/// What is shown.
#[derive(Debug, Serialize)]
pub(crate) struct CheckView {
    level: Grade,
    /// That, as the exit code of `status`: that of `stop` where it would refuse.
    exit_code: u8,
    /// The first line.
    summary: String,
    /// Whose rights were looked at.
    user: String,
    checks: Vec<LineView>,
}

/// One line.
#[derive(Debug, Serialize)]
struct LineView {
    subject: &'static str,
    level: Grade,
    says: String,
    to_do: Option<String>,
}

impl CheckView {
    pub(crate) async fn see(scene: &mut Scene<'_, impl Host>, unread: Option<Unread>) -> Result<CheckView> {
        let (host, settings, report) = (scene.host, scene.settings, scene.report);
        let mut checks = Checks::of_look();
        // That of the bundle which `status` lies in; it is found by a hook that it names.
        let app_spec = app_spec::of_bundle(host, &host.program().with_file_name("stop")).unwrap_or_else(|why| {
            checks.warn(Subject::AppSpec, translated!("the hooks do not know their timeouts: {why}"));
            None
        });
        let lifecycle = &Lifecycle { app_spec, ..scene.lifecycle.clone() };
        let scene = Scene { host, settings, lifecycle, ledger: scene.ledger, report };
        preflight::before(&scene, unread, &mut checks)?;
        match preflight::look(&scene, &mut checks).await {
            Err(error) if error.kind() == Kind::Interrupted => Err(error),
            // What was refused stands among the rest.
            Ok(_) | Err(_) => Ok(CheckView::of(host.user().name, checks)),
        }
    }

    fn of(user: String, checks: Checks<'_>) -> CheckView {
        let (found, refusal) = checks.ended();
        let level = found.iter().map(|found| found.grade).max().unwrap_or(Grade::Ok);
        let exit_code = match (&refusal, level) {
            (Some(refusal), _) => refusal.kind().exit_code(),
            (None, Grade::Ok) => ExitCodeRow::DONE.code,
            (None, _) => ExitCodeRow::LOOK.code,
        };
        let summary = summary(&user, &found, refusal.as_ref());
        let line = |Found { subject, grade, says, to_do }| LineView {
            subject: Subject::name(subject),
            level: grade,
            says,
            to_do,
        };
        CheckView { level, exit_code, summary, user, checks: found.into_iter().map(line).collect() }
    }

    /// The exit code that says whether a deploy would be refused.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    pub(crate) fn text(&self) -> String {
        let mut lines = vec![self.summary.clone()];
        for LineView { subject, level, says, to_do } in &self.checks {
            let word = match level {
                Grade::Ok => "ok",
                Grade::Unknown => "unknown",
                Grade::Warning => "warning",
                Grade::Error => "error",
            };
            lines.push(format!("{word:<7}  {subject}: {says}"));
            lines.extend(
                to_do
                    .iter()
                    .map(|to_do| format!("         {}", translated!("to do: {}", to_do.replace('\n', "\n         ")))),
            );
        }
        lines.join("\n")
    }
}

fn summary(user: &str, found: &[Found], refusal: Option<&Error>) -> String {
    let count = |grade| found.iter().filter(|found| found.grade == grade).count();
    match (refusal, count(Grade::Warning)) {
        (Some(refusal), _) => translated!(
            "ERROR: `stop`, as `{user}`, would refuse a deploy with exit code {}: {refusal} ({})",
            refusal.kind().exit_code(),
            match count(Grade::Error) {
                1 => translated!("1 error").to_owned(),
                errors => translated!("{errors} errors"),
            }
        ),
        (None, 0) => translated!("OK: a deploy, as `{user}`, has what it needs; only its artifact was not looked at"),
        (None, 1) => translated!("WARNING: a deploy, as `{user}`, would begin; 1 warning"),
        (None, warnings) => translated!("WARNING: a deploy, as `{user}`, would begin; {warnings} warnings"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn view(refused: bool, warned: bool) -> CheckView {
        let mut checks = Checks::of_look();
        for subject in Subject::ALL.iter().take(9) {
            checks.alone(*subject, Ok(())).unwrap();
        }
        checks.note(Subject::Live, "the door was no help: it answers HTTP 302");
        if warned {
            checks.warn_and_advise(Subject::Ledger, "another run holds the lock", "wait");
        }
        if refused {
            let error = Error::new(Kind::NotAllowed, "sudo does not let `ec2-user` run a command");
            let error = error.advise("with `visudo` add this line:\nec2-user ALL=(root) NOPASSWD: /usr/sbin/nginx -T");
            checks.alone(Subject::Nginx, Err::<(), _>(error)).unwrap();
        }
        for subject in Subject::ALL.iter().skip(if refused { 11 } else { 9 }) {
            checks.alone(*subject, Ok(())).unwrap();
        }
        CheckView::of("ec2-user".into(), checks)
    }

    #[test]
    fn f164_the_exit_code_is_that_of_stop_where_it_would_refuse_and_1_where_somebody_should_know_something() {
        for (refused, warned, exit_code, begins) in [
            (false, false, 0, "OK: a deploy, as `ec2-user`, has what it needs"),
            (false, true, 1, "WARNING: a deploy, as `ec2-user`, would begin; 1 warning"),
            (true, true, 13, "ERROR: `stop`, as `ec2-user`, would refuse a deploy with exit code 13: sudo does not"),
        ] {
            let view = view(refused, warned);
            assert_eq!(view.exit_code(), exit_code);
            assert!(view.text().starts_with(begins), "{}", view.text());
        }
    }

    #[test]
    fn f164_each_line_begins_with_how_grave_it_is_and_is_followed_by_what_to_do() {
        expect![[r#"
            ERROR: `stop`, as `ec2-user`, would refuse a deploy with exit code 13: sudo does not let `ec2-user` run a command (1 error)
            ok       settings: they can be read, and fit together
            ok       directories: they are this user's, or can be made
            warning  ledger: another run holds the lock
                     to do: wait
            ok       appspec.yml: it leads through a deploy, or there is none here
            ok       live slot: it is known which one that is
            ok       live slot: the door was no help: it answers HTTP 302
            ok       timeouts: no hook has less than it can take
            ok       control group: no release would end with the service that runs this
            ok       cutover: it is the one that nginx is set up for
            ok       supervisor: a release can be run as `app.supervisor` says
            error    nginx: sudo does not let `ec2-user` run a command
                     to do: with `visudo` add this line:
                     ec2-user ALL=(root) NOPASSWD: /usr/sbin/nginx -T
            unknown  health port: not looked at, since something above was refused
            ok       program: what runs the release is on this host
            ok       configuration: the application's own files can be read
            ok       disk: there is room for one more release
            ok       memory: there is room for one more release, as far as that is known
            ok       flag: its directory is there, can be made, or is not needed
            ok       last release: a deploy ends none that is needed
            ok       idle slot: it is free, or holds a release of these hooks"#]].assert_eq(&view(true, true).text());
    }
}
