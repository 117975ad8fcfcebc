//! The part of an event's log that fits into its report: the last whole lines that are together below 2048.

use std::collections::VecDeque;

use crate::Generation;

const LIMIT: usize = 2048;

/// Keeps as many of the last entries as fit. One that does not fit by itself empties it.
pub(super) struct LogTail {
    entries: VecDeque<(usize, Vec<u8>)>,
    length: usize,
    generation: Generation,
}

impl LogTail {
    pub(super) fn new(generation: Generation) -> Self {
        Self { entries: VecDeque::new(), length: 0, generation }
    }

    pub(super) fn add(&mut self, entry: Vec<u8>) {
        let length = self.measure(&entry);
        self.length += length;
        self.entries.push_back((length, entry));
        while self.is_too_long() {
            let Some((length, _)) = self.entries.pop_front() else { break };
            self.length -= length;
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.entries.into_iter().flat_map(|(_, entry)| entry).collect()
    }

    /// Generation 1 counts characters, a bad byte as one, and must stay below; generation 2 counts bytes and may reach it.
    fn is_too_long(&self) -> bool {
        match self.generation {
            Generation::One => self.length >= LIMIT,
            Generation::Two => self.length > LIMIT,
        }
    }

    fn measure(&self, entry: &[u8]) -> usize {
        match self.generation {
            Generation::One => {
                entry.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
            }
            Generation::Two => entry.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(generation: Generation, lengths: &[usize]) -> Vec<usize> {
        let mut tail = LogTail::new(generation);
        for &length in lengths {
            tail.add(vec![b'x'; length]);
        }
        tail.entries.iter().map(|(length, _)| *length).collect()
    }

    #[test]
    fn the_last_whole_lines_stay_together_below_2048() {
        assert_eq!(tail(Generation::One, &[1000, 1000, 47]), [1000, 1000, 47]);
        assert_eq!(tail(Generation::One, &[1000, 1000, 48]), [1000, 48]);
        assert_eq!(tail(Generation::Two, &[1000, 1000, 48]), [1000, 1000, 48]);
    }

    #[test]
    fn a_long_last_line_empties_it_and_a_long_earlier_line_cuts_what_is_before() {
        assert_eq!(tail(Generation::One, &[10, 2047]), [2047]);
        assert_eq!(tail(Generation::One, &[10, 2048]), [0_usize; 0]);
        assert_eq!(tail(Generation::One, &[10, 3000, 20, 30]), [20, 30]);
    }

    #[test]
    fn generation_1_counts_characters() {
        let mut tail = LogTail::new(Generation::One);
        tail.add("é".repeat(2047).into_bytes());
        assert_eq!(tail.into_bytes().len(), 2 * 2047);
    }
}
