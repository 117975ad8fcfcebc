//! nginx's whole configuration as a tree: what `nginx -T` prints, with each `include` in the place of what it reads.

use std::path::{Path, PathBuf};

use crate::nginx::directives::{End, directives};

/// Deeper than this nobody nests includes; nginx itself gives up on a file that includes itself.
const DEEPEST: usize = 20;

/// One directive, with the block that it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its words; the first one is its name.
    pub words: Vec<String>,
    /// The file it stands in.
    pub file: PathBuf,
    /// What stands in its block, includes taken in.
    pub block: Vec<Node>,
    /// The files that this `include` would read, as a pattern; nothing for other directives.
    pub pattern: Option<PathBuf>,
}

impl Node {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Its first argument.
    #[must_use]
    pub fn argument(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }

    /// Whether this is an `include` that reads `path`, or would if it existed.
    #[must_use]
    pub fn reads(&self, path: &Path) -> bool {
        let Some(pattern) = &self.pattern else { return false };
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        glob::Pattern::new(&pattern.to_string_lossy()).is_ok_and(|pattern| pattern.matches_path_with(path, options))
    }
}

/// Reads what `nginx -T` printed.
#[must_use]
pub fn parse(dump: &str) -> Vec<Node> {
    let files = files(dump);
    files.first().map(|(main, _)| read(main, &files, DEEPEST)).unwrap_or_default()
}

/// Whether this holds for any directive, at any depth.
pub fn any(nodes: &[Node], holds: &impl Fn(&Node) -> bool) -> bool {
    nodes.iter().any(|node| holds(node) || any(&node.block, holds))
}

/// The files in the order in which nginx read them, the main one first.
fn files(dump: &str) -> Vec<(PathBuf, String)> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for line in dump.split_inclusive('\n') {
        let path = line.trim_end().strip_prefix("# configuration file ").and_then(|rest| rest.strip_suffix(':'));
        match (path, files.last_mut()) {
            (Some(path), _) => files.push((PathBuf::from(path), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => {}
        }
    }
    files
}

/// The directives of a file, with those of the files that it includes.
fn read(path: &Path, files: &[(PathBuf, String)], deepest: usize) -> Vec<Node> {
    let Some((_, text)) = files.iter().find(|(file, _)| file == path).filter(|_| deepest > 0) else {
        return Vec::new();
    };
    let bytes = text.as_bytes();
    let mut open: Vec<Vec<Node>> = vec![Vec::new()];
    let mut headings: Vec<Vec<String>> = Vec::new();
    for directive in directives(bytes) {
        let words: Vec<String> =
            directive.words(bytes).iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        match directive.end {
            End::Open => {
                headings.push(words);
                open.push(Vec::new());
            }
            End::Close => {
                if let (Some(words), true) = (headings.pop(), open.len() > 1) {
                    let block = open.pop().unwrap_or_default();
                    let node = Node { words, file: path.to_owned(), block, pattern: None };
                    open.last_mut().into_iter().for_each(|block| block.push(node.clone()));
                }
            }
            End::Semicolon => {
                let node = simple(words, path, files);
                let taken_in: Vec<Node> = node
                    .pattern
                    .iter()
                    .flat_map(|_| files.iter().filter(|(file, _)| node.reads(file)))
                    .flat_map(|(file, _)| read(file, files, deepest - 1))
                    .collect();
                if let Some(block) = open.last_mut() {
                    block.push(node);
                    block.extend(taken_in);
                }
            }
            End::Nothing => {}
        }
    }
    open.into_iter().next().unwrap_or_default()
}

fn simple(words: Vec<String>, path: &Path, files: &[(PathBuf, String)]) -> Node {
    // Patterns are relative to the directory of the main file.
    let beside = files.first().and_then(|(main, _)| main.parent()).unwrap_or(Path::new("/"));
    let pattern = (words.len() == 2 && words[0] == "include").then(|| beside.join(&words[1]));
    Node { words, file: path.to_owned(), block: Vec::new(), pattern }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\
# configuration file /etc/nginx/nginx.conf:
user nginx;
http {
    include mime.types;
    include /etc/nginx/conf.d/*.conf;
    server {
        listen 80;
        include conf.d/service-url.inc;
    }
}

# configuration file /etc/nginx/mime.types:
types { text/html html; }

# configuration file /etc/nginx/conf.d/other.conf:
server { listen 81; }

# configuration file /etc/nginx/conf.d/service-url.inc:
set $service_url http://127.0.0.1:8081;
";

    #[test]
    fn what_nginx_prints_becomes_a_tree_in_which_includes_are_taken_in() {
        let tree = parse(DUMP);
        let names = |nodes: &[Node]| nodes.iter().map(|node| node.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&tree), ["user", "http"]);
        let http = &tree[1].block;
        assert_eq!(names(http), ["include", "types", "include", "server", "server"]);
        assert_eq!(names(&http[4].block), ["listen", "include", "set"]);
        assert_eq!(http[4].block[2].file, Path::new("/etc/nginx/conf.d/service-url.inc"));
    }

    #[test]
    fn an_include_tells_whether_it_would_read_a_file_that_does_not_exist_yet() {
        let http = &parse(DUMP)[1].block;
        for (path, wanted) in [
            ("/etc/nginx/conf.d/service-url.conf", true),
            ("/etc/nginx/conf.d/service-url.inc", false),
            ("/etc/nginx/conf.d/deeper/service-url.conf", false),
            ("/etc/nginx/conf.d/.hidden.conf", false),
            ("/etc/nginx/mime.types", true),
        ] {
            assert_eq!(http.iter().any(|node| node.reads(Path::new(path))), wanted, "{path}");
        }
    }

    #[test]
    fn a_file_that_includes_itself_and_braces_that_do_not_match_are_no_trap() {
        let names = |dump| parse(dump).iter().map(|node| node.name().to_owned()).collect::<Vec<_>>();
        let round = names("# configuration file /a.conf:\ninclude /a.conf;\nhttp { } }\n}");
        assert_eq!(round.len(), 2 * DEEPEST, "{round:?}");
        assert_eq!(names("# configuration file /a.conf:\nhttp { server {"), Vec::<String>::new());
        assert_eq!(parse("no dump at all"), Vec::new());
    }
}
