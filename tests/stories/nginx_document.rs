//! What docs/nginx.md shows is taken from it as it stands, given to a real nginx, and does what the document says.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use sandbox::{Sandbox, recent_nginx};
use shared::config::{self, SettingsFile};
use shared::route::choice::Choice;
use shared::route::include::Include;
use shared::route::upstreams;

const DOCUMENT: &str = include_str!("../../docs/nginx.md");

/// More than nginx has workers, each of which keeps connections of its own.
const REQUESTS: usize = 12;

/// The nginx blocks of a section, in their order.
fn blocks(heading: &str) -> Vec<&'static str> {
    let start = DOCUMENT.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section `{heading}`"));
    let section = DOCUMENT[start + 4..].split("\n## ").next().unwrap();
    section.split("```nginx\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn block(heading: &str, wanted: &str) -> &'static str {
    let mut found = blocks(heading).into_iter().filter(|block| block.contains(wanted));
    let block = found.next().unwrap_or_else(|| panic!("no block with `{wanted}` in `{heading}`"));
    assert!(found.next().is_none(), "two blocks with `{wanted}` in `{heading}`");
    block
}

/// A host whose nginx has blocks of the document: the server block, what stands at http level, and the include.
struct Host {
    sandbox: Sandbox,
}

impl Host {
    fn with(sandbox: Sandbox, server: &str, http: &[&str], include: &str) -> Host {
        let host = Host { sandbox };
        let nginx = host.sandbox.nginx();
        nginx.write_include(&host.here(include)).unwrap();
        std::fs::write(nginx.include_path().with_file_name("service-url.conf"), host.here(&http.concat())).unwrap();
        std::fs::create_dir(host.flag().parent().unwrap()).unwrap();
        let configuration = nginx.include_path().parent().unwrap().with_file_name("nginx.conf");
        let text = std::fs::read_to_string(&configuration).unwrap();
        let (before, _) = text.split_once("    server {").unwrap();
        std::fs::write(&configuration, format!("{before}{}}}\n", host.here(server))).unwrap();
        nginx.test_configuration().unwrap_or_else(|error| panic!("{error}\n{server}\n{http:?}\n{include}"));
        host
    }

    /// The document's text with this host's paths and ports.
    fn here(&self, text: &str) -> String {
        let ports = self.sandbox.ports();
        let conf_d = self.sandbox.nginx().include_path().parent().unwrap().display().to_string();
        let flags = self.flag().parent().unwrap().display().to_string();
        [
            ("/etc/nginx/conf.d", conf_d.as_str()),
            ("/var/lib/service-url", &flags),
            ("listen 80;", &format!("listen 127.0.0.1:{};", ports.door)),
            ("127.0.0.1:8081", &format!("127.0.0.1:{}", ports.blue)),
            ("127.0.0.1:8082", &format!("127.0.0.1:{}", ports.green)),
            ("127.0.0.1:18081", &format!("127.0.0.1:{}", ports.word)),
        ]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    fn flag(&self) -> PathBuf {
        self.sandbox.directory().join("flags/green")
    }

    /// Whose body comes back at the door.
    fn serves(&self) -> String {
        self.sandbox.door_get("/").unwrap().body
    }

    /// Asks for an upgrade at the door, on a connection of its own, and waits for the answer.
    fn ask_for_an_upgrade(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.sandbox.ports().door)).unwrap();
        let head = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    }
}

/// The book's server block, with another location if one is given.
fn server(location: Option<&str>) -> String {
    let server = block("The server block", "server {");
    let Some(location) = location else { return server.to_owned() };
    let (before, _) = server.split_once("    location / {").unwrap();
    format!("{before}{location}}}\n")
}

/// An application that keeps connections where HTTP says that they are kept, and the head of every request with the number of its connection.
struct Application {
    port: u16,
    heads: Arc<Mutex<Vec<(usize, String)>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Application {
    fn start(port: u16, name: &'static str) -> Application {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let (seen, asked) = (Arc::clone(&heads), Arc::clone(&ends));
        let thread = std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                if asked.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, seen) = (stream.unwrap(), Arc::clone(&seen));
                // Ends when nginx closes the connection, at the latest with nginx.
                std::thread::spawn(move || serve(&stream, connection, name, &seen));
            }
        });
        Application { port, heads, ends, thread: Some(thread) }
    }

    fn heads(&self) -> Vec<(usize, String)> {
        self.heads.lock().unwrap().clone()
    }

    /// How many connections had a request.
    fn connections(&self) -> usize {
        self.heads().into_iter().map(|(connection, _)| connection).collect::<BTreeSet<_>>().len()
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // One more connection, so that the listener sees it.
        let woken = TcpStream::connect(("127.0.0.1", self.port));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _panicked = thread.join();
        }
    }
}

