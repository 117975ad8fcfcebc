//! Whether a second release fits beside the live one. It will need what the live one or the one before it has held at most, less or more by
//! what java is given in these settings and was given then; what the idle slot still holds will be free.

use std::path::Path;

use super::Scene;
use crate::boot;
use crate::config::{Overlap, Settings};
use crate::error::{Error, Kind, Result};
use crate::host::{AvailableMemory, Host, Process};
use crate::language::translated;
use crate::occupant::{self, Occupant};
use crate::release::megabytes;
use crate::slot::Roles;
use crate::supervisor::Supervision;

/// Memory is too short for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// That it is, with both numbers.
    pub too_short: Error,
    /// The processes of the live one.
    pub live: Vec<Process>,
    /// Whether the new one would fit without them.
    pub fits_alone: bool,
}

/// Looks whether memory is too short for both; nothing where both fit, nobody serves, or the settings ask nobody.
///
/// # Errors
/// As `occupant::find`.
pub async fn shortage(
    scene: &Scene<'_, impl Host>,
    roles: Roles,
    idle: &Occupant,
    supervision: &Supervision,
) -> Result<Option<Shortage>> {
    let (host, settings) = (scene.host, scene.settings);
    let Some(slot) = roles.live.filter(|_| settings.start.overlap != Overlap::Always) else { return Ok(None) };
    let live = occupant::find(host, settings, scene.ledger, slot).await?;
    let needed =
        [&live, idle].map(|occupant| needed(host, settings, processes(occupant))).into_iter().max().unwrap_or(0);
    let group = match supervision {
        Supervision::Unit(manager) => Some(manager.control_group()),
        Supervision::Detached(_) => None,
    };
    let Some(available) = host.available_memory(group.as_deref()) else { return Ok(None) };
    // What makes a class archive is ended first.
    let makers = boot::makers(host, settings);
    let free = [processes(idle), &makers].map(|ended| given_back(host, available.limited_by.as_deref(), ended));
    let available = available.with(free.into_iter().sum());
    if available.bytes >= needed {
        return Ok(None);
    }
    let alone = available.with(given_back(host, available.limited_by.as_deref(), processes(&live)));
    let too_short = too_short(settings, &available, needed);
    Ok(Some(Shortage { too_short, live: processes(&live).to_vec(), fits_alone: alone.bytes >= needed }))
}

/// What ends gives its memory back; where a control group leaves no more, only what lies in that does.
fn given_back(host: &impl Host, limited_by: Option<&str>, ended: &[Process]) -> u64 {
    let counts = |process: &&Process| {
        limited_by.is_none_or(|limited| {
            host.control_group(process.identity.id).is_some_and(|own| Path::new(&own).starts_with(limited))
        })
    };
    ended.iter().filter(counts).filter_map(|process| host.memory(&process.identity)).map(|memory| memory.now).sum()
}

fn processes(occupant: &Occupant) -> &[Process] {
    match occupant {
        Occupant::Ours(processes) => processes,
        Occupant::Nobody | Occupant::Stranger(_) => &[],
    }
}

/// What the new release will need, in bytes, as far as these processes tell.
fn needed(host: &impl Host, settings: &Settings, processes: &[Process]) -> u64 {
    let peaks = processes.iter().filter_map(|process| host.memory(&process.identity)).map(|memory| memory.peak);
    let heap = processes.iter().find_map(|process| heap_limit(&process.command));
    with_heap(peaks.sum(), heap, new_heap(settings))
}

/// As much as one needed, whose heap may be given more or less this time.
fn with_heap(peak: u64, heap_then: Option<u64>, heap_now: Option<u64>) -> u64 {
    match (heap_then, heap_now) {
        (Some(then), Some(now)) if now >= then => peak.saturating_add(now - then),
        // A heap that was never full takes as much of a smaller one.
        (Some(then), Some(now)) => peak.saturating_sub(then - now).max(now).min(peak),
        _ => peak,
    }
}

fn new_heap(settings: &Settings) -> Option<u64> {
    let app = &settings.app;
    heap_limit(if app.command.is_empty() { &app.jvm_options } else { &app.command })
}

/// The limit of a JVM's heap on its command line, in bytes: the last one counts.
fn heap_limit(command: &[String]) -> Option<u64> {
    let value = |argument: &'_ String| {
        ["-Xmx", "-XX:MaxHeapSize="].iter().find_map(|option| argument.strip_prefix(option)).and_then(bytes)
    };
    command.iter().rev().find_map(value)
}

/// As java reads it: a number, and what it is times.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let times = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(times)
}

fn too_short(settings: &Settings, available: &AvailableMemory, needed: u64) -> Error {
    let by = available
        .limited_by
        .as_ref()
        .map_or_else(String::new, |group| translated!(", by the limit of the control group `{group}`"));
    let found = translated!(
        "memory is too short for a second copy: {} (swap included) can be had{by}, and by what runs now it needs {}",
        megabytes(available.bytes),
        megabytes(needed)
    );
    let more = if available.limited_by.is_some() {
        translated!("raise that limit (`systemctl show --property=MemoryMax`)")
    } else {
        translated!("add swap or memory")
    };
    let less = if settings.app.command.is_empty() {
        translated!("give java less (`app.jvm_options = [\"-Xmx300m\"]`)")
    } else {
        translated!("let `app.command` take less")
    };
    Error::new(Kind::NoRoom, found).advise(translated!("{more}, or {less}; or see `start.overlap` in hooks.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    #[test]
    fn f40_what_a_release_will_need_follows_what_the_live_one_took_and_what_java_is_given_now() {
        for (name, peak, then, now, wanted) in [
            ("no limit then or now", 350, None, None, 350),
            ("one that is new tells nothing of what was taken", 350, None, Some(200), 350),
            ("the same", 350, Some(300), Some(300), 350),
            ("more than then", 350, Some(300), Some(1000), 1050),
            ("less, and the heap was full", 350, Some(300), Some(200), 250),
            ("less, and the heap was not full", 150, Some(300), Some(200), 150),
            ("less than it ever took", 350, Some(300), Some(50), 100),
        ] {
            let times = |heap: Option<u64>| heap.map(|heap| heap * MB);
            assert_eq!(with_heap(peak * MB, times(then), times(now)), wanted * MB, "{name}");
        }
    }

    #[test]
    fn f40_the_limit_of_a_heap_is_read_as_java_reads_it() {
        for (command, wanted) in [
            (&["java", "-Xmx300m", "-jar", "app.jar"][..], Some(300 * MB)),
            (&["java", "-Xmx1G", "-Xms2g"], Some(1024 * MB)),
            (&["java", "-Xmx262144k"], Some(256 * MB)),
            (&["java", "-XX:MaxHeapSize=1048576"], Some(MB)),
            (&["java", "-Xmx1g", "-Xmx200M"], Some(200 * MB)),
            (&["java", "-Xmxlots"], None),
            (&["java", "-jar", "app.jar"], None),
        ] {
            let command: Vec<String> = command.iter().map(|argument| (*argument).to_owned()).collect();
            assert_eq!(heap_limit(&command), wanted, "{command:?}");
        }
    }
}
