//! From the five scripts to the hooks and back, as docs/moving.md has it: each of its commands is carried out on a host of the
//! scripts, under load.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use booted_host::{BootedHost, wait_until};
use bundle::assembly::Parts;
use bundle::date::Date;
use bundle::hooks;
use bundle::released::{self, Identity};
use demo_app::Jar;
use strict_client::{Load, Mode};

use crate::rig::{more_requests, nothing_was_lost, release_at_the_door, runs, status_at_the_door, under_load};

const ENGLISH: &str = include_str!("../../../docs/moving.md");
const KOREAN: &str = include_str!("../../../docs/moving.ko.md");
const HOME: &str = "/home/ec2-user";
/// The repository of the application, on what the document calls your computer.
const REPOSITORY: &str = "/home/ec2-user/repository";
/// Clients that lose nothing by a reload.
const CLIENTS: [Mode; 2] = [Mode::Fresh, Mode::Retry];

/// Where a command of the document is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Host,
    Computer,
}

impl Place {
    /// What stands above a block of commands, in both languages.
    fn named(line: &str) -> Option<Place> {
        match line {
            "On the host:" | "호스트에서:" => Some(Place::Host),
            "On your computer:" | "내 컴퓨터에서:" => Some(Place::Computer),
            _ => None,
        }
    }

    fn directory(self) -> &'static str {
        match self {
            Place::Host => HOME,
            Place::Computer => REPOSITORY,
        }
    }
}

/// A command of the document, and the lines that it has to print among others.
#[derive(Debug, PartialEq, Eq)]
struct Command<'a> {
    place: Place,
    line: String,
    prints: Vec<&'a str>,
}

/// The blocks of commands, in their order.
fn blocks(document: &str) -> Vec<Vec<Command<'_>>> {
    let mut place = Place::Host;
    let mut found = Vec::new();
    for (index, part) in document.split("```").enumerate() {
        if index % 2 == 0 {
            // Two blocks below each other are typed in one place.
            place = part.lines().filter_map(Place::named).next_back().unwrap_or(place);
            continue;
        }
        let mut block: Vec<Command<'_>> = Vec::new();
        for line in part.strip_prefix("console\n").unwrap().lines() {
            match (line.strip_prefix("$ "), block.last_mut()) {
                (Some(line), _) => block.push(Command { place, line: line.to_owned(), prints: Vec::new() }),
                (None, Some(command)) if command.line.ends_with('\\') => {
                    command.line.push('\n');
                    command.line.push_str(line);
                }
                (None, Some(command)) => command.prints.push(line),
                (None, None) => panic!("`{line}` is no command"),
            }
        }
        found.push(block);
    }
    found
}

/// What stands in for AWS and for the network between both computers.
const AWS: &str = r#"#!/bin/sh
set -eu
case "$1 $2" in
    's3 cp') cp -- "$3" "/var/bucket/${4##*/}" ;;
    'deploy create-deployment')
        key=${*#*,key=}
        bundle=$(mktemp -d /var/bucket/XXXXXX)
        unzip -q "/var/bucket/${key%%,*}" -d "$bundle"
        sudo /opt/codedeploy-agent/bin/codedeploy-agent deploy "$bundle" >/var/bucket/answer
        echo d-MOVING001
        ;;
    'deploy wait')
        if ! grep -q '"succeeded":true' /var/bucket/answer; then
            cat /var/bucket/answer
            exit 255
        fi
        ;;
esac
"#;
const SCP: &str = "#!/bin/sh\nexec cp -- \"$1\" \"$2\" /home/ec2-user/\n";
/// These hooks are many times as large as those that are shipped, and are packed as they are.
const ZIP: &str = r#"#!/bin/sh
for argument; do
    shift
    [ "$argument" != -9 ] || argument=-0
    set -- "$@" "$argument"
done
exec /usr/bin/zip "$@"
"#;
/// The ports that a jar of the book's has in it.
const JAVA: &str = "#!/bin/sh\nexport DEMO_PORT_real1=8081 DEMO_PORT_real2=8082\nexec /opt/demo-app/java \"$@\"\n";

