//! The arguments of the program. `scripts/bundle.sh` builds what they name.

use std::path::PathBuf;

use bundle::glibc::Version;
use bundle::target::Target;
use clap::{Args, Parser, Subcommand};

/// Assembles and checks what AWS `CodeDeploy` is given, and measures it.
#[derive(Clone, Debug, Parser)]
#[command(name = "bundle", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the zip, its checksum and its bill of materials, unless the deployment would fail
    Assemble(Assemble),
    /// Write the archive of which others make bundles, and its checksum
    Release(Release),
    /// Print a table of sizes and needs; fail if a limit is passed
    Table(Table),
    /// Print the hooks, one line for each call of Cargo that builds them
    Groups,
}

/// What every command that looks at a bundle needs to know.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// The directory with the built hooks
    #[arg(long, value_name = "DIR")]
    pub(crate) binaries: PathBuf,
    /// The settings to ship
    #[arg(long, value_name = "FILE", default_value = "hooks.toml")]
    pub(crate) settings: PathBuf,
    /// The appspec.yml to ship
    #[arg(long, value_name = "FILE", default_value = "appspec.yml")]
    pub(crate) appspec: PathBuf,
    /// The date of everything in the zip, in seconds since 1970: the commit's
    #[arg(long, value_name = "SECONDS")]
    pub(crate) date: i64,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Assemble {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The jar to deploy; keeps its name
    #[arg(long, value_name = "FILE")]
    pub(crate) jar: PathBuf,
    /// The zip to write
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The machine that the hooks were built for
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Target,
    /// The oldest glibc that a host may have
    #[arg(long, value_name = "VERSION", default_value = "2.26")]
    pub(crate) glibc: Version,
    /// The directory of this project, whose Cargo.lock tells what was built
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) project: PathBuf,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Release {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The archive to write
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The machine that the hooks were built for
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Target,
    /// The commit that they were built from
    #[arg(long, value_name = "COMMIT")]
    pub(crate) commit: String,
    /// The oldest glibc that a host may have
    #[arg(long, value_name = "VERSION", default_value = "2.26")]
    pub(crate) glibc: Version,
    /// The directory of this project, whose scripts and licences go along
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) project: PathBuf,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Table {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Write the table into this document, between its comments
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Option<PathBuf>,
    /// A sentence to put below it there: how it was built
    #[arg(long, value_name = "TEXT", requires = "document")]
    pub(crate) built: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
        let line = "bundle assemble --binaries b --output o.zip --date 1 --target x86_64-unknown-linux-gnu";
        let told = Arguments::try_parse_from(line.split(' ')).unwrap_err().to_string();
        assert!(told.contains("--jar"), "{told}");
        let told = Arguments::try_parse_from("bundle assemble --target sparc".split(' ')).unwrap_err().to_string();
        assert!(told.contains("needed one of `x86_64-unknown-linux-gnu`"), "{told}");
    }
}
