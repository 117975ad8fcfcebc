//! The bench on which a configuration is tried: a private nginx, and two backends that answer with the name of their slot.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use fake_host::FakeHost;
use sandbox::{Ports, Sandbox};
use shared::config::CutoverWay;
use shared::nginx::configuration::files::Files;
use shared::nginx::configuration::tree::{self, Node};
use shared::nginx::site::{Site, Sought, verdict};
use shared::route::choice::Choice;
use shared::route::include::Include;
use shared::slot::BySlot;

use super::{Shape, Verdict};

/// What a request comes to.
type Answer = (u16, String);

pub(super) struct Bench {
    host: Sandbox,
}

impl Bench {
    pub(super) fn new() -> Bench {
        let host = Sandbox::new().expect("a sandbox");
        let Ports { blue, green, .. } = host.ports();
        for (port, name) in [(blue, "blue"), (green, "green")] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port");
            thread::spawn(move || listener.incoming().flatten().for_each(|connection| answer(connection, name)));
        }
        Bench { host }
    }

    /// What is wrong with the verdict on a shape, or with the shape.
    pub(super) fn hold(&self, shape: &Shape) -> Vec<String> {
        let told = [
            self.hold_one(shape, CutoverWay::Reload, shape.reload),
            self.hold_one(shape, CutoverWay::Instant, shape.instant),
        ];
        for (name, _) in shape.files {
            fs::remove_file(self.path(name)).expect("a file");
        }
        told.into_iter().flatten().map(|wrong| format!("{}: {wrong}", shape.name)).collect()
    }

    fn hold_one(&self, shape: &Shape, way: CutoverWay, wanted: Verdict) -> Option<String> {
        self.lay_out(shape);
        let printed = match self.dump() {
            Ok(printed) => printed,
            Err(complaint) => return Some(format!("nginx refuses it: {complaint}")),
        };
        if let Some(other) = self.unlike_its_files(&printed) {
            return Some(format!("nginx prints another configuration than its files have: {other}"));
        }
        let tree = self.named(printed);
        let sought = self.sought(shape);
        let site = Site::of(&tree, &sought);
        let judged = verdict::judge(&site, &sought, way);
        let said = match &judged {
            Ok(notes) => notes.join("\n"),
            Err(error) => format!("{error}; to do: {}", error.advice().unwrap_or_default()),
        };
        let (fits, words) = match wanted {
            Verdict::Good => (judged.as_ref().is_ok_and(Vec::is_empty), [].as_slice()),
            Verdict::Noted(words) => (judged.is_ok(), words),
            Verdict::Refused(words) => (judged.is_err(), words),
        };
        if let (false, _) | (_, Some(_)) = (fits, words.iter().find(|word| !said.contains(&self.filled(word)))) {
            return Some(format!("{way:?}: needed {wanted:?}, found {judged:?}"));
        }
        let follows = self.follows(shape, way, &site);
        let ought = !matches!(wanted, Verdict::Refused(_));
        (follows.is_ok() != ought).then(|| format!("{way:?}: the verdict is {wanted:?}, and nginx {follows:?}"))
    }

    /// Whether a request follows what a cutover of this way does to the include, or the flag.
    fn follows(&self, shape: &Shape, way: CutoverWay, site: &Site) -> Result<(), String> {
        let nginx = self.host.nginx();
        let bytes = nginx.include().expect("an include");
        let include = Include::parse(&bytes, "service_url").map_err(|complaint| complaint.to_string())?;
        let groups = site.groups.iter().filter_map(|group| Some((group.name.clone(), group.port()?))).collect();
        let include = include.among(groups);
        let Ports { blue, green, .. } = self.host.ports();
        let mut seen = Vec::new();
        if way == CutoverWay::Reload {
            for port in [blue, green] {
                nginx.write_include(&String::from_utf8_lossy(&include.with_port(port))).expect("an include");
                self.bring_into_force()?;
                seen.push(self.ask(shape));
            }
        } else {
            let Sought { groups: BySlot { blue: without, green: with }, .. } = self.sought(shape);
            fs::write(nginx.upstreams_path(), groups_text(&without, blue, green) + &groups_text(&with, green, blue))
                .expect("the groups");
            let choice = Choice { without, with, flag: nginx.flag_path() };
            nginx.write_include(&String::from_utf8_lossy(&include.with_choice(&choice))).expect("an include");
            let done = self.bring_into_force();
            if done.is_ok() {
                seen.push(self.ask(shape));
                fs::write(nginx.flag_path(), "").expect("a flag");
                seen.push(self.ask(shape));
                fs::remove_file(nginx.flag_path()).expect("no flag");
            }
            fs::remove_file(nginx.upstreams_path()).expect("no groups");
            done?;
        }
        let wanted: Vec<Answer> = ["blue", "green"].map(|name| (200, name.to_owned())).into();
        if seen == wanted { Ok(()) } else { Err(format!("answered {seen:?}")) }
    }

    fn lay_out(&self, shape: &Shape) {
        let nginx = self.host.nginx();
        let prefix = self.prefix();
        fs::create_dir_all(prefix.join("flags")).expect("a directory");
        fs::create_dir_all(prefix.join("html")).expect("a directory");
        fs::write(prefix.join("html/present.txt"), "static").expect("a file");
        nginx.write_include(&self.filled(shape.include)).expect("an include");
        for (name, text) in shape.files {
            let path = self.path(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            match text.strip_prefix("-> ") {
                Some(to) => {
                    let _gone = fs::remove_file(&path);
                    std::os::unix::fs::symlink(self.filled(to), &path).expect("a link");
                }
                None => fs::write(path, self.filled(text)).expect("a file"),
            }
        }
        let shown = prefix.display();
        let text = format!(
            "user root;\nworker_processes 2;\npid \"{shown}/run/nginx.pid\";\nerror_log \"{shown}/logs/error.log\";\n\
             events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n\
             client_body_temp_path \"{shown}/temp/client_body\";\nproxy_temp_path \"{shown}/temp/proxy\";\n\
             fastcgi_temp_path \"{shown}/temp/fastcgi\";\nuwsgi_temp_path \"{shown}/temp/uwsgi\";\n\
             scgi_temp_path \"{shown}/temp/scgi\";\ninclude DIR/*.conf;\n{}\n}}\n",
            shape.http
        );
        fs::write(prefix.join("nginx.conf"), self.filled(&text)).expect("a configuration");
    }

    /// What the hooks read from nginx's files, where that is not what nginx prints (F112). In memory a path with `..` leads nowhere,
    /// and links are told by other tests.
    fn unlike_its_files(&self, printed: &[Node]) -> Option<String> {
        let nginx = self.host.nginx();
        let host = FakeHost::new(&nginx.include_path(), &nginx.pid_file(), self.host.ports().blue);
        let mut directories = vec![self.prefix().join("conf.d")];
        let mut files = vec![self.prefix().join("nginx.conf")];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).expect("a directory").flatten() {
                let kind = entry.file_type().expect("a kind");
                if kind.is_symlink() {
                    return None;
                }
                if kind.is_dir() { directories.push(entry.path()) } else { files.push(entry.path()) }
            }
        }
        for file in &files {
            let bytes = fs::read(file).expect("a file");
            if String::from_utf8_lossy(&bytes).contains("..") {
                return None;
            }
            host.write(file, &bytes);
        }
        let read = Files::of(&host, &files[0]).map(|files| files.tree());
        (read.as_deref() != Ok(printed)).then(|| format!("{read:?}"))
    }

    /// What `nginx -T` says.
    fn dump(&self) -> Result<Vec<Node>, String> {
        let command = self.host.nginx().command();
        let output = Command::new(&command[0]).args(&command[1..]).arg("-T").output().expect("nginx runs");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(tree::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// The same as the hooks take it.
    fn named(&self, mut tree: Vec<Node>) -> Vec<Node> {
        for path in [self.host.nginx().include_path(), self.host.nginx().upstreams_path()] {
            let same = |one: &std::path::Path, other: &std::path::Path| {
                fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
            };
            let above = path.parent().expect("a directory").to_owned();
            tree::name_as(&mut tree, &path, &|file| same(file, &path), &|directory| same(directory, &above));
        }
        tree
    }

    fn bring_into_force(&self) -> Result<(), String> {
        let nginx = self.host.nginx();
        let done = if nginx.is_running() { nginx.reload_and_wait() } else { nginx.start() };
        done.map_err(|error| error.to_string())
    }

    fn ask(&self, shape: &Shape) -> Answer {
        let Ports { door, .. } = self.host.ports();
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, door)).expect("the door");
        connection.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let (path, host) = (shape.path, shape.host);
        write!(connection, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("a request");
        let mut text = Vec::new();
        let _cut = connection.read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let body = text.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
        (status, if status == 200 { body } else { String::new() })
    }

    fn sought(&self, shape: &Shape) -> Sought {
        let nginx = self.host.nginx();
        let Ports { blue, green, .. } = self.host.ports();
        let group =
            |name: &str| if shape.name.contains("set_1") { format!("set_{name}") } else { format!("real{name}") };
        Sought {
            include: nginx.include_path(),
            variable: "service_url".to_owned(),
            ports: BySlot { blue, green },
            upstreams: nginx.upstreams_path(),
            groups: BySlot { blue: group("1"), green: group("2") },
        }
    }

    fn filled(&self, text: &str) -> String {
        let Ports { door, blue, green, .. } = self.host.ports();
        let directory = self.prefix().join("conf.d").display().to_string();
        text.replace("DIR", &directory)
            .replace("PORT", &door.to_string())
            .replace("BLUE", &blue.to_string())
            .replace("GREEN", &green.to_string())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.prefix().join("conf.d").join(name)
    }

    fn prefix(&self) -> PathBuf {
        self.host.directory().join("nginx")
    }
}

fn groups_text(name: &str, port: u16, other: u16) -> String {
    format!("upstream {name} {{ server 127.0.0.1:{port} max_fails=0; server 127.0.0.1:{other} max_fails=0 backup; }}\n")
}

/// Answers with the slot's name; as Tomcat does, 400 to a `Host` that is no host name.
fn answer(mut connection: TcpStream, name: &str) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match connection.read(&mut buffer) {
            Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let status = if host.contains('_') { "400 Bad Request" } else { "200 OK" };
    let length = name.len();
    let _gone = write!(connection, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{name}");
}
