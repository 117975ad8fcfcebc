//! What a person should do who finds the site down: one command, or where to look, for each reason that it is.

use std::path::PathBuf;

use shared::language::translated;
use shared::run::serving::Cause;
use shared::slot::{Place, Slot};

/// What is known that decides it.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    /// Where the hooks are.
    pub(crate) hooks: PathBuf,
    /// Why nobody serves.
    pub(crate) cause: Cause,
    /// The release that runs, has served before or was not started by these hooks, and that nginx does not send requests to: its place.
    pub(crate) standby: Option<Place>,
    /// The log of the release that gives no answer.
    pub(crate) log: Option<PathBuf>,
    /// The file to write, and the line that it needs, where nginx sends requests past both slots.
    pub(crate) line: (String, String),
    /// Whether anybody runs where that line leads.
    pub(crate) leads_to_somebody: bool,
}

/// The sentence.
pub(crate) fn to_do(situation: &Situation) -> String {
    let Situation { hooks, standby, .. } = situation;
    let hook = |name: &str| hooks.join(name).to_string_lossy().into_owned();
    let back =
        standby.as_ref().map(|place| translated!("`{} --back` puts the site back up on {place}", hook("switch")));
    let again = || {
        let by_hand = ["stop", "start", "health", "switch"].map(hook).join(" && ");
        translated!(
            "deploy again; or by hand, as the user that deploys, with the release that was deployed last: `{by_hand}`"
        )
    };
    match (situation.cause, back) {
        (Cause::Nginx, _) => {
            translated!("as root: `nginx -t` says what is wrong, if anything is; then `systemctl restart nginx`")
                .to_owned()
        }
        (Cause::NobodyListens(_), Some(back)) => translated!("{back}, which runs"),
        (Cause::NobodyListens(_), None) => again(),
        (Cause::NoAnswer(Some(_)), back) => {
            let log = situation.log.as_ref().map_or_else(
                || translated!("the application's log").to_owned(),
                |log| format!("`{}`", log.to_string_lossy()),
            );
            let look = translated!("look into {log} and nginx's error log");
            back.map_or_else(|| format!("{look}; {}", again()), |back| translated!("{back}; then {look}"))
        }
        (Cause::NoAnswer(None), _) => {
            translated!("look into nginx's error log, which says where it sends requests").to_owned()
        }
        (Cause::Elsewhere, _) => {
            let (file, line) = &situation.line;
            let then = if situation.leads_to_somebody {
                ""
            } else {
                translated!("; then deploy again, since nobody runs there")
            };
            translated!("as root: {line} in `{file}`, then `nginx -t && nginx -s reload`{then}")
        }
    }
}

/// The slot that has the traffic where it should be: the one that is remembered, if somebody of ours runs there, else the one where
/// somebody does.
pub(crate) fn should_have_traffic(remembered: Option<Slot>, runs: impl Fn(Slot) -> bool) -> Slot {
    let running = || Slot::BOTH.into_iter().find(|slot| runs(*slot));
    remembered.filter(|slot| runs(*slot)).or_else(running).or(remembered).unwrap_or(Slot::Blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f151_whoever_finds_the_site_down_is_told_the_command_that_helps() {
        let standby = || Some(Place { profile: "real2".into(), port: 8082 });
        let by_hand = "`/b/hooks/stop && /b/hooks/start && /b/hooks/health && /b/hooks/switch`";
        let back = "`/b/hooks/switch --back` puts the site back up on `real2` (port 8082)";
        for (cause, standby, leads_to_somebody, wanted) in [
            (Cause::Nginx, standby(), true, vec!["`nginx -t`", "`systemctl restart nginx`"]),
            (Cause::NobodyListens(Slot::Blue), standby(), true, vec![back]),
            (Cause::NobodyListens(Slot::Blue), None, false, vec!["deploy again", by_hand]),
            (Cause::NoAnswer(Some(Slot::Blue)), standby(), true, vec![back, "look into `/log`"]),
            (Cause::NoAnswer(Some(Slot::Blue)), None, true, vec!["look into `/log`", by_hand]),
            (Cause::NoAnswer(None), None, true, vec!["nginx's error log"]),
            (Cause::Elsewhere, None, true, vec!["write `set $x 1;` in `/inc`, then `nginx -t && nginx -s reload`"]),
            (Cause::Elsewhere, None, false, vec!["in `/inc`", "then deploy again"]),
        ] {
            let situation = Situation {
                hooks: "/b/hooks".into(),
                cause,
                standby,
                log: Some("/log".into()),
                line: ("/inc".into(), "write `set $x 1;`".into()),
                leads_to_somebody,
            };
            let told = to_do(&situation);
            for words in wanted {
                assert!(told.contains(words), "{situation:?}: {told}");
            }
        }
    }

    #[test]
    fn f151_traffic_should_go_to_whoever_runs_first_of_all_to_the_slot_that_is_remembered() {
        use Slot::{Blue, Green};
        for (remembered, running, wanted) in [
            (Some(Green), vec![Blue, Green], Green),
            (Some(Green), vec![Blue], Blue),
            (Some(Green), vec![], Green),
            (None, vec![Green], Green),
            (None, vec![], Blue),
        ] {
            assert_eq!(
                should_have_traffic(remembered, |slot| running.contains(&slot)),
                wanted,
                "{remembered:?}, {running:?}"
            );
        }
    }
}
