//! Runs the commands of the stories in a host with a kernel of its own.

fn main() -> anyhow::Result<()> {
    booted_host::serve()
}
