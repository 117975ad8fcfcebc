//! What goes wrong, and exactly when: at the n-th wait, at the n-th point, at the n-th write since the hook began.

use std::io;

/// What the unwinding of a killed hook carries.
#[derive(Clone, Copy, Debug)]
pub struct Killed;

/// A write that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteFault {
    /// The first write that fails, counted from 1 since the hook began.
    pub nth: usize,
    /// Whether those after it fail as well.
    pub for_good: bool,
    /// How it fails.
    pub kind: io::ErrorKind,
    /// Whether it fails when the bytes are in their place already: the last fsync failed.
    pub after_the_rename: bool,
}

/// The faults that are armed, and what the hook that runs has come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    pub(super) interrupt_at: Option<usize>,
    pub(super) kill_at: Option<usize>,
    pub(super) write: Option<WriteFault>,
    pub(super) launch: Option<io::ErrorKind>,
    pub(super) lock_holder: Option<String>,
    pub(super) struck: bool,
    waits: usize,
    points: usize,
    writes: usize,
    asked: bool,
    shielded: bool,
}

impl Faults {
    /// A hook begins.
    pub(super) fn begin(&mut self) {
        (self.waits, self.points, self.writes) = (0, 0, 0);
        (self.asked, self.shielded, self.struck) = (false, false, false);
    }

    /// Everything works again.
    pub(super) fn clear(&mut self) {
        *self = Faults { struck: self.struck, ..Faults::default() };
    }

    pub(super) fn shield(&mut self, raised: bool) {
        self.shielded = raised;
    }

    pub(super) fn is_shielded(&self) -> bool {
        self.shielded
    }

    /// A signal comes.
    pub(super) fn interrupt(&mut self) {
        self.asked = true;
    }

    /// Whether a signal ends this wait.
    pub(super) fn interrupt_strikes(&mut self) -> bool {
        self.waits += 1;
        if self.interrupt_at == Some(self.waits) {
            self.asked = true;
            self.struck = true;
        }
        self.asked && !self.shielded
    }

    /// Whether the hook is killed here.
    pub(super) fn kill_strikes(&mut self) -> bool {
        self.points += 1;
        let strikes = self.kill_at == Some(self.points);
        self.struck |= strikes;
        strikes
    }

    /// How this change or end of a name fails, if it does: it needs no room.
    pub(super) fn rename_strikes(&mut self) -> Option<WriteFault> {
        self.write.filter(|fault| fault.kind != io::ErrorKind::StorageFull).and_then(|_| self.write_strikes())
    }

    /// How this write fails, if it does.
    pub(super) fn write_strikes(&mut self) -> Option<WriteFault> {
        self.writes += 1;
        let writes = self.writes;
        let strikes = |fault: &WriteFault| writes == fault.nth || (fault.for_good && writes > fault.nth);
        let fault = self.write.filter(strikes);
        self.struck |= fault.is_some();
        fault
    }
}
