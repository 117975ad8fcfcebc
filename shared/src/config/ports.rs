//! Ports that follow from a slot's own: the one on which a release is asked for its health, and the one of nginx's word.

use super::SettingsFile;
use crate::language::{Text, text, translated};

/// "+1000": so far from the slot's own port. A number alone would be one port for both slots.
pub(super) fn offset_of_health(file: &mut SettingsFile) -> i32 {
    const NEEDED: Text = text!(
        "how far it is from the slot's own port, such as `\"+1000\"` (one port for both slots cannot be), or `\"\"`"
    );
    let written = file.text("health.port");
    if written.is_empty() {
        return 0;
    }
    let offset = Some(&written).filter(|text| text.starts_with(['+', '-'])).and_then(|text| text.parse().ok());
    offset.filter(|offset| (-65_535..=65_535).contains(offset)).unwrap_or_else(|| {
        file.mistake("health.port", &written, NEEDED.told());
        0
    })
}

/// The port of nginx's own word: `+N` is that much above the port of blue, or below it where there is no such port. What follows
/// from a slot's port is as much this application's own as that is.
pub(super) fn word(file: &mut SettingsFile, blue: u16) -> Option<u16> {
    let text = file.text_or_number("proxy.word");
    if text == "off" {
        return None;
    }
    let digits = text.strip_prefix('+').unwrap_or(&text);
    let number =
        digits.parse::<u16>().ok().filter(|number| *number > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let port = match number {
        Some(number) if text.starts_with('+') => blue.checked_add(number).or_else(|| blue.checked_sub(number)),
        other => other,
    };
    if port.is_none() {
        file.mistake("proxy.word", &text, translated!("`off`, a port, or `+` and how far it is above `blue.port`"));
    }
    port
}
