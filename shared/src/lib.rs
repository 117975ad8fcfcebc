//! What the hooks share, from the agent's variables to the verdict. Each module uses only modules that stand below it in this
//! file; `shared/tests/order.rs` holds that.
//!
//! The agent calls a hook. `environment` and `lifecycle` say who called, `timeouts` how long the agent waits, `config` what the
//! host's owner wants. `discovery` asks the witnesses which of the two places (`slot`) serves; the hook looks at what else it
//! needs (`occupant`, `release`, `nginx`, `route`) and makes a `plan`, held against its `budget`. The plan is carried out on the
//! `host`: a release is proven by a `probe`, traffic moves by a `cutover`, `proof` sees it arrive and watches it. What has to be
//! known next time is in the `ledger`, what people are told comes from the `report`, in their
//! `language`, and `codedeploy` is asked and told.
//! `run` is that way from beginning to end, and `preflight` what the first hook asks on behalf of all of them.

/// What a deploy will need, asked before anything changes.
pub mod preflight;

/// The skeleton of every hook: read, look, plan, carry out, report.
pub mod run;

/// The steps that move traffic and take it back, and the settlement of a cutover that was not ended.
pub mod cutover;

/// How long each hook can take, held against the timeouts of `appspec.yml`.
pub mod budget;

/// What is going to be done: decided, printed, done, undone.
pub mod plan;

/// Whether traffic has arrived, and whether it can stay.
pub mod proof;

/// Whether a release is healthy.
pub mod probe;

/// Who is live: the witnesses, and the decision.
pub mod discovery;

/// What nginx is told about who serves.
pub mod route;

/// nginx itself.
pub mod nginx;

/// How a release was made to boot, and who makes the archive for the next one.
pub mod boot;

/// Who is in a slot.
pub mod occupant;

/// How a release runs: as a unit of systemd, or detached.
pub mod supervisor;

/// What this host remembers between hooks, and the lock.
pub mod ledger;

/// What CodeDeploy is asked and told.
pub mod codedeploy;

/// What is deployed.
pub mod release;

/// What root is asked for on this user's behalf.
pub mod sudo;

/// Who called: the agent's variables.
pub mod lifecycle;

/// How long the agent waits.
pub mod timeouts;

/// `hooks.toml` and the environment: read, checked, every mistake told at once.
pub mod config;

/// How long to wait, and waiting.
pub mod patience;

/// Why a release failed, told by its log.
pub mod cause;

/// The only way to processes, files, programs, HTTP, the clock and CodeDeploy's API.
pub mod host;

/// What people are told.
pub mod report;

/// The two places and their roles.
pub mod slot;

/// What can go wrong.
pub mod error;

/// The language that people are told things in.
pub mod language;

/// The only reader of the environment.
pub mod environment;

// The sentences that macros write name this crate as the hooks do.
extern crate self as shared;
