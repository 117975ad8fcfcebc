//! What the agent refuses in an `appspec.yml`.

/// Why an `AppSpec` file is not valid.
#[derive(Debug, thiserror::Error)]
pub enum AppSpecError {
    /// It starts with a byte order mark.
    #[error("it starts with a byte order mark, which hides the first key from the agent: save it as UTF-8 without one")]
    ByteOrderMark,
    /// It is not text.
    #[error("byte {offset} is not UTF-8: save it as UTF-8")]
    NotUtf8 {
        /// The first bad byte.
        offset: usize,
    },
    /// It is not YAML, or uses aliases.
    #[error("it is not YAML that the agent can read: {0}")]
    NotYaml(#[source] Box<serde_saphyr::Error>),
    /// Its top level is not a map.
    #[error("line {line}: the top level is not a map: it needs the keys `version`, `os` and `hooks`")]
    NotAMap {
        /// Where.
        line: u64,
    },
    /// `version` is not the number 0.0.
    #[error("`version` is {found}: write `version: 0.0`, a number without quotes")]
    Version {
        /// What was found.
        found: String,
    },
    /// `os` is not `linux`.
    #[error("`os` is {found}: write `os: linux`, in small letters")]
    OperatingSystem {
        /// What was found.
        found: String,
    },
    /// Something that must be a list is not.
    #[error("line {line}: `{key}` is not a list: start each entry with `- `")]
    NotAList {
        /// The key.
        key: String,
        /// Where.
        line: u64,
    },
    /// `hooks` is not a map.
    #[error("line {line}: `hooks` is not a map: write the name of an event, a colon, and below it a list of scripts")]
    HooksNotAMap {
        /// Where.
        line: u64,
    },
    /// An entry without something that it needs.
    #[error("line {line}: an entry of `{list}` has no `{key}`: write `- {key}: …`")]
    Missing {
        /// The list, or the event.
        list: String,
        /// The missing key.
        key: &'static str,
        /// Where.
        line: u64,
    },
    /// A timeout that is no positive number of seconds.
    #[error("line {line}: `timeout` is {found}: write a whole number of seconds above 0")]
    Timeout {
        /// What was found.
        found: String,
        /// Where.
        line: u64,
    },
    /// An unknown `file_exists_behavior`.
    #[error("`file_exists_behavior` is {found}: write DISALLOW, OVERWRITE or RETAIN, in capitals")]
    FileExistsBehavior {
        /// What was found.
        found: String,
    },
    /// An entry of `type` that is neither `file` nor `directory`.
    #[error("line {line}: `type` holds {found}: write `file` or `directory`")]
    ObjectType {
        /// What was found.
        found: String,
        /// Where.
        line: u64,
    },
    /// A mode that is none.
    #[error("line {line}: `mode` is {found}: write up to four octal digits, as in `mode: 644` or `mode: \"0644\"`")]
    Mode {
        /// What was found.
        found: String,
        /// Where.
        line: u64,
    },
    /// A mode that YAML reads as an octal number.
    #[error(
        "line {line}: `mode: {written}` without quotes is an octal number in YAML, so the agent would take the digits of its \
         decimal value and set a mode that nobody meant: write `mode: \"{written}\"`, or leave out the leading zero"
    )]
    OctalMode {
        /// As written.
        written: String,
        /// Where.
        line: u64,
    },
    /// Something that the agent can and this library cannot.
    #[error("line {line}: `{key}` under `permissions` is not simulated: take it out to run this bundle here")]
    NotSimulated {
        /// The key.
        key: &'static str,
        /// Where.
        line: u64,
    },
}
