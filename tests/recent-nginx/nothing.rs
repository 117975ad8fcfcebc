//! Nothing: Cargo wants a target beside the dependencies.
