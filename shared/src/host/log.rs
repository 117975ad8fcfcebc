//! The hooks' own log: opened to append to, and set aside when it has grown too large. Hooks do not wait for one another for it:
//! whoever has opened it before goes on writing into the file that was set aside, and no line is lost.
//! Nor do they wait for the disk: a power cut may take the last lines, and leaves zeros where they were, which are written over.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::LogLimits;

/// In bytes: more than the hooks write before a disk has it.
const ZEROS_AT_MOST: u64 = 1 << 20;

/// Opens the log. One that is larger than its limit becomes `.1`, the one before `.2`, and so on; the last of them goes.
pub(super) fn open(path: &Path, limits: LogLimits) -> io::Result<File> {
    let file = append(path)?;
    if file.metadata()?.len() <= limits.size || file.try_lock().is_err() {
        // Another hook is just setting it aside, or everything is well.
        return Ok(file);
    }
    if set_aside(path, &file, limits.keep).is_err() {
        // A log that is too large is better than none.
        return Ok(file);
    }
    append(path)
}

fn append(path: &Path) -> io::Result<File> {
    // The log is of use with them as well, and may be one that this user may only append to.
    let _ = write_over_zeros(path);
    OpenOptions::new().append(true).create(true).mode(0o644).open(path)
}

/// Makes a line of blanks of the zeros with which the log ends, if it ends with one. Nothing is cut off, so whatever another hook
/// writes behind them meanwhile stays; and it is one file that is read and written, though another hook sets it aside.
fn write_over_zeros(path: &Path) -> io::Result<()> {
    // A file that is opened to append to is appended to wherever one asks to write.
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    write_over(&file, zeros_at_the_end(&file)?)
}

fn write_over(file: &File, zeros: Range<u64>) -> io::Result<()> {
    let mut blanks = vec![b' '; usize::try_from(zeros.end - zeros.start).unwrap_or_default()];
    if let Some(last) = blanks.last_mut() {
        *last = b'\n';
    }
    file.write_all_at(&blanks, zeros.start)
}

