//! How many requests each mode begins in a second, so that all of them together are what the machine carries.

use strict_client::Mode;

/// Requests (or streams) in a second, by mode.
pub(crate) type Rates = Vec<(Mode, u32)>;

/// The events or messages of a stream: each of them is a thing to do, and something that can fail.
const EVENTS: u32 = 10;

/// Shares `total` answers in a second among the modes. Those in `favoured` get six times what the others get, if there are
/// any. A stream is as many answers as it has events or messages.
pub(crate) fn plan(total: u32, modes: &[Mode], favoured: &[Mode]) -> Rates {
    let weight = |mode: &Mode| if favoured.contains(mode) { 6 } else { 1 };
    let sum: u32 = modes.iter().map(weight).sum();
    modes.iter().map(|mode| (*mode, (total * weight(mode) / sum.max(1) / answers(*mode)).max(1))).collect()
}

/// The answers in a second of the slowest of `modes`; at least one.
pub(crate) fn slowest(rates: &Rates, modes: &[Mode]) -> u64 {
    let rate = |(mode, rate): &(Mode, u32)| modes.contains(mode).then_some(rate * answers(*mode));
    rates.iter().filter_map(rate).min().map_or(1, |rate| u64::from(rate).max(1))
}

fn answers(mode: Mode) -> u32 {
    match mode {
        Mode::Sse | Mode::WebSocket => EVENTS,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [Mode; 3] = [Mode::Fresh, Mode::KeepAlive, Mode::Sse];

    #[test]
    fn the_total_is_shared_and_no_mode_is_left_out() {
        for (total, favoured, expected) in
            [(900, &[][..], [300, 300, 30]), (800, &[Mode::Fresh], [600, 100, 10]), (2, &[], [1, 1, 1])]
        {
            let rates: Vec<u32> = plan(total, &MODES, favoured).into_iter().map(|(_, rate)| rate).collect();
            assert_eq!(rates, expected, "{total}");
        }
    }

    #[test]
    fn a_stream_is_as_fast_as_its_events() {
        let rates = plan(800, &MODES, &[Mode::Fresh]);
        assert_eq!(
            (slowest(&rates, &[Mode::Fresh]), slowest(&rates, &[Mode::Sse]), slowest(&rates, &MODES)),
            (600, 100, 100)
        );
    }
}
