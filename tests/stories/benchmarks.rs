//! What README claims is what was measured: its block of figures is made from docs/benchmarks.json, and held against it.

use std::collections::BTreeMap;

use serde_json::Value;

const README: &str = include_str!("../../README.md");

/// Where the block begins and ends.
const MARKS: [&str; 2] = ["<!-- from docs/benchmarks.json -->\n", "<!-- end -->\n"];

/// The requests and failures of a way in some modes, with all of its cutovers; with and without a round trip.
struct Claims {
    cutovers: u64,
    /// Of the modes that stream, streams.
    requests: u64,
    answers: u64,
    failed: u64,
    /// The answers of the mode that has the fewest, in the part that has the fewest.
    fewest: u64,
}

fn claims(results: &Value, way: &str, modes: &dyn Fn(&str) -> bool) -> Claims {
    let mut claims = Claims { cutovers: 0, requests: 0, answers: 0, failed: 0, fewest: u64::MAX };
    for part in results["failures"].as_array().unwrap().iter().filter(|part| part["way"] == way) {
        claims.cutovers += part["cutovers"].as_u64().unwrap();
        for (_, count) in part["modes"].as_object().unwrap().iter().filter(|(mode, _)| modes(mode)) {
            let answers = count["answers"].as_u64().unwrap();
            claims.answers += answers;
            claims.requests += count["requests"].as_u64().unwrap();
            claims.failed += count["failed"].as_u64().unwrap();
            claims.fewest = claims.fewest.min(answers);
        }
    }
    claims
}

/// A number with its thousands apart.
fn whole(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn row(results: &Value, title: &str, show: &dyn Fn(&Value) -> String) -> String {
    let cells = ["scripts", "reload", "instant"].map(|way| show(&results["deploys"][way]));
    format!("| {title} | {} |", cells.join(" | "))
}

fn median(figure: &Value) -> Option<f64> {
    figure["median"].as_f64()
}

/// The block of README.
fn block(results: &Value) -> String {
    let machine = &results["machine"];
    let milliseconds =
        |figure: &Value| median(figure).map_or_else(|| "–".to_owned(), |median| format!("{median:.0} ms"));
    let seconds = |figures: &Value| format!("{:.2} s", median(&figures["over_boot"]).unwrap() / 1000.0);
    let of = |way: &str| claims(results, way, &|_| true);
    let per_cutover = |way: &str| {
        let claims = of(way);
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let rate = claims.failed as f64 / claims.cutovers as f64;
        if claims.failed == 0 { "0".to_owned() } else { format!("{rate:.1}") }
    };
    let failures = ["scripts", "reload", "instant"].map(per_cutover).join(" | ");
    let (instant, reload) = (of("instant"), of("reload"));
    let never = |mode: &str| matches!(mode, "fresh" | "retry");
    let promised = claims(results, "reload", &never);
    let lost = |mode: &str| {
        let claims = claims(results, "reload", &|found| found == mode);
        format!("{} of {}", whole(claims.failed), whole(claims.requests))
    };
    let rest = claims(results, "reload", &|mode| !never(mode) && !["keep-alive", "blind", "post"].contains(&mode));
    let kills: BTreeMap<String, [u64; 2]> = results["kills"]["modes"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(mode, count)| (mode.clone(), ["requests", "failed"].map(|key| count[key].as_u64().unwrap())))
        .collect();
    let total = |index: usize, posts: bool| {
        kills.iter().filter(|(mode, _)| (*mode == "post") == posts).map(|(_, count)| count[index]).sum::<u64>()
    };
    let table = [
        format!("| a service that boots in {} ms | the scripts | `reload` | `instant` |", results["boot_milliseconds"]),
        "| --- | ---: | ---: | ---: |".to_owned(),
        row(results, "a deploy, beyond the boot", &seconds),
        row(results, "processes that the hooks start, besides the application", &|figures| {
            format!("{:.0}", median(&figures["children"]).unwrap())
        }),
        row(results, "from the change to the first answer of the new release", &|figures| {
            milliseconds(&figures["change_to_first_new"])
        }),
        row(results, "`switch --back`", &|figures| milliseconds(&figures["back"])),
        format!("| failed requests for each cutover, all kinds of clients together | {failures} |"),
    ];
    format!(
        "{}\n\n\
         With `instant` {} of {} answers were lost over {} cutovers: ten kinds of clients (new connections; kept ones with a look,\n\
         blindly, with one retry; POST; half-sent uploads; connected and silent; long requests; server-sent events; websockets), with\n\
         and without {} ms of round trip, at least {} answers of each kind in either case. So, with 95 % confidence, fewer than one\n\
         answer in {} of each kind is lost. The live release was killed {} times under load: {} of {} GETs failed, and {} of {} POSTs.\n\
         With `reload` {} of {} requests failed on new connections and of clients that retry once, over {} cutovers; on kept\n\
         connections, without a retry, {} after a look, {} blindly, {} POSTs; of the other kinds {} of {}.\n\
         nginx {}, {} cores. The machine, all figures and how to measure them again: [docs/benchmarks.md](docs/benchmarks.md).\n",
        table.join("\n"),
        whole(instant.failed),
        whole(instant.answers),
        whole(instant.cutovers),
        results["round_trip_milliseconds"],
        whole(instant.fewest / 1000 * 1000),
        whole(instant.fewest / 3000 * 1000),
        results["kills"]["cutovers"],
        whole(total(1, false)),
        whole(total(0, false)),
        whole(total(1, true)),
        whole(total(0, true)),
        whole(promised.failed),
        whole(promised.requests),
        whole(reload.cutovers),
        lost("keep-alive"),
        lost("blind"),
        lost("post"),
        whole(rest.failed),
        whole(rest.requests),
        machine["nginx"].as_str().unwrap(),
        machine["cores"],
    )
}

#[test]
fn the_figures_of_the_readme_are_those_that_were_measured() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.json");
    let results = std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    let wanted = block(&serde_json::from_str(&results).unwrap());
    let found = README.split_once(MARKS[0]).and_then(|(_, rest)| rest.split_once(MARKS[1])).map(|(block, _)| block);
    assert!(
        found == Some(&wanted),
        "README.md has\n{}\nbut docs/benchmarks.json says\n{wanted}",
        found.unwrap_or("nothing")
    );
}

