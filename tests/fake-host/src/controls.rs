//! What a test says to the host: how it is set up, what happens to it behind the hooks' back, which faults strike, and
//! what can be seen afterwards.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::FakeHost;
use super::app::App;
use super::clock::{Clock, Due};
use super::codedeploy::ServiceInMemory;
use super::door::Door;
use super::faults::{Faults, WriteFault};
use super::files::Files;
use super::nginx::{Nginx, PidFile, Reloading};
use super::processes::{NewProcess, Part, Processes};
use super::releases::script_command;
use super::world::World;
use shared::host::ProcessIdentity;

/// The user that owns the application.
const OWNER: u32 = 1000;

impl FakeHost {
    /// A host on which nginx runs with an include that names `port`, and nothing else does. Hooks run as root.
    #[must_use]
    pub fn new(include: &Path, pid_file: &Path, port: u16) -> FakeHost {
        let programs = ["install", "java", "mv", "nginx", "sudo"].map(str::to_owned).into();
        let mut world = World {
            clock: Clock::default(),
            locks: BTreeMap::new(),
            files: Files::default(),
            processes: Processes::default(),
            nginx: Nginx::new(include.to_owned(), pid_file.to_owned()),
            door: Door::Nginx,
            requests: 0,
            proxied: Vec::new(),
            sessions: 0,
            faults: Faults::default(),
            journal: Vec::new(),
            next_releases: VecDeque::new(),
            instances: 0,
            boot: 1,
            user: 0,
            sudo_allows: true,
            programs,
            free_space: 10_000_000_000,
            available_memory: 2_000_000_000,
            memory_limited_by: None,
            control_groups: BTreeMap::new(),
            ended_for_memory: 0,
            ended_for_memory_before: 0,
            began: Duration::ZERO,
            limit: None,
            codedeploy: ServiceInMemory::default(),
        };
        world.write_as_root(include, format!("set $service_url http://127.0.0.1:{port};\n").into_bytes());
        // The include is older than nginx, as on a host that has run for a while.
        world.advance(Duration::from_hours(1));
        world.start_nginx();
        world.advance(Duration::from_hours(1));
        FakeHost { world: RefCell::new(world) }
    }

    /// A hook begins: its clock stands at zero, it has no children, and the faults count from here.
    pub fn begin(&self) {
        let mut world = self.world.borrow_mut();
        world.began = world.clock.now();
        world.limit = None;
        world.ended_for_memory_before = world.ended_for_memory;
        world.faults.begin();
        world.processes.begin();
    }

    /// Hooks run as this user from here on; what needs root goes through sudo.
    pub fn run_as(&self, user: u32) {
        self.world.borrow_mut().user = user;
    }

    /// Makes a directory that belongs to the user of the hooks.
    ///
    /// # Errors
    /// Where something else is in the way.
    pub fn own_directory(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world.borrow_mut();
        let (user, now) = (world.user, world.clock.time_of_day());
        world.files.make_directory(path, 0o755, 0, now)?;
        world.files.give(path, user, 0, now)
    }

    /// Writes a file as root, with the directories above it.
    pub fn write(&self, path: &Path, bytes: &[u8]) {
        self.world.borrow_mut().write_as_root(path, bytes.to_owned());
    }

    /// Makes a symbolic link, as root.
    pub fn place_link(&self, path: &Path, to: &Path) {
        let mut world = self.world.borrow_mut();
        let now = world.clock.time_of_day();
        world.files.place_link(path, to, now);
    }

    /// Makes a FIFO, as root.
    pub fn place_fifo(&self, path: &Path) {
        let mut world = self.world.borrow_mut();
        let now = world.clock.time_of_day();
        world.files.place_special(path, now);
    }

    /// Removes a file as root.
    pub fn delete(&self, path: &Path) {
        self.world.borrow_mut().remove_as_root(path);
    }

    /// A program is no longer on this host.
    pub fn uninstall(&self, program: &str) {
        self.world.borrow_mut().programs.remove(program);
    }

    /// What nginx's program answers to `-v`; `keepalive_min_timeout` is refused unless it `knows` that.
    pub fn nginx_says(&self, version: &str, knows: bool) {
        let mut world = self.world.borrow_mut();
        version.clone_into(&mut world.nginx.version);
        world.nginx.knows_keepalive_min_timeout = knows;
    }

    /// Whether sudo lets the user of the hooks do what they need.
    pub fn sudo_allows(&self, allows: bool) {
        self.world.borrow_mut().sudo_allows = allows;
    }

    /// The bytes that are free on the disk, and the memory that is to be had.
    pub fn room(&self, disk: u64, memory: u64) {
        let mut world = self.world.borrow_mut();
        (world.free_space, world.available_memory) = (disk, memory);
    }

    /// It is the limit of this control group that leaves no more memory.
    pub fn memory_is_limited_by(&self, group: &str) {
        self.world.borrow_mut().memory_limited_by = Some(group.to_owned());
    }

    /// A process lies in this control group.
    pub fn place_in_control_group(&self, process: &ProcessIdentity, group: &str) {
        self.world.borrow_mut().control_groups.insert(process.id, group.to_owned());
    }

    /// A JVM that the scripts started long ago, listening by now.
    pub fn place_app(&self, app: App, profile: &str, port: u16) -> ProcessIdentity {
        let mut world = self.world.borrow_mut();
        let owner = if world.user == 0 { OWNER } else { world.user };
        let boots_after = app.boots_after;
        let command = script_command(profile, "/home/ec2-user/app/step3/app.jar");
        let identity = world.begin_release(app, profile, port, command, owner);
        world.advance(boots_after);
        identity
    }

