//! Processes that do nothing: copies of one shell, which wait for a line that never comes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, bail};
use workstation::programs;

/// Each copy reads from the shell's own input, which ends with this program, whatever ends that.
const SCRIPT: &str = r#"exec 3<&0
i=0
while [ "$i" -lt "$1" ]; do
    read -r _ <&3 &
    i=$((i + 1))
done
echo there
wait"#;

/// A number of idle processes.
#[derive(Debug)]
pub(crate) struct Idle {
    shell: Child,
}

impl Idle {
    /// Starts so many, and waits until they are there.
    ///
    /// # Errors
    /// They cannot be started.
    pub(crate) fn start(number: u32) -> anyhow::Result<Self> {
        let mut command = programs::command("/bin/sh");
        command.args(["-c", SCRIPT, "idle"]).arg(number.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().context("idle processes cannot be started")?;
        let mut said = String::new();
        if let Some(output) = shell.stdout.take() {
            BufReader::new(output).read_line(&mut said).context("idle processes were not started")?;
        }
        let idle = Self { shell };
        if said.trim() != "there" {
            bail!("of {number} idle processes some could not be started: see `ulimit -u`");
        }
        Ok(idle)
    }

    /// Ends them all.
    ///
    /// # Errors
    /// They are not to be waited for.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        self.close().context("idle processes did not end")
    }

    fn close(&mut self) -> std::io::Result<()> {
        drop(self.shell.stdin.take());
        self.shell.wait().map(|_| ())
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        // Their input is closed, which is all that they wait for.
        let _ = self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn so_many_are_there_until_they_are_ended() {
        let idle = Idle::start(7).unwrap();
        let shell = idle.shell.id();
        let children = || {
            let path = format!("/proc/{shell}/task/{shell}/children");
            let read = workstation::files::read_text(Path::new(&path), "the children of the shell");
            read.unwrap_or_default().split_whitespace().count()
        };
        assert_eq!(children(), 7);
        idle.end().unwrap();
        assert_eq!(children(), 0);
    }
}
