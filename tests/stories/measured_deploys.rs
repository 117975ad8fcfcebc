//! What README claims of the boot of a real application, and of what users feel of its deploy, is what was measured: its blocks are made
//! from docs/boots.json and docs/feel.json, and held against them (F135).

use serde_json::Value;

const README: &str = include_str!("../../README.md");
const BOOTS: &str = include_str!("../../docs/boots.json");
const FEEL: &str = include_str!("../../docs/feel.json");

/// With as many digits as mean something.
fn number(value: f64) -> String {
    let digits = if value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
    format!("{value:.digits$}")
}

fn figure(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {value}"))
}

/// What stands in README between its mark and the end of the block.
fn claimed(name: &str) -> &'static str {
    let block = README
        .split_once(&format!("<!-- from docs/{name} -->\n"))
        .and_then(|(_, rest)| rest.split_once("<!-- end -->\n"));
    block.map_or("nothing", |(block, _)| block)
}

/// Of each JVM: how many times less time and processor the archive takes.
fn boots(results: &Value) -> String {
    let of = |jvm: usize, treatment: &str, what: &str| {
        let figures = results["figures"].as_array().unwrap();
        let found = figures.iter().find(|one| one["jvm"] == jvm && one["treatment"] == treatment);
        figure(found.unwrap(), &format!("/{what}/median"))
    };
    let rows = results["jvms"].as_array().unwrap().iter().enumerate().map(|(jvm, version)| {
        let times = |what| number(of(jvm, "plain", what) / of(jvm, "archive", what));
        let seconds = |treatment, what| number(of(jvm, treatment, what));
        format!(
            "| {} | {} s | {} s, {}x | {}x | {} s | {} s | {} s |\n",
            version.as_str().unwrap(),
            seconds("plain", "boot"),
            seconds("archive", "boot"),
            times("boot"),
            times("cpu"),
            seconds("scripts", "whole"),
            seconds("plain", "whole"),
            seconds("archive", "whole")
        )
    });
    let head = "| JVM | boot, `java -jar` | from an archive | processor time of that | whole deploy, the scripts | the hooks | with an archive |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    head.to_owned() + &rows.collect::<String>()
}

/// Of each rate: how users were served before the deploy, and in the first two seconds after the cutover.
fn feel(results: &Value) -> String {
    let figures = results["figures"].as_array().unwrap();
    let mut rates: Vec<u64> = figures.iter().map(|one| one["rate"].as_u64().unwrap()).collect();
    rates.sort_unstable();
    rates.dedup();
    let of =
        |rate: u64, treatment: &str| figures.iter().find(|one| one["rate"] == rate && one["treatment"] == treatment);
    let window = |one: &Value, name: &str| {
        let windows = one["windows"].as_array().unwrap();
        let found = windows.iter().find(|window| window["name"] == name).unwrap();
        [figure(found, "/p50"), figure(found, "/p99")]
    };
    let told = |one: Option<&Value>| {
        one.map_or_else(
            || "–".to_owned(),
            |one| {
                let ([steady, steady_p99], [p50, p99]) = (window(one, "steady"), window(one, "0–2 s"));
                format!(
                    "{} / {} ms ({}x / {}x)",
                    number(p50),
                    number(p99),
                    number(p50 / steady),
                    number(p99 / steady_p99)
                )
            },
        )
    };
    let rows = rates.iter().map(|rate| {
        let warm = of(*rate, "warm-up").unwrap();
        let [p50, p99] = window(warm, "steady");
        let share = rate * 100 / results["capacity"].as_u64().unwrap();
        format!(
            "| {rate} ({share} %) | {} / {} ms | {} | {} |\n",
            number(p50),
            number(p99),
            told(of(*rate, "plain")),
            told(Some(warm))
        )
    });
    let head = "| requests a second | before the deploy | first 2 s, no warm-up | first 2 s, a warm-up |\n| --- | ---: | ---: | ---: |\n";
    head.to_owned() + &rows.collect::<String>()
}

#[test]
fn f135_what_the_readme_says_of_boots_is_what_was_measured() {
    let wanted = boots(&serde_json::from_str(BOOTS).unwrap());
    let found = claimed("boots.json");
    assert!(found == wanted, "README.md has\n{found}\nbut docs/boots.json says\n{wanted}");
}

#[test]
fn what_the_readme_says_of_the_first_seconds_after_a_cutover_is_what_was_measured() {
    let wanted = feel(&serde_json::from_str(FEEL).unwrap());
    let found = claimed("feel.json");
    assert!(found == wanted, "README.md has\n{found}\nbut docs/feel.json says\n{wanted}");
}

#[test]
fn no_request_of_a_real_application_that_was_warmed_up_failed_in_the_run_that_the_readme_tells_of() {
    let results: Value = serde_json::from_str(FEEL).unwrap();
    let warm = results["figures"].as_array().unwrap().iter().filter(|one| one["treatment"] == "warm-up");
    for window in warm.flat_map(|one| one["windows"].as_array().unwrap()) {
        assert_eq!(window["failed"], 0, "{window}");
    }
}
