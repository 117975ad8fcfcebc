//! What users ask for, as the end of nginx's access log tells it. A log that cannot be read is a note and no failure.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::choice;
use crate::config::WarmUp;
use crate::host::Host;
use crate::language::translated;

/// So much of the end is read: thousands of requests, and no more than milliseconds of work.
const END: u64 = 1024 * 1024;

/// The paths that users asked for most often.
///
/// # Errors
/// Why there are none, as a sentence with what to do.
pub(super) fn paths(host: &impl Host, warm_up: &WarmUp, log: &Path) -> Result<Vec<String>, String> {
    let shown = log.to_string_lossy();
    let bytes = host.open(log).and_then(end).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::PermissionDenied => {
            let user = host.user().name;
            translated!(
                "`{shown}` may not be read by `{user}`: `usermod -aG adm {user}` on Debian and Ubuntu (the log's group), or another \
                 `warm_up.access_log`"
            )
        }
        _ => translated!("`{shown}` cannot be read: {cause}; correct `warm_up.access_log` in hooks.toml"),
    })?;
    found_in(&bytes, warm_up, &shown)
}

/// The paths in the end of a log.
fn found_in(bytes: &[u8], warm_up: &WarmUp, shown: &str) -> Result<Vec<String>, String> {
    let (lines, paths) = count(bytes, warm_up);
    if !paths.is_empty() {
        return Ok(paths);
    }
    Err(match lines {
        0 if bytes.is_empty() => translated!("`{shown}` is empty"),
        0 => translated!("no line of `{shown}` is of the form that `warm_up.log_format` names"),
        _ => translated!(
            "`{shown}` has no path that was asked for often enough and may be asked again (docs/warm-up.md)"
        ),
    })
}

/// How many lines are of the form, and the paths in them.
fn count(bytes: &[u8], warm_up: &WarmUp) -> (usize, Vec<String>) {
    let mut lines = 0;
    let Some(format) = &warm_up.log_format else { return (0, Vec::new()) };
    let read = bytes.split(|byte| *byte == b'\n').filter_map(|line| format.read(std::str::from_utf8(line).ok()?));
    let targets = read.inspect(|_| lines += 1).filter(choice::was_for_everybody).map(|line| line.target).collect();
    (lines, choice::most_frequent(targets, warm_up))
}

/// The end of a file, or all of it. Its first line may be the rest of one, which is of no form then.
fn end(mut file: impl Read + Seek) -> std::io::Result<Vec<u8>> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(END)))?;
    let mut bytes = Vec::new();
    // It grows while it is read.
    file.take(END).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::config::{SettingsFile, settings};

    fn line(target: &str) -> Vec<u8> {
        format!("203.0.113.9 - - [27/Nov/2026:00:00:01 +0000] \"GET {target} HTTP/1.1\" 200 512 \"-\" \"a browser\"\n")
            .into_bytes()
    }

    fn found(log: &[u8]) -> Result<Vec<String>, String> {
        let settings = settings(SettingsFile::parse("", "[warm_up]\nfrom = \"access-log\"\n")).unwrap();
        found_in(&end(Cursor::new(log)).unwrap(), &settings.warm_up, "/access.log")
    }

    #[test]
    fn f131_hostile_lines_of_a_log_are_skipped_and_only_its_end_is_read() {
        let hostile: [&[u8]; 7] = [
            b"\xff\xfe\x00 \x80\n",
            b"\n\n",
            b"1 - - [x] \"GET /\xec\x83 HTTP/1.1\" 200 1 \"-\" \"-\"\n",
            b"1 - - [x] \"GET /a b HTTP/1.1\" 200 1 \"-\" \"-\"\n",
            b"1 - - [x] \"\" 400 0 \"-\" \"-\"\n",
            b"\" $request $status [ ] - - \"\"\n",
            b"1 - - [x] \"GET http://evil.example.com/ HTTP/1.1\" 200 1 \"-\" \"-\"",
        ];
        let (mut bytes, long) = (Vec::new(), line(&format!("/{}", "long/".repeat(100_000))));
        (0..9).for_each(|_| bytes.extend(line("/long-ago")));
        (0..3).for_each(|_| bytes.extend(&long));
        for _ in 0..9 {
            bytes.extend(hostile.concat());
            bytes.push(b'\n');
            bytes.extend(line("/owners"));
        }
        assert_eq!(found(&bytes).as_deref(), Ok(&["/owners".to_owned()][..]));
    }

    #[test]
    fn f131_a_log_that_tells_nothing_is_told_with_what_to_do() {
        for (name, bytes, wanted) in [
            ("empty", Vec::new(), "`/access.log` is empty"),
            ("another form", b"{\"status\": 200}\n".to_vec(), "`warm_up.log_format`"),
            ("seldom", line("/owners"), "often enough"),
        ] {
            let told = found(&bytes).unwrap_err();
            assert!(told.contains(wanted), "{name}: {told}");
        }
    }
}
