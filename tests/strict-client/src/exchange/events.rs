//! A stream of server-sent events: each with the next number, all of the one instance, and as many as were asked for.

use crate::connection::Connection;
use crate::failure::{Broken, Failure};
use crate::progress::Progress;

/// Asks for a stream and follows it to its end.
pub(crate) async fn follow(
    connection: &mut Connection,
    request: &[u8],
    count: u64,
    progress: &mut Progress,
) -> Result<(), Broken> {
    connection.begin(request, progress).await?;
    let mut events = EventReader::new(count);
    connection.receive(progress, |piece| events.take(piece)).await?;
    if !progress.has_succeeded() {
        return Ok(());
    }
    events.end(progress.head.as_ref().and_then(|head| head.instance.as_deref()))
}

/// Reads the events from the pieces in which they come (HTML standard, section 9.2.6, as far as it is needed here).
#[derive(Debug)]
struct EventReader {
    count: u64,
    read: u64,
    line: Vec<u8>,
    id: Option<u64>,
    data: Option<String>,
    instance: Option<String>,
}

impl EventReader {
    fn new(count: u64) -> Self {
        Self { count, read: 0, line: Vec::new(), id: None, data: None, instance: None }
    }

    /// How many events this piece completed.
    fn take(&mut self, piece: &[u8]) -> Result<u64, Broken> {
        let before = self.read;
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.take_line(String::from_utf8_lossy(&line).trim_end())?;
            }
        }
        Ok(self.read - before)
    }

    fn take_line(&mut self, line: &str) -> Result<(), Broken> {
        if line.is_empty() {
            return self.take_event();
        }
        match line.split_once(": ") {
            Some(("id", number)) => self.id = number.parse().ok(),
            Some(("data", instance)) => self.data = Some(instance.to_owned()),
            _ => return Err(Failure::Malformed.because(format!("an event's line {line:?}"))),
        }
        Ok(())
    }

    fn take_event(&mut self) -> Result<(), Broken> {
        let (Some(id), Some(instance)) = (self.id.take(), self.data.take()) else {
            return Err(Failure::Malformed.because("an event without a number or an instance"));
        };
        if id != self.read + 1 || id > self.count {
            let needed = self.read + 1;
            let needed = if needed > self.count { "the end".to_owned() } else { format!("event {needed}") };
            return Err(Failure::OutOfSequence.because(format!("event {id} came; needed {needed}")));
        }
        let begun = self.instance.get_or_insert_with(|| instance.clone());
        if *begun != instance {
            return Err(other_instance("event", id, &instance, begun));
        }
        self.read += 1;
        Ok(())
    }

    /// The stream has ended in order; `instance` is the one of its head.
    fn end(&self, instance: Option<&str>) -> Result<(), Broken> {
        if self.read < self.count {
            return Err(Failure::EndedEarly.because(format!("{} of {} events came", self.read, self.count)));
        }
        match (instance, &self.instance) {
            (Some(head), Some(events)) if head != events => Err(other_instance("event", 1, events, head)),
            _ => Ok(()),
        }
    }
}

/// The failure of a stream that went on with another instance.
pub(super) fn other_instance(what: &str, number: u64, found: &str, needed: &str) -> Broken {
    Failure::WrongInstance.because(format!("{what} {number} is of instance `{found}`; needed `{needed}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, size: usize) -> Result<u64, Broken> {
        let mut reader = EventReader::new(3);
        let mut read = 0;
        for piece in text.as_bytes().chunks(size) {
            read += reader.take(piece)?;
        }
        reader.end(Some("a")).map(|()| read)
    }

    #[test]
    fn a_stream_is_right_only_if_every_event_comes_once_in_order_and_from_the_same_instance() {
        let event = |id: u64, instance: &str| format!("id: {id}\ndata: {instance}\n\n");
        let table = [
            (vec![(1, "a"), (2, "a"), (3, "a")], Ok(3)),
            (vec![(1, "a"), (3, "a")], Err(Failure::OutOfSequence)),
            (vec![(2, "a")], Err(Failure::OutOfSequence)),
            (vec![(1, "a"), (2, "a"), (2, "a")], Err(Failure::OutOfSequence)),
            (vec![(1, "a"), (2, "a"), (3, "a"), (4, "a")], Err(Failure::OutOfSequence)),
            (vec![(1, "a"), (2, "b"), (3, "a")], Err(Failure::WrongInstance)),
            (vec![(1, "b"), (2, "b"), (3, "b")], Err(Failure::WrongInstance)),
            (vec![(1, "a"), (2, "a")], Err(Failure::EndedEarly)),
            (vec![], Err(Failure::EndedEarly)),
        ];
        for (events, expected) in table {
            let text: String = events.iter().map(|(id, instance)| event(*id, instance)).collect();
            for size in 1..=text.len().max(1) {
                assert_eq!(
                    read(&text, size).map_err(|broken| broken.failure),
                    expected,
                    "{text:?} in pieces of {size}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_event_is_malformed() {
        for text in ["nonsense\n", "id: 1\n\n", "data: a\n\n", "id: x\ndata: a\n\n"] {
            assert_eq!(read(text, 64).unwrap_err().failure, Failure::Malformed, "{text:?}");
        }
    }
}
