//! The host as Prometheus reads it: the text format 0.0.4, which the textfile collector of `node_exporter` takes. All of them are
//! gauges: the history is bounded, so what is counted in it may become less, as no counter may.

use std::fmt;
use std::time::{Duration, SystemTime};

use shared::host::Host;
use shared::lifecycle::HOOKS;
use shared::run::Scene;
use shared::slot::Slot;

use crate::deploys::{Deploy, Stand};
use crate::host_view::HostView;
use crate::level::Level;

/// How each name begins.
const PREFIX: &str = "zero_downtime_hooks_";

/// What is seen of the host beside what `status` says of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// What the application is called, by which several on a host are told apart.
    pub(crate) application: String,
    /// The connections that nginx holds to each port.
    pub(crate) connections: Vec<(u16, usize)>,
    /// The bytes that are free on the disk of the application's directory.
    pub(crate) disk_free: Option<u64>,
}

impl Measured {
    pub(crate) fn of(scene: &Scene<'_, impl Host>) -> Measured {
        let (host, settings) = (scene.host, scene.settings);
        let held = |slot| {
            let port = settings.place(slot).port;
            Some((port, host.connections_towards(port).ok()?.len()))
        };
        Measured {
            application: settings.application(),
            connections: Slot::BOTH.into_iter().filter_map(held).collect(),
            disk_free: host.free_space(&settings.app.directory).ok(),
        }
    }
}

/// All of the metrics, a family after the other.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    application: String,
    families: Vec<Family>,
}

/// The samples of one name.
#[derive(Clone, Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<Sample>,
}

/// One value, and what it is of.
#[derive(Clone, Debug)]
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Metrics {
    pub(crate) fn of(view: &HostView, deploys: &[Deploy], measured: Measured) -> Metrics {
        let mut all = Metrics { application: measured.application, families: Vec::new() };
        all.add_host(view, deploys);
        all.add_slots(view, &measured.connections);
        all.add_deploys(deploys);
        let free = measured.disk_free.map(|free| Sample::of(exact(free)));
        all.add("disk_free_bytes", "Bytes that are free on the disk of the application's directory.", free);
        all
    }

    /// A family, unless nothing is known of it.
    fn add(&mut self, name: &'static str, help: &'static str, samples: impl IntoIterator<Item = Sample>) {
        let samples: Vec<Sample> = samples.into_iter().collect();
        if !samples.is_empty() {
            self.families.push(Family { name, help, samples });
        }
    }

    fn add_host(&mut self, view: &HostView, deploys: &[Deploy]) {
        self.add("serving", "0 where `status` says SITE DOWN, else 1.", [Sample::of(is(view.level < Level::Down))]);
        self.add("level", "What `status` ends with: 0 healthy, 1 look, 2 down.", [Sample::of(view.exit_code.into())]);
        self.add(
            "cutover_unfinished",
            "1 where a cutover was begun and not ended.",
            [Sample::of(is(view.unfinished.is_some()))],
        );
        let live = view.slots.iter().find(|slot| slot.role == "live").and_then(|slot| slot.release.as_deref());
        let since = live.and_then(|live| {
            let got_traffic = |deploy: &&Deploy| deploy.stand() == Stand::Done && deploy.release() == Some(live);
            deploys.iter().rev().find(got_traffic)?.last().ended_at()
        });
        let help = "When the live release got the traffic, as far as the history knows.";
        self.add("live_since_timestamp_seconds", help, since.map(|since| Sample::of(timestamp(since))));
    }

    fn add_slots(&mut self, view: &HostView, connections: &[(u16, usize)]) {
        let of_slots = |value: &dyn Fn(&str, u16, usize) -> Option<f64>| -> Vec<Sample> {
            let sample = |slot: &crate::slots::SlotView| {
                let value = value(slot.role, slot.port, slot.processes.len())?;
                Some(Sample::of(value).with("profile", &slot.profile).with("port", &slot.port.to_string()))
            };
            view.slots.iter().filter_map(sample).collect()
        };
        let live = of_slots(&|role, _, _| Some(is(role == "live")));
        self.add("slot_live", "1 for the slot that is live.", live);
        let standby = of_slots(&|role, _, _| Some(is(role == "standby")));
        self.add("slot_standby_warm", "1 for the slot whose release runs and can be gone back to.", standby);
        let processes = of_slots(&|_, _, processes| Some(exact(processes as u64)));
        self.add("slot_processes", "Processes of the release in the slot.", processes);
        let towards = |port| connections.iter().find(|(of, _)| *of == port).map(|(_, held)| exact(*held as u64));
        let connections = of_slots(&|_, port, _| towards(port));
        let help = "Connections that nginx holds to the slot; 0 for one that is drained.";
        self.add("slot_connections", help, connections);
        let named = view.slots.iter().filter_map(|slot| {
            let sample = Sample::of(1.0).with("profile", &slot.profile).with("port", &slot.port.to_string());
            Some(sample.with("role", slot.role).with("release", slot.release.as_deref()?))
        });
        self.add("slot_release_info", "The release that was put into the slot last, as a label.", named);
    }

    fn add_deploys(&mut self, deploys: &[Deploy]) {
        let count = |outcome: &str, counts: &dyn Fn(&Deploy) -> bool| {
            let count = deploys.iter().filter(|deploy| counts(deploy)).count();
            Sample::of(exact(count as u64)).with("outcome", outcome)
        };
        let of = |stand| move |deploy: &Deploy| deploy.stand() == stand && !deploy.is_way_back();
        let counts = [
            count("done", &of(Stand::Done)),
            count("failed", &of(Stand::Failed)),
            count("not_ended", &of(Stand::GoesOn)),
            count("way_back", &|deploy| deploy.is_way_back() && deploy.stand() == Stand::Done),
        ];
        self.add("history_deploys", "Deploys in the history, which is bounded: this may become less.", counts);
        let Some(last) = deploys.iter().rfind(|deploy| !deploy.is_way_back()) else { return };
        let ended = last.last().ended_at().map(|ended| Sample::of(timestamp(ended)));
        self.add("last_deploy_timestamp_seconds", "When the last hook of the last deploy ended.", ended);
        let code = Sample::of(last.last().exit_code.into()).with("hook", &last.last().hook);
        self.add("last_deploy_exit_code", "The exit code of that hook.", [code]);
        let times =
            HOOKS.into_iter().filter_map(|hook| Some(Sample::of(last.took_by(hook)?.as_secs_f64()).with("hook", hook)));
        let times: Vec<Sample> = times.collect();
        self.add("last_deploy_hook_duration_seconds", "How long each hook of the last deploy took.", times);
        let boot = deploys.iter().rev().find_map(Deploy::boot);
        let boot = boot.map(|boot| Sample::of(boot.as_secs_f64()));
        self.add("last_boot_duration_seconds", "How long the last release took to boot of which that is known.", boot);
    }
}

