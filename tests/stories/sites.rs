//! Configurations as hosts have them, each with the verdict that a person would give (F95 to F99), held against the real nginx:
//! where the verdict is good a request follows what the include says, and where it is not, it does not.

mod bench;
mod deploys;
mod doors;
mod forms;
mod hosts;
mod past;

use self::bench::Bench;

/// One host's configuration, with what is to be found in it. `PORT`, `BLUE`, `GREEN` and `DIR` (of nginx's files) stand for this
/// run's own.
struct Shape {
    name: &'static str,
    /// What stands in `http`.
    http: &'static str,
    /// Files beside it, by their names in `conf.d`.
    files: &'static [(&'static str, &'static str)],
    /// What the include holds while blue serves.
    include: &'static str,
    /// What is asked, to see whether it follows.
    path: &'static str,
    /// The `Host` header that it is asked with.
    host: &'static str,
    /// The verdict where a cutover reloads.
    reload: Verdict,
    /// The verdict where a cutover is by the flag.
    instant: Verdict,
}

/// What a person would say.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    /// All follows a cutover.
    Good,
    /// The site follows, and there is something to know, with all of these words.
    Noted(&'static [&'static str]),
    /// Refused with all of these words.
    Refused(&'static [&'static str]),
}

use Verdict::{Good, Noted, Refused};

/// A configuration of the usual kind, from which the others differ in a line.
const USUAL: Shape = Shape {
    name: "",
    http: "",
    files: &[],
    include: "set $service_url http://127.0.0.1:BLUE;\n",
    path: "/",
    host: "localhost",
    reload: Good,
    instant: Good,
};

/// Holds shapes against the verdict and against nginx itself.
#[track_caller]
fn hold(shapes: &[Shape]) {
    let bench = Bench::new();
    let wrong: Vec<String> = shapes.iter().flat_map(|shape| bench.hold(shape)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn f95_f97_f99_the_sites_of_real_hosts_get_the_verdict_that_a_person_would_give() {
    hold(hosts::SHAPES);
}

#[test]
fn f96_the_value_is_taken_in_the_form_in_which_it_is_used() {
    hold(forms::SHAPES);
}

#[test]
fn f95_f98_what_goes_past_the_variable_is_found() {
    hold(past::SHAPES);
}
