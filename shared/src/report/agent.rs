//! Output as the agent and the console take it (docs/agent.md): one stream, valid UTF-8, short lines without control
//! characters, the verdict last and within 1,500 bytes. Writing never panics and never fails a hook (F06): the agent closes
//! its pipes when it likes.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::language::translated;

/// No line is longer, in bytes: one line of 2,048 blanks the console's whole excerpt.
const LINE_LIMIT: usize = 190;
/// The verdict as a whole is no longer, in bytes.
const VERDICT_LIMIT: usize = 1400;

/// Tells people what happens.
#[derive(Debug)]
pub struct Report {
    hook: &'static str,
    log: Option<PathBuf>,
    /// The lines so far, instead of standard output.
    collected: Option<RefCell<Vec<String>>>,
}

impl Report {
    /// A report of `hook`; so far it goes to standard output alone.
    #[must_use]
    pub fn new(hook: &'static str) -> Report {
        Report { hook, log: None, collected: None }
    }

    /// A report that keeps its lines to itself, for tests of what people are told.
    #[must_use]
    pub fn collecting(hook: &'static str) -> Report {
        Report { hook, log: None, collected: Some(RefCell::default()) }
    }

    /// The lines of a report that keeps them.
    #[must_use]
    pub fn collected(&self) -> Vec<String> {
        self.collected.as_ref().map(|lines| lines.borrow().clone()).unwrap_or_default()
    }

    /// From here on everything also goes to the hooks' own log, since a successful hook's output reaches nobody. A log
    /// that cannot be written is said once and fails nothing (F84).
    pub fn also_into(&mut self, path: PathBuf, file: std::io::Result<File>) {
        match file {
            Ok(file) => {
                let subscriber = tracing_subscriber::fmt()
                    .with_writer(Mutex::new(file))
                    .with_ansi(false)
                    .with_target(false)
                    .finish();
                // It is set once in a process; tests that run several hooks in one keep the first.
                let _ = tracing::subscriber::set_global_default(subscriber);
                self.log = Some(path);
            }
            Err(cause) => {
                self.say(&translated!("note: the log `{}` cannot be written: {cause}", path.to_string_lossy()));
            }
        }
    }

    /// One thing that happened or is about to.
    pub fn say(&self, text: &str) {
        tracing::info!("{}: {}", self.hook, clean(text));
        for line in lines(text) {
            self.print(&format!("{}: {line}", self.hook));
        }
    }

    /// What a failed application wrote last, before the verdict.
    pub fn quote(&self, title: &str, text: &str) {
        self.say(title);
        for line in text.lines() {
            let line: String = clean(line);
            tracing::info!("{}: | {line}", self.hook);
            self.print(&format!("  | {}", cut(&line, LINE_LIMIT - 4)));
        }
    }

    /// The verdict of a hook that did what it was asked for.
    pub fn done(&self, result: &str) {
        tracing::info!("{}: done: {}", self.hook, clean(result));
        for line in lines(&translated!("OK {}: {result}", self.hook)) {
            self.print(&line);
        }
    }

    /// The verdict of a hook that failed: what, what to do, who serves, where more is. The last lines that it prints.
    pub fn failed(&self, exit_code: u8, what: &str, advice: Option<&str>, serving: &str) {
        tracing::error!("{}: failed with exit code {exit_code}: {}", self.hook, clean(what));
        let log = self.log.as_ref().map(|log| translated!("log: {}", log.to_string_lossy()));
        let tail = [Some(translated!("serving: {serving}")), log];
        let tail: Vec<String> = tail.into_iter().flatten().flat_map(|line| lines(&line)).collect();
        let verdict = lines(&translated!("FAILED {} (exit code {exit_code}): {what}", self.hook));
        let advice: Vec<String> = advice.into_iter().flat_map(to_do).collect();
        let left = VERDICT_LIMIT.saturating_sub(size(&tail));
        // However much there is to say of the cause, half of the room is for what to do about it.
        let (verdict, left) = fitting(verdict, left.saturating_sub(size(&advice).min(left / 2)), left);
        let (advice, _) = fitting(advice, left, left);
        for line in verdict.into_iter().chain(advice).chain(tail) {
            self.print(&line);
        }
    }

    /// One line to standard output. Nobody may be listening any more, which is no reason to stop.
    fn print(&self, line: &str) {
        match &self.collected {
            Some(lines) => lines.borrow_mut().push(line.to_owned()),
            None => drop(writeln!(std::io::stdout(), "{line}")),
        }
    }

