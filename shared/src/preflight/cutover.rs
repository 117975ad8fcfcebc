//! Whether the way to cut over is the one that somebody asked for: a bundle without its hooks.toml asks for nothing.

use crate::config::Settings;
use crate::discovery::witness::Testimony;
use crate::error::{Error, Kind, Result};
use crate::language::translated;
use crate::route::include::Include;

/// Refuses to take the instant cutover out of nginx again where nobody has asked for that.
///
/// # Errors
/// `Kind::Settings` if nginx chooses by a flag and nobody wrote `proxy.cutover`.
pub(super) fn check(settings: &Settings, testimony: &Testimony) -> Result<()> {
    if settings.proxy.cutover_is_written || testimony.include.as_ref().and_then(Include::choice).is_none() {
        return Ok(());
    }
    let include = settings.proxy.include.to_string_lossy();
    Err(Error::new(
        Kind::Settings,
        translated!("nobody says `proxy.cutover`, so it is \"reload\", and `{include}` chooses by the flag of \"instant\""),
    )
    .advise(
        translated!("put this host's hooks.toml into the bundle, beside the directory `hooks`; or write `cutover = \"reload\"` in `[proxy]` \
         if that is meant. Then deploy again"),
    ))
}
