//! What a server has seen, in order, and waiting for it to have seen enough.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};

/// Grows, and wakes whoever waits for that.
#[derive(Debug)]
pub(crate) struct Record<T> {
    seen: Mutex<Vec<T>>,
    grown: Condvar,
}

impl<T: Clone> Record<T> {
    pub(crate) fn new() -> Self {
        Self { seen: Mutex::new(Vec::new()), grown: Condvar::new() }
    }

    pub(crate) fn add(&self, item: T) {
        self.lock().push(item);
        self.grown.notify_all();
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.lock().clone()
    }

    /// All, as soon as there are `count`; `what` names them in the error if `at_most` passes first.
    pub(crate) fn wait_for(&self, count: usize, at_most: Duration, what: &str) -> Result<Vec<T>> {
        let (seen, _) = self
            .grown
            .wait_timeout_while(self.lock(), at_most, |seen| seen.len() < count)
            .unwrap_or_else(PoisonError::into_inner);
        if seen.len() < count {
            return Err(Error::new(format!("{} {what} came within {at_most:?}; needed {count}", seen.len())));
        }
        Ok(seen.clone())
    }

    /// A test that panicked elsewhere leaves a whole list behind all the same.
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
