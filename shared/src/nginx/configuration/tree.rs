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
    /// The line that it begins on, the first one being 1.
    pub line: usize,
    /// What stands in its block, includes taken in.
    pub block: Vec<Node>,
    /// The files that this `include` would read, as a pattern; nothing for other directives.
    pub pattern: Option<PathBuf>,
    /// The files that it did read.
    pub read: Vec<PathBuf>,
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

    /// Whether this is an `include` that names just this file. A name may have letters that would make it no pattern.
    fn names(&self, path: &Path) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern == path)
    }

    /// Whether this is an `include` that reads `path`, or would if it existed.
    #[must_use]
    pub fn reads(&self, path: &Path) -> bool {
        let Some(pattern) = &self.pattern else { return false };
        if self.read.iter().any(|read| read == path) {
            return true;
        }
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
    of(&files(dump))
}

/// The tree of these files, the main one first.
pub(super) fn of(files: &[(PathBuf, String)]) -> Vec<Node> {
    files.first().map(|(main, _)| read(main, files, DEEPEST)).unwrap_or_default()
}

/// What the `include`s of a file name, as they are written.
pub(super) fn included(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let ended = directives(bytes).into_iter().filter(|directive| directive.end == End::Semicolon);
    ended.filter_map(|directive| included_by(&directive.values(bytes)).map(str::to_owned)).collect()
}

fn included_by(words: &[String]) -> Option<&str> {
    match words {
        [name, pattern] if name == "include" => Some(pattern),
        _ => None,
    }
}

/// Calls each file that is `path` by that name, in whatever way nginx's configuration names it: `is_path` says it of a file, and
/// `is_above` of the directory that it is in.
pub fn name_as(nodes: &mut [Node], path: &Path, is_path: &impl Fn(&Path) -> bool, is_above: &impl Fn(&Path) -> bool) {
    for node in nodes {
        for file in node.read.iter_mut().chain([&mut node.file]) {
            if file != path && is_path(file) {
                path.clone_into(file);
            }
        }
        if let (Some(pattern), Some(above)) = (&mut node.pattern, path.parent())
            // Paths with `//` or `/./` in them are equal, but a pattern is compared as a text.
            && pattern.parent().is_some_and(|directory| {
                directory.as_os_str() != above.as_os_str() && (directory == above || is_above(directory))
            })
            && let Some(name) = pattern.file_name()
        {
            *pattern = above.join(name);
        }
        name_as(&mut node.block, path, is_path, is_above);
    }
}

/// Whether this holds for any directive, at any depth.
pub fn any(nodes: &[Node], holds: &impl Fn(&Node) -> bool) -> bool {
    nodes.iter().any(|node| holds(node) || any(&node.block, holds))
}