#[test]
fn i1a_i10_the_run_that_the_readme_tells_of_was_long_enough_and_lost_nothing() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.json");
    let results: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let instant = claims(&results, "instant", &|_| true);
    assert!(instant.failed == 0 && instant.fewest >= 300_000, "{} failed, {} answers", instant.failed, instant.fewest);
    let promised = claims(&results, "reload", &|mode| matches!(mode, "fresh" | "retry"));
    assert!(promised.failed == 0 && promised.fewest >= 300_000, "{} failed, {}", promised.failed, promised.fewest);
    for part in results["failures"].as_array().unwrap().iter().filter(|part| part["way"] != "scripts") {
        assert!(part["cutovers"].as_u64().unwrap() >= 300, "{part}");
    }
    assert!(results["kills"]["cutovers"].as_u64().unwrap() >= 100);
    let over_boot = |way: &str| median(&results["deploys"][way]["over_boot"]).unwrap();
    assert!(over_boot("instant") <= 500.0 && over_boot("scripts") >= 20.0 * over_boot("instant"));
    let instant = &results["deploys"]["instant"];
    assert!(median(&instant["change_to_first_new"]).unwrap() <= 10.0 && median(&instant["back"]).unwrap() <= 300.0);
    assert!(median(&instant["processes"]).unwrap() <= 5.0);
    for (hook, figures) in instant["hooks"].as_object().unwrap() {
        assert!(median(&figures["cpu_milliseconds"]).unwrap() < 10.0, "{hook}: {figures}");
        assert!(figures["peak_memory_bytes"]["max"].as_f64().unwrap() < 12e6, "{hook}: {figures}");
    }
}
