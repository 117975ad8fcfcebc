//! CodeDeploy, where its API is asked or told: whether a deployment is still wanted (`consent`), and a hook's `verdict`.

pub mod consent;
pub mod verdict;