/// Where the zeros are with which a file ends; so many that no last lines can have been there are left to whoever sets it aside.
fn zeros_at_the_end(file: &File) -> io::Result<Range<u64>> {
    let end = file.metadata()?.len();
    let mut start = end;
    while start > 0 && end - start <= ZEROS_AT_MOST {
        let mut block = [0; 512];
        let length = start.min(block.len() as u64);
        let block = &mut block[..usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(block, start - length)?;
        let text = block.iter().rposition(|byte| *byte != 0);
        start = start - length + text.map_or(0, |last| last as u64 + 1);
        if text.is_some() {
            return Ok(start..end);
        }
    }
    Ok(if start == 0 { 0..end } else { end..end })
}

fn is_still(path: &Path, file: &File) -> bool {
    let inode = |facts: &fs::Metadata| (facts.dev(), facts.ino());
    matches!((fs::metadata(path), file.metadata()), (Ok(now), Ok(then)) if inode(&now) == inode(&then))
}

/// The oldest first, so that a kill in between leaves a gap and never two under one name.
#[expect(clippy::disallowed_methods, reason = "this is the place that moves the log, for everybody")]
fn set_aside(path: &Path, file: &File, keep: u32) -> io::Result<()> {
    if !is_still(path, file) {
        // Another hook did so between the opening and the lock: then it is the new one's turn, and that is small.
        return Ok(());
    }
    if keep == 0 {
        return fs::remove_file(path);
    }
    for number in (1..keep).rev() {
        match fs::rename(numbered(path, number), numbered(path, number + 1)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
    }
    fs::rename(path, numbered(path, 1))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests look at the disk past the code under test")]
mod tests {
    use std::io::Write;

    use super::*;

    const LIMITS: LogLimits = LogLimits { size: 10, keep: 2 };

    fn texts(directory: &Path) -> Vec<(String, String)> {
        let mut texts: Vec<(String, String)> = fs::read_dir(directory)
            .unwrap()
            .flatten()
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
            .collect();
        texts.sort();
        texts
    }

    fn as_texts(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
        wanted.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn f116_a_log_that_is_too_large_is_set_aside_and_only_so_many_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        for text in ["short", " and long", "second, long", "third, long", "now"] {
            open(&path, LIMITS).unwrap().write_all(text.as_bytes()).unwrap();
        }
        let wanted = [("hooks.log", "now"), ("hooks.log.1", "third, long"), ("hooks.log.2", "second, long")];
        assert_eq!(texts(directory.path()), as_texts(&wanted));
        fs::write(&path, "too long for it").unwrap();
        open(&path, LogLimits { keep: 0, ..LIMITS }).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"", "it begins anew where none is kept");
    }

    #[test]
    fn f116_zeros_that_a_power_cut_has_left_at_the_end_of_the_log_become_a_line_of_blanks() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        let limits = LogLimits { size: 100_000, keep: 2 };
        for (name, text, zeros) in [
            ("a line that was cut off", "whole\npart", 5),
            ("whole lines", "whole\n", 2000),
            ("a block that ends with the text", &"x".repeat(512), 512),
            ("nothing else", "", 3),
            ("one", "whole\n", 1),
            ("no zeros", "whole\n", 0),
            ("an empty log", "", 0),
        ] {
            fs::write(&path, [text.as_bytes(), &vec![0; zeros]].concat()).unwrap();
            open(&path, limits).unwrap().write_all(b"next\n").unwrap();
            let blanks = if zeros == 0 { String::new() } else { " ".repeat(zeros - 1) + "\n" };
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}{blanks}next\n"), "{name}");
        }
    }

    #[test]
    fn f116_what_another_hook_has_written_behind_the_zeros_meanwhile_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        fs::write(&path, b"whole\n\0\0\0").unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let zeros = zeros_at_the_end(&file).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"another\n").unwrap();
        write_over(&file, zeros).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole\n  \nanother\n");
    }

    #[test]
    fn f116_zeros_that_no_lines_can_have_been_are_left_and_cost_no_memory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        fs::write(&path, b"whole\n").unwrap();
        let size = 1 << 40;
        OpenOptions::new().write(true).open(&path).unwrap().set_len(size).unwrap();
        open(&path, LogLimits { size: 2 * size, keep: 2 }).unwrap().write_all(b"next\n").unwrap();
        let file = File::open(&path).unwrap();
        let mut last = [0; 6];
        file.read_exact_at(&mut last, size - 1).unwrap();
        assert_eq!((&last, file.metadata().unwrap().len()), (b"\0next\n", size + 5));
    }

    #[test]
    fn f116_a_log_that_may_not_be_read_is_appended_to() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        fs::write(&path, b"").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o222)).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        // Root may read all, so it is another user who asks: a thread may be one.
        let written = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534)).unwrap();
                open(&path, LIMITS).and_then(|mut log| log.write_all(b"next\n"))
            });
            other.join().unwrap()
        });
        assert!(written.is_ok(), "{written:?}");
        assert_eq!(fs::read(&path).unwrap(), b"next\n");
    }

    #[test]
    fn f116_a_run_that_was_killed_while_it_set_the_log_aside_costs_none_of_the_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        // Killed after `.1` became `.2`: there is no `.1`.
        fs::write(&path, "the current one").unwrap();
        fs::write(numbered(&path, 2), "the one before").unwrap();
        drop(open(&path, LIMITS).unwrap());
        let wanted = [("hooks.log", ""), ("hooks.log.1", "the current one"), ("hooks.log.2", "the one before")];
        assert_eq!(texts(directory.path()), as_texts(&wanted));
    }

    #[test]
    fn f116_a_log_that_another_hook_has_just_set_aside_is_not_set_aside_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        fs::write(&path, "the large one").unwrap();
        let opened = append(&path).unwrap();
        set_aside(&path, &opened, 2).unwrap();
        fs::write(&path, "new").unwrap();
        set_aside(&path, &opened, 2).unwrap();
        let wanted = [("hooks.log", "new"), ("hooks.log.1", "the large one")];
        assert_eq!(texts(directory.path()), as_texts(&wanted));
    }

    #[test]
    fn f116_hooks_that_run_at_once_lose_no_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hooks.log");
        let limits = LogLimits { size: 2000, keep: 100 };
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for line in 0..200 {
                        let line = format!("{writer:03} {line:03} {}\n", "x".repeat(40));
                        open(path, limits).unwrap().write_all(line.as_bytes()).unwrap();
                    }
                });
            }
        });
        let all: Vec<String> = texts(directory.path())
            .iter()
            .flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let different: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!((all.len(), different.len()), (800, 800));
        assert!(texts(directory.path()).len() > 1, "it was set aside");
    }
}