    /// What a program was asked to print, as it is: it may be JSON, which no line limit may break.
    pub fn deliver(&self, text: &str) {
        match &self.collected {
            Some(lines) => lines.borrow_mut().extend(text.lines().map(str::to_owned)),
            None => drop(writeln!(std::io::stdout(), "{}", text.trim_end())),
        }
    }

    /// One of the lines that a program prints as long as somebody reads them.
    ///
    /// # Errors
    /// Nobody reads them any more.
    pub fn stream(&self, text: &str) -> std::io::Result<()> {
        match &self.collected {
            Some(lines) => lines.borrow_mut().push(clean(text)),
            None => writeln!(std::io::stdout(), "{}", clean(text))?,
        }
        Ok(())
    }

    /// A plan that is shown and not carried out.
    pub fn show(&self, text: &str) {
        text.lines().flat_map(lines).for_each(|line| self.print(&line));
    }
}

/// The bytes of lines with their ends.
fn size(lines: &[String]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

/// The first of the lines, as many as there is `room` for, and what is `left` then.
fn fitting(lines: Vec<String>, room: usize, left: usize) -> (Vec<String>, usize) {
    let mut used = 0;
    let fitting: Vec<String> = lines
        .into_iter()
        .take_while(|line| {
            used += line.len() + 1;
            used <= room
        })
        .collect();
    let left = left.saturating_sub(size(&fitting));
    (fitting, left)
}

/// What to do, as a sentence; each further line of it is to be pasted as it stands.
fn to_do(advice: &str) -> Vec<String> {
    let mut parts = advice.split('\n');
    let sentence = lines(&translated!("to do: {}", parts.next().unwrap_or_default()));
    sentence.into_iter().chain(parts.flat_map(pasteable)).collect()
}

/// A line for a file or a shell. Where it is too long it is broken with a `\` at the end, which both read as one line.
fn pasteable(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in clean(text).split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.len());
        if line > 2 && line + 1 + word.len() + 2 > LINE_LIMIT {
            lines.iter_mut().next_back().into_iter().for_each(|line| line.push_str(" \\"));
            lines.push(format!("  {word}"));
        } else if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// A text without control characters, on one line.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut inside_escape = false;
    text.chars()
        .filter_map(|letter| {
            // Colours in an application's log: ESC [ … letter.
            if letter == '\u{1b}' {
                inside_escape = true;
                return None;
            }
            if inside_escape {
                inside_escape = !letter.is_ascii_alphabetic();
                return None;
            }
            Some(if letter.is_control() { ' ' } else { letter })
        })
        .collect()
}

/// A text as lines of at most `LINE_LIMIT` bytes, broken at blanks where there are any.
fn lines(text: &str) -> Vec<String> {
    let text = clean(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.len() + 1 + word.len() > LINE_LIMIT - 8 {
            lines.push(std::mem::replace(&mut line, "   ".to_owned()));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&cut(word, LINE_LIMIT - 16));
    }
    lines.push(line);
    lines
}