/// As the scripts' repository has it.
const APP_SPEC: &str = "\
version: 0.0
os: linux
files:
  - source: /
    destination: /home/ec2-user/app/step3/zip/
file_exists_behavior: OVERWRITE
permissions:
  - object: /
    pattern: \"**\"
    owner: ec2-user
    group: ec2-user
hooks:
  AfterInstall:
    - location: stop.sh
      timeout: 60
      runas: ec2-user
  ApplicationStart:
    - location: start.sh
      timeout: 60
      runas: ec2-user
  ValidateService:
    - location: health.sh
      timeout: 60
      runas: ec2-user
";

/// What the scripts that are measured against read from variables, as it was written in them.
const VARIABLES: &str = "\
BASELINE_APP=/home/ec2-user/app/step3
BASELINE_PROPERTIES=/home/ec2-user/app
BASELINE_DOOR=http://localhost
BASELINE_PORT1=8081 BASELINE_PORT2=8082
BASELINE_JAVA=java
BASELINE_INCLUDE=/etc/nginx/conf.d/service-url.inc
BASELINE_RELOAD='sudo service nginx reload'
BASELINE_SWITCHES=/dev/null
";

/// The five scripts.
fn scripts() -> [(&'static str, String); 5] {
    let profile = include_str!("../../../scripts/bench/baseline/profile.sh");
    let switch = include_str!("../../../scripts/bench/baseline/switch.sh");
    let with_sudo = switch.replace("| tee ", "| sudo tee ");
    assert_ne!(with_sudo, switch);
    [
        ("profile.sh", format!("{profile}{VARIABLES}")),
        ("stop.sh", include_str!("../../../scripts/bench/baseline/stop.sh").to_owned()),
        ("start.sh", include_str!("../../../scripts/bench/baseline/start.sh").to_owned()),
        ("health.sh", include_str!("../../../scripts/bench/baseline/health.sh").to_owned()),
        ("switch.sh", with_sudo),
    ]
}

/// A host of the scripts, with the repository that is deployed from.
struct Book {
    host: BootedHost,
}

impl Book {
    fn boots() -> Book {
        let book = Book { host: BootedHost::builder().boot().unwrap() };
        let host = &book.host;
        runs(host, &["useradd", "--create-home", "--shell", "/bin/bash", "ec2-user"]);
        // As the user of a cloud's image has it.
        host.allow("ec2-user ALL=(ALL) NOPASSWD: ALL\n").unwrap();
        runs(host, &["install", "-d", "-o", "ec2-user", "/var/bucket"]);
        for (name, text) in [("java", JAVA), ("aws", AWS), ("scp", SCP), ("zip", ZIP)] {
            book.write(&format!("/usr/local/bin/{name}"), text.as_bytes(), 0o755);
        }
        for name in ["application-oauth.properties", "application-real-db.properties"] {
            book.write(&format!("{HOME}/app/{name}"), b"", 0o644);
        }
        for (name, text) in scripts() {
            book.write(&format!("{REPOSITORY}/scripts/{name}"), text.as_bytes(), 0o755);
        }
        book.write(&format!("{REPOSITORY}/appspec.yml"), APP_SPEC.as_bytes(), 0o644);
        book.is_given_an_archive();
        fs::create_dir_all(host.path(&format!("{HOME}/app/step3/zip"))).unwrap();
        runs(host, &["chown", "-R", "ec2-user:", HOME]);
        book
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) {
        let path = self.host.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }

    /// A released archive with the hooks of these stories.
    fn is_given_an_archive(&self) {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |name: &str| fs::read_to_string(project.join(name)).unwrap();
        let parts = Parts {
            app_spec: read("appspec.yml"),
            settings: read("hooks.toml"),
            programs: hooks::all().map(|hook| (hook, fs::read(self.host.program(hook.name)).unwrap())).to_vec(),
            jar: None,
        };
        let date = Date::from_seconds(1_764_086_401).unwrap();
        let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH).parse().unwrap();
        let identity = Identity { name: "zero-downtime-hooks-0.0.0", commit: "0123456789ab", target, date };
        for entry in released::entries(&project, &parts, identity).unwrap() {
            self.write(
                &format!("/var/released/{}", entry.path),
                &entry.bytes,
                if entry.executable { 0o755 } else { 0o644 },
            );
        }
        let zip = format!("cd /var/released && zip -q -9 -r {REPOSITORY}/zero-downtime-hooks-0.0.0.zip .");
        runs(&self.host, &["bash", "-c", &zip]);
    }

    /// The jar that the next build of the application makes.
    fn builds(&self, release: &str) {
        let jar = self.host.path(&format!("{REPOSITORY}/build/libs/application.jar"));
        fs::create_dir_all(jar.parent().unwrap()).unwrap();
        Jar::release(release).write(&jar).unwrap();
    }

    /// Has somebody at a keyboard type this, who has to see no error.
    #[track_caller]
    fn types(&self, place: Place, line: &str) -> String {
        let all = format!("cd {} && {{ {line}\n}}", place.directory());
        let outcome = self.host.run(&["su", "-", "ec2-user", "-c", &all]).unwrap();
        assert_eq!(outcome.code, 0, "$ {line}\n{}", outcome.output);
        outcome.output
    }

    #[track_caller]
    fn performs(&self, command: &Command<'_>) {
        let printed = self.types(command.place, &command.line);
        for line in &command.prints {
            assert!(printed.lines().any(|found| found == *line), "$ {}\n{printed}needed {line}", command.line);
        }
    }

    /// As `start.sh` has left a host.
    fn is_started_by_the_scripts(&self, release: &str) {
        self.builds(release);
        self.types(Place::Computer, &format!("cp build/libs/*.jar {HOME}/app/step3/zip/ && scripts/start.sh"));
        wait_until("the release of the scripts answers", || status_at_the_door(&self.host) == 200).unwrap();
    }

    fn exists(&self, path: &str) -> bool {
        self.host.exists(path).unwrap()
    }
}