impl Sample {
    fn of(value: f64) -> Sample {
        Sample { labels: Vec::new(), value }
    }

    fn with(mut self, label: &'static str, value: &str) -> Sample {
        self.labels.push((label, value.to_owned()));
        self
    }
}

fn is(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// A count, as far as the format can tell one: exactly up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here is as large")]
fn exact(count: u64) -> f64 {
    count as f64
}

fn timestamp(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0.0, Duration::as_secs_f64)
}

impl fmt::Display for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Family { name, help, samples } in &self.families {
            writeln!(formatter, "# HELP {PREFIX}{name} {}\n# TYPE {PREFIX}{name} gauge", escaped(help, false))?;
            for Sample { labels, value } in samples {
                write!(formatter, "{PREFIX}{name}{{application=\"{}\"", escaped(&self.application, true))?;
                for (label, value) in labels {
                    write!(formatter, ",{label}=\"{}\"", escaped(value, true))?;
                }
                writeln!(formatter, "}} {value}")?;
            }
        }
        Ok(())
    }
}

/// As the format wants it: a backslash and the end of a line everywhere, a quote in a label's value.
fn escaped(text: &str, in_quotes: bool) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '"' if in_quotes => written.push_str("\\\""),
            letter => written.push(letter),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f165_whatever_stands_in_a_label_or_a_help_text_the_format_stays_whole() {
        let sample = Sample::of(1.5).with("release", "a\\b\"c\nd, {e}=f");
        let family = Family { name: "slot_release_info", help: "One \\ of\nthem \"all\".", samples: vec![sample] };
        let metrics = Metrics { application: "service-url".into(), families: vec![family] };
        assert_eq!(
            metrics.to_string(),
            "# HELP zero_downtime_hooks_slot_release_info One \\\\ of\\nthem \"all\".\n\
             # TYPE zero_downtime_hooks_slot_release_info gauge\n\
             zero_downtime_hooks_slot_release_info{application=\"service-url\",release=\"a\\\\b\\\"c\\nd, {e}=f\"} 1.5\n"
        );
    }

    #[test]
    fn f165_times_and_sizes_are_written_as_plain_numbers() {
        let half = SystemTime::UNIX_EPOCH + Duration::from_millis(1_764_000_000_500);
        for (value, wanted) in
            [(timestamp(half), "1764000000.5"), (exact(1 << 40), "1099511627776"), (is(true), "1"), (is(false), "0")]
        {
            assert_eq!(value.to_string(), wanted);
        }
    }
}