fn serve(stream: &TcpStream, connection: usize, name: &str, heads: &Mutex<Vec<(usize, String)>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match reader.read_line(&mut head) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        head.make_ascii_lowercase();
        let closes = head.contains(" http/1.0\r\n") || head.contains("\r\nconnection: close\r\n");
        heads.lock().unwrap().push((connection, head));
        let kept = if closes { "close" } else { "keep-alive" };
        // In one write: nginx has the whole answer before the client has any of it.
        let answer = format!("HTTP/1.1 200 OK\r\nConnection: {kept}\r\nContent-Length: {}\r\n\r\n{name}", name.len());
        let mut stream = stream;
        if stream.write_all(answer.as_bytes()).is_err() || closes {
            return;
        }
    }
}

const RELOAD: &str = "`proxy.cutover = \"reload\"`";
const INSTANT: &str = "`proxy.cutover = \"instant\"`";
const WORD: &str = "nginx's own word";
const KEPT: &str = "Connections that nginx keeps to the application";
const NOBODY: &str = "A page while nobody serves";
const MIN_TIMEOUT: &str = "`proxy.keepalive_min_timeout`, for `reload`";

fn sandbox() -> Sandbox {
    Sandbox::builder().build().unwrap()
}

#[test]
fn the_include_for_reload_sends_traffic_to_the_port_that_it_names() {
    let host = Host::with(sandbox(), &server(None), &[], block(RELOAD, "8081"));
    let _blue = Application::start(host.sandbox.ports().blue, "blue");
    host.sandbox.nginx().start().unwrap();
    assert_eq!(host.serves(), "blue");
}

#[test]
fn the_two_files_for_instant_move_traffic_by_the_flag_alone_and_go_on_with_the_other_slot_where_one_dies() {
    let (include, groups) = (block(INSTANT, "if (-f"), block(INSTANT, "upstream"));
    let host = Host::with(sandbox(), &server(None), &[groups], include);
    let blue = Application::start(host.sandbox.ports().blue, "blue");
    let green = Application::start(host.sandbox.ports().green, "green");
    host.sandbox.nginx().start().unwrap();
    let workers = host.sandbox.nginx().worker_pids();
    for _ in 0..5 {
        assert_eq!(host.serves(), "blue");
        std::fs::write(host.flag(), "").unwrap();
        assert_eq!(host.serves(), "green");
        std::fs::remove_file(host.flag()).unwrap();
    }
    drop(blue);
    assert_eq!(host.serves(), "green", "nginx asks the other slot in the same request");
    drop(green);
    assert_eq!(host.sandbox.nginx().worker_pids(), workers, "nothing was reloaded");
}

#[test]
fn the_files_of_the_document_are_those_that_switch_writes_with_the_shipped_settings() {
    let settings = config::settings(SettingsFile::parse("hooks.toml", include_str!("../../hooks.toml"))).unwrap();
    let before = block(RELOAD, "8081").as_bytes();
    let groups = String::from_utf8(upstreams::with_word(&upstreams::render(&settings), &settings, before)).unwrap();
    assert_eq!(groups, [block(INSTANT, "upstream"), block(WORD, "listen")].concat());
    let include = Include::parse(before, &settings.proxy.variable).unwrap().with_choice(&Choice::of(&settings));
    assert_eq!(String::from_utf8(include).unwrap(), block(INSTANT, "if (-f"));
}

/// The settings of the second application on top of the shipped ones, and what the table says that follows from them.
#[test]
fn f90_what_the_document_says_of_a_second_application_follows_from_its_settings() {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with("Two applications on one host")).unwrap();
    let changed = section.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let asked = changed.replace("[proxy]\n", "[proxy]\nword = \"+10000\"\n");
    let settings = config::settings(SettingsFile::parse("hooks.toml", &asked)).unwrap();
    let proxy = &settings.proxy;
    for (what, wanted) in [
        ("`proxy.include`", format!("`{}`", proxy.include.display())),
        ("the file of the groups", format!("`{}`", proxy.upstreams.display())),
        ("the groups", format!("`{}`, `{}`", proxy.groups.blue, proxy.groups.green)),
        ("the flag", format!("`{}`", proxy.flag.display())),
        ("nginx's own word", format!("port {}", proxy.word.unwrap())),
    ] {
        let row = section.lines().find(|line| line.starts_with(&format!("| {what} |"))).unwrap();
        assert!(row.ends_with(&format!("| {wanted} |")), "{row} has not {wanted}");
    }
}

#[test]
fn f100_nginxs_own_word_is_which_of_its_workers_sends_requests_where() {
    let http = [block(INSTANT, "upstream"), block(WORD, "listen")];
    for (include, targets) in [
        (block(RELOAD, "8081"), ["http://127.0.0.1:8081"; 2]),
        (block(INSTANT, "if (-f"), ["http://service-url-real1", "http://service-url-real2"]),
    ] {
        let host = Host::with(sandbox(), &server(None), &http, include);
        host.sandbox.nginx().start().unwrap();
        for target in targets {
            let answer = host.sandbox.direct_get(host.sandbox.ports().word, "/word").unwrap();
            let (worker, said) = answer.body.trim_end().split_once(' ').unwrap();
            assert_eq!(said, host.here(target));
            assert!(host.sandbox.nginx().worker_pids().iter().any(|id| id.to_string() == worker), "{worker}");
            std::fs::write(host.flag(), "").unwrap();
        }
    }
}