/// What a host of the hooks has, and none of the scripts.
const BROUGHT: [&str; 3] =
    ["/etc/nginx/conf.d/service-url.conf", "/var/lib/service-url", "/var/lib/systemd/linger/ec2-user"];

#[test]
fn both_languages_have_the_same_commands_in_the_same_places() {
    assert_eq!(blocks(ENGLISH), blocks(KOREAN));
}

#[test]
fn f127_a_host_of_the_scripts_is_moved_to_the_hooks_and_back_by_the_document_alone_under_load() {
    let book = Book::boots();
    book.is_started_by_the_scripts("v1");
    let host = &book.host;
    let history = under_load(host, &CLIENTS, |load: &Load| {
        let mut release = 1;
        for block in blocks(ENGLISH) {
            // Whoever packs has built.
            if block.iter().any(|command| command.line.contains("build/libs/")) {
                release += 1;
                book.builds(&format!("v{release}"));
            }
            for command in &block {
                book.performs(command);
                if command.line.contains("create-deployment") {
                    // The scripts end before the reload is in force, and the hooks do not.
                    if command.line.contains("scripts.zip") {
                        let arrives = || release_at_the_door(host) == format!("v{release}");
                        wait_until("the release of the scripts serves", arrives).unwrap();
                    }
                    assert_eq!(release_at_the_door(host), format!("v{release}"), "{}", command.line);
                    more_requests(load, 50);
                }
                if command.line.contains("./install.sh application.zip") {
                    assert_eq!(release_at_the_door(host), "v1", "traffic stays where it is");
                    assert!(BROUGHT.iter().all(|path| book.exists(path)));
                }
                if command.line.contains("./install.sh --remove application.zip") {
                    assert!(!BROUGHT.iter().any(|path| book.exists(path)));
                }
            }
        }
        assert_eq!(release, 4, "to the hooks, without units, and by the scripts again");
    });
    nothing_was_lost(&history);
}