/// The files in the order in which nginx read them, the main one first. A line that says where a file begins may be a remark of a
/// person's as well: nginx wrote it only where a file is complete, and names one that an `include` before it reads, once (F95).
fn files(dump: &str) -> Vec<(PathBuf, String)> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let mut patterns: Vec<Node> = Vec::new();
    for line in dump.split_inclusive('\n') {
        let named = line.trim_end().strip_prefix("# configuration file ").and_then(|rest| rest.strip_suffix(':'));
        let begins = named.map(Path::new).filter(|path| {
            let Some((current, text)) = files.last() else { return true };
            // nginx ends every file with an empty line, even an empty one.
            if text.is_empty() || files.iter().any(|(file, _)| file == path) {
                return false;
            }
            let Some(of_current) = includes(current, text, &files) else { return false };
            let read = patterns.iter().chain(&of_current).any(|node| node.reads(path) || node.names(path));
            if read {
                patterns.extend(of_current);
            }
            read
        });
        match (begins, files.last_mut()) {
            (Some(path), _) => files.push((path.to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => {}
        }
    }
    files
}

/// The `include`s in the text of a file, at any depth; nothing where the file does not end there: nginx takes none with a block open.
fn includes(path: &Path, text: &str, files: &[(PathBuf, String)]) -> Option<Vec<Node>> {
    let bytes = text.as_bytes();
    let all = directives(bytes);
    let count = |end: End| all.iter().filter(|directive| directive.end == end).count();
    if count(End::Open) != count(End::Close) {
        return None;
    }
    let simple_ones = all.iter().filter(|directive| directive.end == End::Semicolon);
    let nodes = simple_ones.map(|directive| simple(directive.values(bytes), path, 0, files));
    Some(nodes.filter(|node| node.pattern.is_some()).collect())
}

/// The directives of a file, with those of the files that it includes.
fn read(path: &Path, files: &[(PathBuf, String)], deepest: usize) -> Vec<Node> {
    let Some((_, text)) = files.iter().find(|(file, _)| file == path).filter(|_| deepest > 0) else {
        return Vec::new();
    };
    let bytes = text.as_bytes();
    let mut open: Vec<Vec<Node>> = vec![Vec::new()];
    let mut headings: Vec<(Vec<String>, usize)> = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for directive in directives(bytes) {
        let words = directive.values(bytes);
        let begins_at = directive.begins_at().max(counted);
        line += bytes[counted..begins_at].split(|byte| *byte == b'\n').count() - 1;
        counted = begins_at;
        match directive.end {
            End::Open => {
                headings.push((words, line));
                open.push(Vec::new());
            }
            End::Close => {
                if let (Some((words, line)), true) = (headings.pop(), open.len() > 1) {
                    let block = open.pop().unwrap_or_default();
                    let node = Node { words, file: path.to_owned(), line, block, pattern: None, read: Vec::new() };
                    open.last_mut().into_iter().for_each(|block| block.push(node.clone()));
                }
            }
            End::Semicolon => {
                let mut node = simple(words, path, line, files);
                node.read = files.iter().filter(|(file, _)| node.reads(file)).map(|(file, _)| file.clone()).collect();
                let taken_in: Vec<Node> = node.read.iter().flat_map(|file| read(file, files, deepest - 1)).collect();
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

fn simple(words: Vec<String>, path: &Path, line: usize, files: &[(PathBuf, String)]) -> Node {
    // Patterns are relative to the directory of the main file.
    let beside = files.first().and_then(|(main, _)| main.parent()).unwrap_or(Path::new("/"));
    let pattern = included_by(&words).map(|pattern| beside.join(pattern));
    Node { words, file: path.to_owned(), line, block: Vec::new(), pattern, read: Vec::new() }
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
        let lines: Vec<usize> = http.iter().map(|node| node.line).collect();
        assert_eq!((lines, http[4].block[1].line, http[4].block[2].line), (vec![3, 1, 4, 1, 5], 7, 1));
    }

    #[test]
    fn words_and_lines_are_those_that_nginx_takes() {
        let dump = "# configuration file /a.conf:\n\n# } a remark\nhttp {\n  set $a \"x; }\n \\\"y\";\n  set\n   $b 'a\\'b';\n\
                    proxy_pass http://${service_url}/x; set $c a\\ b\\;c; }\n";
        let http = &parse(dump)[0];
        let told: Vec<String> =
            http.block.iter().map(|node| format!("{}: {}", node.line, node.words.join("|"))).collect();
        assert_eq!(
            told,
            ["4: set|$a|x; }\n \"y", "6: set|$b|a'b", "8: proxy_pass|http://${service_url}/x", "8: set|$c|a\\ b\\;c"]
        );
        assert_eq!(http.line, 3);
    }

    #[test]
    fn a_program_in_lua_is_no_trap() {
        let dump = "# configuration file /a.conf:\nhttp { access_by_lua_block {\n  -- don't }\n local a = { '}', [[ } ]], \"\\\"}\" }\n \
                    if a then return end\n }\n server { listen 80; } }\n";
        let http = &parse(dump)[0];
        let told: Vec<(&str, usize)> = http.block.iter().map(|node| (node.name(), node.line)).collect();
        assert_eq!(told, [("access_by_lua_block", 1), ("server", 6)]);
    }

    #[test]
    fn a_file_has_one_name_in_whatever_way_it_is_named() {
        let dump = DUMP
            .replace("include conf.d/service-url.inc", "include conf.d/../linked/service-url.inc")
            .replace("file /etc/nginx/conf.d/service-url.inc", "file /etc/nginx/conf.d/../linked/service-url.inc")
            .replace("include /etc/nginx/conf.d/*.conf", "include /etc/nginx//conf.d/./*.conf")
            .replace("file /etc/nginx/conf.d/other", "file /etc/nginx//conf.d/./other");
        let mut tree = parse(&dump);
        let wanted = Path::new("/etc/nginx/conf.d/service-url.inc");
        assert!(!any(&tree, &|node| node.reads(wanted)));
        let is = |path: &Path, suffix: &str| path.to_string_lossy().ends_with(suffix);
        name_as(&mut tree, wanted, &|path| is(path, "linked/service-url.inc"), &|_| false);
        assert!(any(&tree, &|node| node.reads(wanted)));
        assert!(any(&tree, &|node| node.reads(Path::new("/etc/nginx/conf.d/service-url.conf"))));
        assert!(any(&tree, &|node| node.file == wanted && node.name() == "set"));
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

    #[test]
    fn f95_a_remark_that_looks_like_the_beginning_of_a_file_is_none() {
        let wanted = parse(DUMP);
        let remark = "# configuration file /etc/nginx/other.conf:\n";
        let known = "# configuration file /etc/nginx/mime.types:\n";
        for before in ["    server {\n", "        listen 80;\n", "types {", "server { listen 81; }", "set $service_url"]
        {
            for remark in [remark, known, &format!("\n{remark}"), &format!("# 1\n\n{known}")] {
                if remark.contains("mime") && DUMP.find(before) < DUMP.find(known) {
                    continue;
                }
                let tree = parse(&DUMP.replacen(before, &format!("{remark}{before}"), 1));
                let names = |nodes: &[Node]| nodes.iter().map(|node| node.words.join(" ")).collect::<Vec<_>>();
                assert_eq!(names(&tree), names(&wanted), "{remark}{before}");
                assert_eq!(names(&tree[1].block), names(&wanted[1].block), "{remark}{before}");
                assert_eq!(names(&tree[1].block[4].block), names(&wanted[1].block[4].block), "{remark}{before}");
            }
        }
        let unfinished = DUMP.replace("server { listen 81; }\n\n", "server { listen 81; }\n");
        assert_eq!(parse(&unfinished), wanted, "a file whose last line does not end");
    }
}
