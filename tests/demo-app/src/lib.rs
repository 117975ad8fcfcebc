//! What a demo release is: a real jar whose manifest says how the service inside it behaves. Tests write
//! such jars with [`Jar`]; the program `demo-app` runs them in place of a Java virtual machine.

mod behaviour;
mod fault;
mod jar;
mod manifest;

pub use behaviour::{Behaviour, BehaviourError, Bind};
pub use fault::{Fault, FaultError};
pub use jar::Jar;
pub use manifest::{Manifest, ManifestError};
