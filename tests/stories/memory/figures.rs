//! The figures of docs/hooks.md: what leads from one box to the next is what `--dry-run` shows of a deploy, step by step.

use std::time::Duration;

use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

const DOCUMENT: &str = include_str!("../../../docs/hooks.md");

/// The labels of the edges in the figure of a hook, in their order; those of a failure are dotted.
fn edges(hook: &str) -> Vec<&'static str> {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with(&format!("`{hook}`")));
    let figure = section.and_then(|section| section.split("```mermaid\n").nth(1)?.split("```").next());
    let label = |line: &'static str| Some(line.split_once("-->|\"")?.1.split_once("\"|")?.0);
    figure.unwrap_or_default().lines().filter_map(label).collect()
}

/// The steps that were shown, without what is in backticks and brackets for the eye alone.
fn steps(told: &[String]) -> Vec<String> {
    let text = told.join("\n").replace("\n    ", " ");
    let numbered = |line: &str| {
        line.split_once(". ").filter(|(number, _)| number.parse::<u32>().is_ok()).map(|(_, step)| step.to_owned())
    };
    let plain = |step: String| step.replace('`', "").replace(" (port 8081)", "").replace(" (port 8082)", "");
    text.lines().filter_map(numbered).map(plain).collect()
}

/// Whether a step begins with a label, in which `…` stands for anything.
fn names(label: &str, step: &str) -> bool {
    let mut parts = label.split('…');
    let Some(mut rest) = parts.next().and_then(|first| step.strip_prefix(first)) else { return false };
    parts.all(|part| match rest.split_once(part) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

#[test]
fn the_figures_of_the_hooks_show_the_steps_of_a_deploy_in_their_order() {
    let mut site = Site::of_scripts(Slot::Blue, Setup { user: User::Application, cutover: Cutover::InstantAsked });
    site.settings.warm_up.paths = vec!["/".to_owned()];
    site.settings.switch.watch = Duration::from_secs(5);
    site.deploys("d-1");
    site.deploys("d-2");
    let mut wrong = Vec::new();
    for (hook, name) in Hook::DEPLOY.into_iter().zip(["stop", "start", "health", "switch"]) {
        let exit = site.dry_run(hook, Some("d-3"));
        assert!(exit.is_done(), "{exit:?}");
        let shown = steps(&site.told.borrow());
        let figure = edges(name);
        if shown.len() != figure.len() || !figure.iter().zip(&shown).all(|(label, step)| names(label, step)) {
            let (figure, shown) = (figure.join("\n"), shown.join("\n"));
            wrong.push(format!("{name}: the figure has\n{figure}\nand the plan is\n{shown}\n"));
        }
        assert!(site.run(hook, Some("d-3")).is_done());
    }
    assert!(wrong.is_empty(), "docs/hooks.md, {}", wrong.join("\n"));
}
