//! The lowest layer of the settings: the text of the shipped `hooks.toml`. Keys, defaults and meanings stand there and nowhere
//! else; what a value has to be stands in `check`.

/// The shipped `hooks.toml`.
pub(super) const TEXT: &str = include_str!("../../../hooks.toml");

/// The keys that are something else where nobody writes them, as TOML. The instant cutover and nginx's own word change what
/// nginx reads, a unit changes what systemd starts, a warm-up takes time and asks the application, and a standby that is reused is not
/// started anew: somebody has to ask for them, as whoever deploys the shipped file does. A host without a file, or with one from before
/// there was a choice, goes on as with the scripts.
pub(super) const UNWRITTEN: &str = "[app]\nsupervisor = \"detached\"\n[proxy]\ncutover = \"reload\"\nword = \"off\"\n[stop]\nreuse_standby = false\n[warm_up]\npaths = []";
