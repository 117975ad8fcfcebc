//! The cookies that a release gives to who warms it up. It gets them back, as from a browser: so it makes a session or two, and not one
//! for each of thousands of requests.

/// More than this keeps no browser's application.
const MOST: usize = 20;
/// What is longer is none that a browser would keep (RFC 6265, 6.1).
const LONGEST: usize = 4096;

/// Cookies by their names.
#[derive(Debug, Default)]
pub(super) struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Keeps what a `Set-Cookie` header says, in the place of one that has its name; one that is taken back goes.
    pub(super) fn keep(&mut self, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let (name, value) = (name.trim(), value.trim());
        // Whoever takes one back gives it no value; most say besides that its time is over, some by a date alone.
        let is_taken_back = value.is_empty() || parts.any(is_over);
        self.0.retain(|(own, _)| own != name);
        if !is_taken_back && !name.is_empty() && header.len() <= LONGEST && self.0.len() < MOST {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The `Cookie` header with all of them; nothing where there are none.
    pub(super) fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// Whether a part of the header says that the cookie has no time left: `Max-Age`, of 0 or less (RFC 6265, 5.2.2).
fn is_over(part: &str) -> bool {
    let seconds = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"));
    seconds.is_some_and(|(_, seconds)| seconds.trim().starts_with('-') || seconds.trim().parse() == Ok(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f130_what_a_release_gives_it_gets_back_and_what_it_takes_back_it_does_not() {
        let long = format!("long={}", "x".repeat(LONGEST));
        for (name, given, wanted) in [
            ("none", &[][..], None),
            ("a session", &["JSESSIONID=1; Path=/; HttpOnly"], Some("JSESSIONID=1")),
            ("another one", &["a=1", "b=2; Secure", "a=3"], Some("b=2; a=3")),
            ("taken back", &["a=1", "b=2", "a=; Max-Age=0; Path=/"], Some("b=2")),
            ("taken back with a value", &["a=1", "b=2", "a=deleted; max-age = 0"], Some("b=2")),
            ("taken back by less than nothing", &["a=1", "a=x; Max-Age=-1"], None),
            ("taken back by a date", &["a=1", "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], None),
            ("kept for a while", &["a=1; Max-Age=01800"], Some("a=1")),
            ("blanks", &[" a = 1 ; Path=/"], Some("a=1")),
            ("no cookie", &["nothing", "=1", ""], None),
            ("an `=` in it", &["a=b=c==; Path=/"], Some("a=b=c==")),
            ("too long", &[&long], None),
        ] {
            let mut cookies = Cookies::default();
            for header in given {
                cookies.keep(header);
            }
            assert_eq!(cookies.header().as_deref(), wanted, "{name}");
        }
        let mut many = Cookies::default();
        for number in 0..100 {
            many.keep(&format!("c{number}=1"));
        }
        assert_eq!(many.header().unwrap().split("; ").count(), MOST);
    }
}
