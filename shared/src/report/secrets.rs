//! What nobody but its owner may read, and applications print all the same: passwords, tokens, keys. Whatever an application has
//! said is masked before any of it is shown or kept. It rather masks a word too many than one too few.

use std::borrow::Cow;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// Words in the names of what is secret, wherever in a name they stand.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "privatekey",
    "private_key",
    "private-key",
    "credential",
    "signature",
];

/// The same where they are the last part of a name, as in `db.pass`; within a word they mean other things.
const SECRET_LAST_WORDS: &[&str] = &["pass", "pwd", "auth"];

/// Names whose value goes on to the end of its line.
const SECRET_LINES: &[&str] = &["authorization", "cookie"];

/// How tokens begin that say themselves what they are.
const TOKEN_PREFIXES: &[&str] =
    &["eyJ", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "rk_live_", "AIza"];

/// The schemes of HTTP by which a secret follows.
const SCHEMES: &[&str] = &["bearer", "basic"];

/// The text without its secrets, line for line.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut in_key = false;
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(|line| masked_line(line, &mut in_key)).collect();
    lines.join("\n")
}

fn masked_line<'a>(line: &'a str, in_key: &mut bool) -> Cow<'a, str> {
    if *in_key {
        *in_key = !line.contains("-----END") && line.trim().bytes().all(is_of_a_key);
        if *in_key || line.contains("-----END") {
            return Cow::Borrowed(MASK);
        }
    }
    let (line, rest) = match line.find("-----BEGIN").filter(|at| line[*at..].contains("PRIVATE KEY")) {
        Some(at) => {
            *in_key = !line[at..].contains("-----END");
            (&line[..at], MASK)
        }
        None => (line, ""),
    };
    let without = masked_tokens(&masked_addresses(&masked_values(line)));
    if rest.is_empty() && without == line { Cow::Borrowed(line) } else { Cow::Owned(without + rest) }
}

/// Whether a line of a PEM file may have this byte; those of an encrypted one name its algorithm first.
fn is_of_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=:,- ".contains(&byte)
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_.-$".contains(letter)
}

/// The values of names that say that they are secret.
fn masked_values(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(is_of_a_name) {
        let length = rest[at..].find(|letter| !is_of_a_name(letter)).unwrap_or(rest.len() - at);
        let (before, behind) = rest.split_at(at + length);
        out.push_str(before);
        rest = behind;
        let name = &before[at..];
        let value = if is_secret(name) { value_begins(name, behind) } else { None };
        if let Some(begins) = value {
            out.push_str(&behind[..begins]);
            let length = value_length(name, &behind[begins..], behind[..begins].chars().next_back());
            out.push_str(MASK);
            rest = &behind[begins + length..];
        }
    }
    out.push_str(rest);
    out
}

fn is_secret(name: &str) -> bool {
    // A class that is named after what it is about: `InvalidTokenException: the token has ended`.
    if ["Exception", "Error"].iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit(['.', '_', '-']).next().unwrap_or_default();
    SECRET_WORDS.iter().chain(SECRET_LINES).any(|word| lower.contains(word)) || SECRET_LAST_WORDS.contains(&last)
}

/// Where the value of this name begins in what stands behind it; nothing where none follows.
fn value_begins(name: &str, behind: &str) -> Option<usize> {
    let after_quote = behind.trim_start_matches(['"', '\'', '`', '\\', ']', ')']);
    let after_blanks = after_quote.trim_start();
    let separator = after_blanks.trim_start_matches(['=', ':', '>']);
    let separator = if separator.len() == after_blanks.len() {
        after_blanks.strip_prefix("->").unwrap_or(after_blanks)
    } else {
        separator
    };
    let is_separated = separator.len() < after_blanks.len();
    // `--db-password x`, and `password 'x'`.
    let is_option = name.starts_with("--") && after_quote.len() > after_blanks.len();
    let is_quoted = after_blanks.len() < after_quote.len() && after_blanks.starts_with(['"', '\'', '`']);
    if !(is_separated || is_option || is_quoted) {
        return None;
    }
    let value = separator.trim_start().trim_start_matches('\\').trim_start_matches(['"', '\'', '`']);
    // What MySQL says of a password: whether there was one.
    let is_a_word_about_it = value.starts_with("YES)") || value.starts_with("NO)");
    (!value.is_empty() && !is_a_word_about_it).then(|| behind.len() - value.len())
}

