//! A text that is renewed in place on a terminal. Each frame is one write that goes over the frame before it, so nothing flickers; it
//! needs no size, since lines are cut at the edge by the terminal and a text that is too long does not scroll.

use std::io::{self, IsTerminal, Write};

use crate::environment;

/// Takes the whole screen, whose content comes back at the end, and hides the cursor.
const BEGIN: &str = "\u{1b}[?1049h\u{1b}[?25l";
/// Takes that back.
const END: &str = "\u{1b}[?25h\u{1b}[?1049l";

/// A terminal that shows one text.
#[derive(Debug)]
pub struct Screen(());

impl Screen {
    /// The one that standard output is; nothing where it is none, or one that knows no movements.
    #[must_use]
    pub fn begin() -> Option<Screen> {
        let knows_movements = environment::variable("TERM").is_some_and(|kind| kind != "dumb");
        (knows_movements && io::stdout().is_terminal()).then_some(())?;
        write(BEGIN).ok()?;
        Some(Screen(()))
    }

    /// Shows a text in place of the one before.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn show(&self, text: &str) -> io::Result<()> {
        write(&frame(text))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal has gone there is nothing to give back.
        drop(write(END));
    }
}

/// From the upper left: each line with the rest of its row empty, then everything below it. To go down by `CSI E` scrolls nothing.
fn frame(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("{}\u{1b}[K", super::agent::clean(line))).collect();
    format!("\u{1b}[?7l\u{1b}[H{}\u{1b}[J\u{1b}[?7h", lines.join("\u{1b}[E"))
}

fn write(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f166_a_frame_goes_over_the_one_before_and_clears_no_more_than_what_is_left_of_it() {
        let shown = frame("OK: `real1`\nlast \u{1b}[2Jdeployment");
        assert_eq!(shown, "\u{1b}[?7l\u{1b}[HOK: `real1`\u{1b}[K\u{1b}[Elast deployment\u{1b}[K\u{1b}[J\u{1b}[?7h");
    }
}