/// The beginning of a text, whole characters only.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::language::{self, Language};

    fn report() -> Report {
        Report { log: Some("/home/ec2-user/app/step3/logs/hooks.log".into()), ..Report::collecting("health") }
    }

    #[test]
    fn i12_a_failure_is_told_with_the_end_of_the_log_then_what_to_do_who_serves_and_where_more_is() {
        let report = report();
        report.quote(
            "the last lines of `/home/ec2-user/app/step3/logs/real2-r1.log`:",
            "\u{1b}[31mERROR\u{1b}[0m Web server failed to start.\n\tPort 8082 was already in use.\n",
        );
        report.failed(
            31,
            "the new release in `real2` (port 8082) is not healthy: http://127.0.0.1:8082/profile answers HTTP 503 \
             `starting`, needed HTTP 200 `real2` (waited 1 min 30 s)",
            Some("look into the application's log, or raise `health.patience` and the `timeout` of ValidateService"),
            "`real1` (port 8081), as before",
        );
        expect![[r#"
            health: the last lines of `/home/ec2-user/app/step3/logs/real2-r1.log`:
              | ERROR Web server failed to start.
              |  Port 8082 was already in use.
            FAILED health (exit code 31): the new release in `real2` (port 8082) is not healthy: http://127.0.0.1:8082/profile answers HTTP 503 `starting`, needed HTTP 200 `real2` (waited 1 min
                30 s)
            to do: look into the application's log, or raise `health.patience` and the `timeout` of ValidateService
            serving: `real1` (port 8081), as before
            log: /home/ec2-user/app/step3/logs/hooks.log"#]].assert_eq(&report.collected().join("\n"));
    }

    #[test]
    fn a_success_is_told_in_one_line() {
        let report = report();
        report.done("`real2` (port 8082) serves and was watched for 5 s; `real1` (port 8081) stays warm behind it");
        expect![
            "OK health: `real2` (port 8082) serves and was watched for 5 s; `real1` (port 8081) stays warm behind it"
        ]
        .assert_eq(&report.collected().join("\n"));
    }

    #[test]
    fn i12_a_verdict_is_short_whatever_it_has_to_say_and_who_serves_and_where_more_is_is_never_what_goes() {
        for (name, what, advice) in [
            ("a long cause", "word ".repeat(1000), Some("deploy again".to_owned())),
            ("long advice", "it failed".to_owned(), Some("do this ".repeat(1000))),
            ("one long word", "가".repeat(2000), None),
        ] {
            let report = report();
            report.quote("the last lines of the log:", &"x".repeat(5000));
            let before = report.collected().len();
            report.failed(31, &what, advice.as_deref(), "`real1` (port 8081), as before");
            let lines = report.collected();
            let verdict = lines[before..].join("\n");
            assert!(verdict.len() < 1500, "{name}: {} bytes", verdict.len());
            assert!(lines.iter().all(|line| line.len() < 200), "{name}");
            assert!(verdict.starts_with("FAILED health (exit code 31):"), "{name}: {verdict}");
            let tail = "serving: `real1` (port 8081), as before\nlog: /home/ec2-user/app/step3/logs/hooks.log";
            assert!(verdict.ends_with(tail), "{name}: {verdict}");
        }
    }

    #[test]
    fn i12_whatever_was_found_half_of_the_room_is_for_what_to_do_about_it() {
        let report = report();
        let advice = format!("{}then deploy again", "remove all but one; ".repeat(20));
        report.failed(20, &"found `a.jar`, ".repeat(300), Some(&advice), "`real1`");
        let told = report.collected().join("\n");
        assert!(told.replace("\n    ", " ").contains(&format!("\nto do: {advice}\nserving: ")), "{told}");
        assert!(told.len() < 1500, "{}", told.len());
    }

    #[test]
    fn i12_what_is_to_be_pasted_stands_alone_and_is_broken_as_a_shell_and_sudoers_read_it() {
        let command = |count: usize| {
            format!("ec2-user ALL=(root) NOPASSWD: {}", vec!["/usr/bin/install -m 0644"; count].join(" "))
        };
        let told = to_do(&format!("with `visudo` add these lines:\n{}\n{}", command(1), command(20)));
        assert_eq!(told[0], "to do: with `visudo` add these lines:");
        assert_eq!(told[1], command(1));
        assert!(told.iter().all(|line| line.len() <= LINE_LIMIT), "{told:?}");
        assert!(told.len() > 4 && told[2].ends_with(" \\"), "{told:?}");
        assert_eq!(told[2..].join("\n").replace(" \\\n  ", " "), command(20));
    }

    #[test]
    fn i12_in_korean_the_same_limits_hold_and_whole_letters_are_kept() {
        language::speak(Language::Korean);
        for (what, advice) in
            [("가나다라 ".repeat(500), "다시 배포하세요 ".repeat(300)), ("가".repeat(2000), "나".repeat(2000))]
        {
            let report = report();
            report.failed(31, &what, Some(&advice), "`real1`(포트 8081)");
            let lines = report.collected();
            let verdict = lines.join("\n");
            assert!(verdict.len() < 1500 && lines.iter().all(|line| line.len() < 200), "{verdict}");
            assert!(verdict.starts_with("실패 health (종료 코드 31):") && verdict.contains("\n할 일:"), "{verdict}");
            let tail = "서비스 중: `real1`(포트 8081)\n로그: /home/ec2-user/app/step3/logs/hooks.log";
            assert!(verdict.ends_with(tail), "{verdict}");
        }
    }

    #[test]
    fn i12_no_line_is_long_or_holds_a_control_character() {
        let nasty = format!("{} \u{1b}[31mred\u{1b}[0m\ta\rb\u{0} {}", "가".repeat(1000), "word ".repeat(300));
        for line in lines(&nasty) {
            assert!(line.len() <= LINE_LIMIT, "{}", line.len());
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        assert!(lines(&nasty).concat().contains("red"));
    }

    #[test]
    fn a_cut_text_keeps_whole_characters() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("가나다라", 10), "가나…");
    }
}