    /// Something that is none of the hooks' listens on a port.
    pub fn place_stranger(&self, port: u16, owner: u32, command: &str) -> ProcessIdentity {
        let mut world = self.world.borrow_mut();
        let clock = world.clock.clone();
        let new = NewProcess {
            parent: 1,
            session: None,
            owner,
            command: command.split(' ').map(str::to_owned).collect(),
            part: Part::Stranger,
            listens_on: Some(port),
            memory: 1_000_000,
        };
        world.processes.spawn(&clock, new)
    }

    /// What the next releases that are launched do, in order; those after them are good.
    pub fn next_release(&self, app: App) {
        self.world.borrow_mut().next_releases.push_back(app);
    }

    /// What was said of the next releases is taken back: they are good.
    pub fn next_releases_are_good(&self) {
        self.world.borrow_mut().next_releases.clear();
    }

    /// Who answers at the door.
    pub fn door(&self, door: Door) {
        self.world.borrow_mut().door = door;
    }

    /// What the next reloads come to, in order; those after them work.
    pub fn next_reload(&self, reloading: Reloading) {
        self.world.borrow_mut().nginx.next_reloads.push_back(reloading);
    }

    /// Whether the rest of nginx's configuration is valid.
    pub fn configuration_is_valid(&self, valid: bool) {
        self.world.borrow_mut().nginx.valid = valid;
    }

    /// Whether nginx's configuration reads the include.
    pub fn configuration_reads_include(&self, reads: bool) {
        self.world.borrow_mut().nginx.reads_include = reads;
    }

    /// Ends nginx.
    pub fn nginx_down(&self, pid_file: PidFile) {
        self.world.borrow_mut().end_nginx(pid_file);
    }

    /// Starts nginx if it is down; whether it runs then.
    pub fn nginx_up(&self) -> bool {
        self.world.borrow_mut().start_nginx()
    }

    /// Somebody else reloads nginx: a certificate was renewed, a package updated.
    pub fn foreign_reload(&self) {
        let mut world = self.world.borrow_mut();
        if world.nginx.master.is_some() {
            world.ask_to_reload();
        }
        world.advance(Duration::from_secs(1));
    }

    /// Ends whatever listens on a port, as the kernel does when memory is short.
    pub fn kill_listener(&self, port: u16) {
        let mut world = self.world.borrow_mut();
        let listeners = world.processes.listeners(port, 0);
        for process in listeners.iter().flat_map(|listener| &listener.processes) {
            world.processes.end(&process.identity, "signal 9");
        }
    }

    /// A process is killed, and its last threads hold its port for as long as `App::lingers` says.
    pub fn kill_slowly(&self, identity: &ProcessIdentity) {
        self.world.borrow_mut().end(identity, "signal 9");
    }

    /// A process will die by itself.
    pub fn will_die(&self, identity: &ProcessIdentity, after: Duration) {
        self.world.borrow_mut().clock.schedule(after, Due::End(*identity, "signal 11".to_owned()));
    }

    /// The power is cut: what was not on the disk yet never happened, and the host starts anew.
    pub fn lose_power(&self) {
        self.world.borrow_mut().files.lose_power();
        self.reboot();
    }

    /// The host starts anew: no release runs, process ids begin again, nginx starts if it can.
    pub fn reboot(&self) {
        let mut world = self.world.borrow_mut();
        world.advance(Duration::from_secs(20));
        world.processes.boot();
        world.clock.boot();
        world.boot += 1;
        world.nginx.master = None;
        world.nginx.next_reloads.clear();
        let pid_file = world.nginx.pid_file.clone();
        world.remove_as_root(&pid_file);
        world.start_nginx();
        world.advance(Duration::from_secs(20));
    }

    /// Time passes.
    pub fn pass(&self, time: Duration) {
        self.world.borrow_mut().advance(time);
    }

    /// SIGTERM comes while the hook waits for the n-th time.
    pub fn interrupt_at(&self, nth_wait: usize) {
        self.world.borrow_mut().faults.interrupt_at = Some(nth_wait);
    }

    /// SIGTERM comes now.
    pub fn interrupt(&self) {
        self.world.borrow_mut().faults.interrupt();
    }

    /// SIGKILL comes before the hook's n-th effect or wait: it unwinds with `Killed`.
    pub fn kill_at(&self, nth_point: usize) {
        self.world.borrow_mut().faults.kill_at = Some(nth_point);
    }

    /// A write fails.
    pub fn fail_write(&self, fault: WriteFault) {
        self.world.borrow_mut().faults.write = Some(fault);
    }

    /// Programs cannot be started.
    pub fn fail_launch(&self, kind: io::ErrorKind) {
        self.world.borrow_mut().faults.launch = Some(kind);
    }

    /// Another run holds the lock.
    pub fn hold_lock(&self, holder: &str) {
        self.world.borrow_mut().faults.lock_holder = Some(holder.to_owned());
    }

    /// Whether a fault struck the last hook.
    #[must_use]
    pub fn fault_struck(&self) -> bool {
        self.world.borrow().faults.struck
    }

    /// No fault strikes any more.
    pub fn clear_faults(&self) {
        self.world.borrow_mut().faults.clear();
    }
}