/// How long the value is: to its closing quote, else to the next blank.
fn value_length(name: &str, value: &str, opening: Option<char>) -> usize {
    let lower = name.to_ascii_lowercase();
    let end = match opening.filter(|quote| "\"'`".contains(*quote)) {
        Some(quote) => value.find(quote),
        None if SECRET_LINES.iter().any(|word| lower.contains(word)) => None,
        None => value.find(char::is_whitespace),
    };
    end.unwrap_or(value.len())
}

/// Addresses without who logs in there: `scheme://user:password@host`, and Oracle's `thin:user/password@host`.
fn masked_addresses(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((at, mark)) = ["://", ":thin:"].iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min() {
        let begins = at + mark.len();
        out.push_str(&rest[..begins]);
        rest = &rest[begins..];
        let end = rest.find(|letter: char| letter.is_whitespace() || "\"'`<>)".contains(letter)).unwrap_or(rest.len());
        let address = &rest[..end];
        if let Some(at) = if mark == "://" { login_ends(address) } else { address.find('@') } {
            out.push_str(MASK);
            rest = &rest[at..];
        }
    }
    out.push_str(rest);
    out
}

/// Where the `@` stands behind whoever logs in, in an address without its scheme.
fn login_ends(address: &str) -> Option<usize> {
    let authority = &address[..address.find(['/', '?', '#']).unwrap_or(address.len())];
    // A password may hold a slash that nobody has escaped; what stands before that is no port then.
    let is_cut = || authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().any(|byte| !byte.is_ascii_digit()));
    authority.rfind('@').or_else(|| if is_cut() { address.rfind('@') } else { None })
}

