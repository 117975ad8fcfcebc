//! One of a script's outputs on its way into lines.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::{Generation, OutputStream};

/// Lines longer than this are cut by generation 2.
const LONGEST_LINE: usize = 64 * 1024;

/// Where an output stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PipeState {
    /// Something may still come.
    Open,
    /// Everything that held it has closed it.
    Ended,
    /// Generation 1 stopped reading at a line that ends in bytes that are no UTF-8. The pipe stays open meanwhile.
    Unreadable,
}

/// The agent's end of one output. Dropping it closes the pipe.
pub(super) struct OutputPipe {
    pub(super) stream: OutputStream,
    pub(super) state: PipeState,
    reader: OwnedFd,
    line: Vec<u8>,
    generation: Generation,
}

impl OutputPipe {
    pub(super) fn new(stream: OutputStream, reader: OwnedFd, generation: Generation) -> Self {
        Self { stream, state: PipeState::Open, reader, line: Vec::new(), generation }
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Reads once, to be called when the pipe is readable, and hands over every line that is whole by then.
    pub(super) fn read(&mut self, on_line: &mut dyn FnMut(OutputStream, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let count = match rustix::io::read(&self.reader, &mut buffer) {
            Ok(count) => count,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if count == 0 {
            self.state = PipeState::Ended;
            // A last line without its newline.
            return if self.line.is_empty() { Ok(()) } else { self.hand_over(on_line) };
        }
        for piece in buffer[..count].split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.hand_over(on_line)?;
            }
            if self.state == PipeState::Unreadable {
                break;
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, on_line: &mut dyn FnMut(OutputStream, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        match self.generation {
            Generation::One => {
                if ends_in_bad_utf8(&line) {
                    self.state = PipeState::Unreadable;
                }
            }
            Generation::Two => {
                if line.len() > LONGEST_LINE {
                    line.truncate(LONGEST_LINE);
                    line.push(b'\n');
                }
            }
        }
        on_line(self.stream, &line)
    }
}

/// The first agent strips blanks from the end of each line and fails when what stands there cannot be told a blank.
fn ends_in_bad_utf8(line: &[u8]) -> bool {
    line.trim_ascii_end().utf8_chunks().last().is_some_and(|chunk| !chunk.invalid().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bad_bytes_at_the_end_count() {
        assert!(ends_in_bad_utf8(b"caf\xe9\n"));
        assert!(ends_in_bad_utf8(b"\xff \t\n"));
        assert!(!ends_in_bad_utf8(b"caf\xe9 au lait\n"));
        assert!(!ends_in_bad_utf8("café\n".as_bytes()));
        assert!(!ends_in_bad_utf8(b"\n"));
    }
}
