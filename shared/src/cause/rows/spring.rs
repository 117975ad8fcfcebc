//! What Spring finds wrong in the application or its settings.

use crate::cause::Row;
use crate::language::text;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "bean-missing",
        looks_for: &["{where} required a bean of type '{type}' that could not be found"],
        also: &[],
        says: &[text!("{where} needs a bean of type `{type}`, and there is none in this profile")],
        remedy: &[text!(
            "define it, or see which `@Profile` or `@ConditionalOn…` leaves it out here; then deploy again"
        )],
    },
    Row {
        id: "bean-ambiguous",
        looks_for: &["{where} required a single bean, but {count} were found"],
        also: &[],
        says: &[text!("{where} needs one bean, and {count} fit")],
        remedy: &[text!(
            "mark one as `@Primary`, name the right one with `@Qualifier`, or leave the others out of this profile"
        )],
    },
    Row {
        id: "bean-circle",
        looks_for: &["The dependencies of some of the beans in the application context form a cycle"],
        also: &[],
        says: &[text!("some beans need one another in a circle (above)")],
        remedy: &[text!("break the circle: let one of them not need the other; then deploy again")],
    },
    Row {
        id: "bean-twice",
        looks_for: &["The bean '{bean}', defined in {where}, could not be registered"],
        also: &[],
        says: &[text!("the bean `{bean}` is defined twice")],
        remedy: &[text!("rename one of the two, or leave one out; then deploy again")],
    },
    Row {
        id: "placeholder",
        looks_for: &["Could not resolve placeholder '{name}'"],
        also: &[],
        says: &[text!("the property `{name}` is set nowhere that this profile reads")],
        remedy: &[text!(
            "put it into the properties of this profile, or see that `app.config_locations` names the file that has it"
        )],
    },
    Row {
        id: "property",
        looks_for: &["Failed to bind properties under '{name}' to {type}:"],
        also: &["    Reason: {reason}"],
        says: &[
            text!("the property `{name}` has a value that is none of `{type}`: {reason}"),
            text!("the property `{name}` has a value that is none of `{type}`"),
        ],
        remedy: &[text!("correct that property, then deploy again")],
    },
    Row {
        id: "config-file",
        looks_for: &[
            "Config data resource '{resource}' via location '{location}' does not exist",
            "Config data location '{location}' does not exist",
        ],
        also: &[],
        says: &[text!("the file of settings `{location}` is not there")],
        remedy: &[text!(
            "put it where `app.config_locations` says, or write `optional:` before it where it may be missing; then deploy again"
        )],
    },
    Row {
        id: "yaml",
        looks_for: &[" in 'reader', line {line}, column {column}:"],
        also: &[],
        says: &[text!("a YAML file of settings cannot be read at line {line}, column {column}")],
        remedy: &[text!(
            "correct that line (indent with blanks, never tabs; quote values with `:`, `@` or `%`), then deploy again"
        )],
    },
    Row {
        id: "logging",
        looks_for: &["Logback configuration error detected"],
        also: &["Logging system failed to initialize using configuration from '{file}'"],
        says: &[text!("Logback's configuration `{file}` is wrong"), text!("Logback's configuration is wrong")],
        remedy: &[text!("correct `logback-spring.xml` or the file that `logging.config` names, then deploy again")],
    },
];
