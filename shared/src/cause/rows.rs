//! The causes that are known, the more telling ones first: of two that fit the same lines the upper one is told. Each was made to
//! happen once, and its log is in `logs`.

mod data;
mod host;
mod java;
mod spring;

use super::Row;

/// All of them.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [java::ROWS, data::ROWS, spring::ROWS, host::ROWS].into_iter().flatten()
}
