//! What the hooks meet of AWS, on loopback, as a test wants it to behave: CodeDeploy's API ([`CodeDeployStub`]), an
//! instance's metadata service ([`MetadataStub`]), and networks that swallow everything ([`Swallower`],
//! [`silent_network`]).
//!
//! The stub says what this project believes of AWS; [`Moto`] is a second opinion, which others wrote. Every server here
//! runs in a thread or a process of its own and ends when it is dropped.

pub mod answers;
mod behaviour;
mod certificate_authority;
mod client;
mod codedeploy;
mod error;
mod http;
mod listener;
mod metadata;
mod moto;
mod operation;
mod performance;
mod record;
mod script;
mod server;
pub mod silent_network;
mod swallower;

pub use behaviour::Behaviour;
pub use client::{HttpAnswer, HttpRequest};
pub use codedeploy::{CodeDeployBuilder, CodeDeployStub, Seen};
pub use error::{Error, Result};
pub use metadata::{MetadataBuilder, MetadataRequest, MetadataStub, RoleCredentials};
pub use moto::Moto;
pub use operation::Operation;
pub use swallower::Swallower;