/// Words that are secrets by what they look like.
fn masked_tokens(line: &str) -> String {
    let is_of_a_token = |letter: char| letter.is_ascii_alphanumeric() || "+/=_-.~".contains(letter);
    let mut out = String::with_capacity(line.len());
    let mut follows_a_scheme = false;
    let mut rest = line;
    while !rest.is_empty() {
        let length = rest.find(|letter| !is_of_a_token(letter)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        let is_token = (follows_a_scheme && is_no_plain_word(word)) || looks_secret(word);
        out.push_str(if is_token { MASK } else { word });
        if !word.is_empty() {
            follows_a_scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        }
        let next = behind.chars().next().map_or(0, char::len_utf8);
        out.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    out
}

/// "Basic authentication" tells no secret.
fn is_no_plain_word(word: &str) -> bool {
    word.len() >= 8 && word.bytes().any(|byte| !byte.is_ascii_lowercase())
}

fn looks_secret(word: &str) -> bool {
    // `key=AKIA…` is one word here.
    word.split('=').any(|part| {
        let part = part.trim_matches(['.', '/', '-']);
        let is_token = TOKEN_PREFIXES.iter().any(|prefix| part.starts_with(prefix) && part.len() >= prefix.len() + 16);
        is_token || is_secret_of_aws(part) || part.split('/').any(is_key_of_aws)
    })
}

/// The id of a key: 20 capitals and digits.
fn is_key_of_aws(word: &str) -> bool {
    word.len() == 20
        && ["AKIA", "ASIA"].iter().any(|prefix| word.starts_with(prefix))
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The key itself: 40 characters of base64. Names and checksums of that length are of fewer kinds of them.
fn is_secret_of_aws(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    word.len() == 40
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f149_what_is_secret_is_masked_wherever_an_application_prints_it() {
        for (name, line, wanted) in [
            (
                "Spring's own",
                "Using generated security password: 3c1f-canary-77",
                "Using generated security password: ***",
            ),
            ("a property", "spring.datasource.password=canary", "spring.datasource.password=***"),
            ("a variable", "DB_PASSWORD=canary PORT=8081", "DB_PASSWORD=*** PORT=8081"),
            ("with a comma in it", "password=can,ary next", "password=*** next"),
            ("of a camel", "HikariConfig(dbPassword=canary, pool=5)", "HikariConfig(dbPassword=*** pool=5)"),
            ("in JSON", r#"{"password":"can ary","user":"shop"}"#, r#"{"password":"***","user":"shop"}"#),
            ("in JSON in a text", r#"{\"password\":\"canary\",\"a\":1}"#, r#"{\"password\":\"***",\"a\":1}"#),
            ("in YAML", "  client-secret: canary", "  client-secret: ***"),
            ("in quotes", "password='can ary' user='shop'", "password='***' user='shop'"),
            ("without a separator", "IDENTIFIED BY PASSWORD 'canary'", "IDENTIFIED BY PASSWORD '***'"),
            ("an arrow", "api_key -> canary", "api_key -> ***"),
            ("a rocket", ":secret => canary", ":secret => ***"),
            ("an option", "java -jar a.jar --db.password=canary", "java -jar a.jar --db.password=***"),
            ("an option with a blank", "mysqldump --password canary shop", "mysqldump --password *** shop"),
            ("an abbreviation", "mail.pass = canary", "mail.pass = ***"),
            ("a token", "x-auth-token: canary", "x-auth-token: ***"),
            ("a session's", "Cookie: SESSION=canary; theme=canary", "Cookie: ***"),
            ("a header", "Authorization: Basic canary", "Authorization: ***"),
            ("a header in JSON", r#"{"Authorization":"Basic canary"}"#, r#"{"Authorization":"***"}"#),
            ("a bearer", "sent Bearer canary-canary to http://a/b", "sent Bearer *** to http://a/b"),
            ("an address", "postgres://shop:canary@db:5432/shop?ssl=true", "postgres://***@db:5432/shop?ssl=true"),
            ("with an at sign in it", "redis://:can@ary@cache:6379/0", "redis://***@cache:6379/0"),
            ("with a slash in it", "amqp://shop:can/ary@mq:5672/", "amqp://***@mq:5672/"),
            (
                "with a query",
                "jdbc:mysql://db/shop?user=shop&password=canary",
                "jdbc:mysql://db/shop?user=shop&password=***",
            ),
            ("of Oracle", "jdbc:oracle:thin:shop/canary@//db:1521/x", "jdbc:oracle:thin:***@//db:1521/x"),
            ("two of them", "a://u:canary@b c://u:canary@d", "a://***@b c://***@d"),
            ("a key of AWS", "with AKIACANARYCANARYCANA.", "with ***"),
            ("a key's id", "with AKIACANARYCANARY2345 now", "with *** now"),
            ("a key's id after its name", "id=ASIACANARYCANARY2345", "***"),
            ("a key's secret", "AKIACANARYCANARY2345/canarycanary/K7MDENG/bPxRfiCYcanary12", "***"),
            ("a key's secret alone", "(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)", "(***)"),
            ("a JWT", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2ln!", "got ***!"),
            ("a token of GitHub", "ghp_canarycanarycanarycanary", "***"),
            ("a key in one line", "key -----BEGIN PRIVATE KEY-----canary-----END PRIVATE KEY----- x", "key ***"),
        ] {
            assert_eq!(masked(line), wanted, "{name}");
        }
    }

    #[test]
    fn f149_a_private_key_is_masked_over_all_of_its_lines_and_no_further() {
        let text = "a\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIICanary+/=\nb3Canary\n-----END RSA PRIVATE KEY-----\nb";
        assert_eq!(masked(text), "a\n***\n***\n***\n***\n***\n***\nb");
        let cut_off =
            "-----BEGIN PRIVATE KEY-----\nMIICanary\n2026-11-27T10:00:00.000+09:00  INFO 1 --- [main] a.B\t: (b)\nc";
        let told = masked(cut_off);
        assert!(told.ends_with("a.B\t: (b)\nc") && !told.contains("Canary"), "{told}");
    }

    #[test]
    fn what_only_speaks_of_a_secret_stays() {
        for line in [
            "",
            "FATAL: password authentication failed for user \"shop\"",
            "Access denied for user 'shop'@'localhost' (using password: YES)",
            "com.example.InvalidTokenException: the token has ended",
            "keystore password was incorrect",
            "found character '\t(TAB)' that cannot start any token. (Do not use \t(TAB) for indentation)",
            "see https://example.com/a/b@1.2 and http://127.0.0.1:8081/x@y",
            "jdbc:postgresql://db:5432/shop?user=a@b",
            "java.lang.NoClassDefFoundError: com/example/Password",
            "bypass=1 the compass: north",
            "commit 0123456789abcdef0123456789abcdef01234567",
            "org.springframework.boot.web.server.PortInUseException: Port 8082 is already in use",
        ] {
            assert_eq!(masked(line), line);
        }
    }
}