#[test]
fn the_snippet_that_keeps_connections_keeps_them() {
    let include = block(INSTANT, "if (-f");
    let without = block(INSTANT, "upstream");
    let (with, location) = (block(KEPT, "keepalive 16"), block(KEPT, "Connection \"\";"));
    for (groups, location, kept) in [(without, None, false), (with, Some(location), true)] {
        let host = Host::with(sandbox(), &server(location), &[groups], include);
        let blue = Application::start(host.sandbox.ports().blue, "blue");
        host.sandbox.nginx().start().unwrap();
        let workers = host.sandbox.nginx().worker_pids().len();
        for _ in 0..REQUESTS {
            assert_eq!(host.serves(), "blue");
        }
        let connections = blue.connections();
        if kept {
            assert!(connections <= workers, "{connections} connections");
        } else {
            assert_eq!(connections, REQUESTS);
        }
    }
}

#[test]
fn the_snippet_for_websockets_passes_an_upgrade_on_and_keeps_connections_otherwise() {
    let (include, groups) = (block(INSTANT, "if (-f"), block(KEPT, "keepalive 16"));
    let (map, location) =
        (block(KEPT, "map $http_upgrade"), block(KEPT, "$connection_upgrade;\n    proxy_set_header X"));
    let host = Host::with(sandbox(), &server(Some(location)), &[groups, map], include);
    let blue = Application::start(host.sandbox.ports().blue, "blue");
    host.sandbox.nginx().start().unwrap();
    host.ask_for_an_upgrade();
    let (_, upgrade) = blue.heads().pop().unwrap();
    assert!(
        upgrade.contains("\r\nconnection: upgrade\r\n") && upgrade.contains("\r\nupgrade: websocket\r\n"),
        "{upgrade}"
    );
    let before = blue.connections();
    for _ in 0..REQUESTS {
        assert_eq!(host.serves(), "blue");
        let (_, plain) = blue.heads().pop().unwrap();
        assert!(!plain.contains("\r\nconnection:") && !plain.contains("\r\nupgrade:"), "{plain}");
    }
    assert!(blue.connections() - before <= host.sandbox.nginx().worker_pids().len());
}

#[test]
fn f128_while_nobody_serves_the_page_of_the_document_comes_and_no_longer() {
    let (include, groups) = (block(INSTANT, "if (-f"), block(INSTANT, "upstream"));
    let server = server(None);
    let (before, _) = server.rsplit_once('}').unwrap();
    let host = Host::with(sandbox(), &format!("{before}{}}}\n", block(NOBODY, "error_page")), &[groups], include);
    host.sandbox.nginx().start().unwrap();
    let answer = host.sandbox.door_get("/").unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("10")));
    assert!(answer.body.contains("try again"), "{answer:?}");
    let blue = Application::start(host.sandbox.ports().blue, "blue");
    assert_eq!(host.serves(), "blue");
    drop(blue);
    assert_eq!(host.sandbox.door_get("/").unwrap().status, 503);
}

#[test]
fn the_include_with_keepalive_min_timeout_is_what_a_recent_nginx_takes_and_an_older_one_refuses() {
    let include = block(MIN_TIMEOUT, "keepalive_min_timeout");
    let recent = Sandbox::builder().nginx(recent_nginx().unwrap()).build().unwrap();
    let host = Host::with(recent, &server(None), &[], include);
    let _blue = Application::start(host.sandbox.ports().blue, "blue");
    host.sandbox.nginx().start().unwrap();
    assert_eq!(host.serves(), "blue");
    let older = sandbox();
    older.nginx().write_include(include).unwrap();
    let refusal = older.nginx().test_configuration().unwrap_err().to_string();
    assert!(refusal.contains("unknown directive \"keepalive_min_timeout\""), "{refusal}");
    // What `switch` writes is what the document shows.
    let (plain, wanted) = (block(RELOAD, "8081").as_bytes(), std::time::Duration::from_secs(1));
    let written = shared::route::keepalive::written(plain, "service_url", wanted);
    assert_eq!(String::from_utf8_lossy(&written), include);
}

#[test]
fn every_nginx_block_of_the_document_is_tried_here() {
    // The blocks of a host with https are tried in `https.rs`.
    let https = ("A host with https alone", 1);
    let tried = [
        ("The server block", 1),
        (RELOAD, 1),
        (INSTANT, 2),
        (WORD, 1),
        (KEPT, 4),
        https,
        (NOBODY, 1),
        (MIN_TIMEOUT, 1),
    ];
    for (heading, count) in tried {
        assert_eq!(blocks(heading).len(), count, "{heading}");
    }
    assert_eq!(DOCUMENT.matches("```nginx\n").count(), tried.iter().map(|(_, count)| count).sum::<usize>());
}
