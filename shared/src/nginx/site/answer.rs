//! What answers everybody who gets into a block, before anything is passed on: a `return`, and a redirect of every path.

use crate::nginx::configuration::tree::Node;
use crate::nginx::site::address;
use crate::nginx::site::line::Line;

/// What in no `if` of this block answers whoever gets there.
pub(super) fn answers_itself(block: &[Node]) -> Option<Line> {
    block.iter().find(|node| node.name() == "return" || redirects_all(&node.words)).map(Line::of)
}

/// Whether these words are a `rewrite` that sends every path away.
fn redirects_all(words: &[String]) -> bool {
    let [name, expression, target, flags @ ..] = words else { return false };
    let away = ["http://", "https://", "$scheme"].iter().any(|scheme| address::strip_scheme(target, scheme).is_some())
        || flags.iter().any(|flag| flag == "permanent" || flag == "redirect");
    name == "rewrite" && away && fits_all(expression)
}

/// Whether an expression fits every path, in the ways in which that is written. A path begins with `/`.
fn fits_all(expression: &str) -> bool {
    let bare: String = expression.chars().filter(|letter| !matches!(letter, '(' | ')')).collect();
    let beginning = bare.strip_prefix('^').unwrap_or(&bare);
    let after = beginning.strip_prefix("/?").or_else(|| beginning.strip_prefix('/')).unwrap_or(beginning);
    matches!(after, "" | ".*" | ".*$") || matches!(beginning, ".+" | ".+$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f95_a_rewrite_that_sends_every_path_away_answers_everybody() {
        for (line, wanted) in [
            ("rewrite ^ https://$host$request_uri permanent", true),
            ("rewrite ^ https://$host$request_uri", true),
            ("rewrite ^/ https://$host$request_uri? redirect", true),
            ("rewrite ^(.*)$ https://$host$1 permanent", true),
            ("rewrite ^/(.*)$ HTTPS://$host/$1 permanent", true),
            ("rewrite ^/?(.*)$ https://$host/$1 permanent", true),
            ("rewrite (.*) $scheme://www.$host$1", true),
            ("rewrite .* /new/ redirect", true),
            ("rewrite ^.+$ https://$host$request_uri permanent", true),
            ("rewrite ^/old/(.*)$ https://$host/$1 permanent", false),
            ("rewrite ^/$ https://$host/start permanent", false),
            ("rewrite ^$ https://$host/start permanent", false),
            ("rewrite ^/(?!api).*$ https://$host permanent", false),
            ("rewrite ^ /index.html break", false),
            ("rewrite ^/(.*)$ /app/$1 last", false),
            ("rewrite_log on", false),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(redirects_all(&words), wanted, "{line}");
        }
    }
}
