//! What Spring finds wrong in the application or its settings.

use crate::cause::Row;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "bean-missing",
        looks_for: &["{where} required a bean of type '{type}' that could not be found"],
        also: &[],
        says: &["{where} needs a bean of type `{type}`, and there is none in this profile"],
        remedy: &["define it, or see which `@Profile` or `@ConditionalOn…` leaves it out here; then deploy again"],
    },
    Row {
        id: "bean-ambiguous",
        looks_for: &["{where} required a single bean, but {count} were found"],
        also: &[],
        says: &["{where} needs one bean, and {count} fit"],
        remedy: &[
            "mark one as `@Primary`, name the right one with `@Qualifier`, or leave the others out of this profile",
        ],
    },
    Row {
        id: "bean-circle",
        looks_for: &["The dependencies of some of the beans in the application context form a cycle"],
        also: &[],
        says: &["some beans need one another in a circle (above)"],
        remedy: &["break the circle: let one of them not need the other; then deploy again"],
    },
    Row {
        id: "bean-twice",
        looks_for: &["The bean '{bean}', defined in {where}, could not be registered"],
        also: &[],
        says: &["the bean `{bean}` is defined twice"],
        remedy: &["rename one of the two, or leave one out; then deploy again"],
    },
    Row {
        id: "placeholder",
        looks_for: &["Could not resolve placeholder '{name}'"],
        also: &[],
        says: &["the property `{name}` is set nowhere that this profile reads"],
        remedy: &[
            "put it into the properties of this profile, or see that `app.config_locations` names the file that has it",
        ],
    },
    Row {
        id: "property",
        looks_for: &["Failed to bind properties under '{name}' to {type}:"],
        also: &["    Reason: {reason}"],
        says: &[
            "the property `{name}` has a value that is none of `{type}`: {reason}",
            "the property `{name}` has a value that is none of `{type}`",
        ],
        remedy: &["correct that property, then deploy again"],
    },
    Row {
        id: "config-file",
        looks_for: &[
            "Config data resource '{resource}' via location '{location}' does not exist",
            "Config data location '{location}' does not exist",
        ],
        also: &[],
        says: &["the file of settings `{location}` is not there"],
        remedy: &[
            "put it where `app.config_locations` says, or write `optional:` before it where it may be missing; then deploy again",
        ],
    },
    Row {
        id: "yaml",
        looks_for: &[" in 'reader', line {line}, column {column}:"],
        also: &[],
        says: &["a YAML file of settings cannot be read at line {line}, column {column}"],
        remedy: &[
            "correct that line (indent with blanks, never tabs; quote values with `:`, `@` or `%`), then deploy again",
        ],
    },
    Row {
        id: "logging",
        looks_for: &["Logback configuration error detected"],
        also: &["Logging system failed to initialize using configuration from '{file}'"],
        says: &["Logback's configuration `{file}` is wrong", "Logback's configuration is wrong"],
        remedy: &["correct `logback-spring.xml` or the file that `logging.config` names, then deploy again"],
    },
];
