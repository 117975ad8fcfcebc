//! The host in memory: files, processes, nginx and a clock that moves only when somebody waits. What was done to it stands
//! in its journal, and its faults strike at the very call that a test names. Nothing in here touches the machine.

mod app;
mod clock;
mod codedeploy;
mod controls;
mod door;
mod faults;
mod files;
mod journal;
mod nginx;
mod observations;
mod processes;
mod programs;
mod releases;
mod world;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

pub use self::app::{App, AppAnswer, Binding, OnTerminate};
pub use self::door::Door;
pub use self::faults::{Killed, WriteFault};
pub use self::journal::{Deed, Entry, Nature};
pub use self::nginx::{PidFile, Reloading};
pub use self::releases::bare_launch;
use self::world::World;
use shared::error::{Error, Kind, Result};
use shared::host::{
    Answer, AvailableMemory, CodeDeploy, CompilerTime, Connection, Credentials, FileFacts, Host, Launch, Listener,
    Lock, LogLimits, Process, ProcessIdentity, ProcessMemory, ProgramOutput, ProxiedRequest, ReadSeek, Request, Share,
    Signal, TimedAnswer, User,
};

/// A host in memory. A clone is another host in the same state.
#[derive(Clone, Debug)]
pub struct FakeHost {
    world: RefCell<World>,
}

impl FakeHost {
    /// Where this hook could be killed: before each effect and at each wait.
    fn point(&self) {
        let strikes = self.world.borrow_mut().faults.kill_strikes();
        if strikes {
            // Unwinding without a panic message: nothing of the hook runs any more, as after a SIGKILL.
            std::panic::resume_unwind(Box::new(Killed));
        }
    }

    /// Where a signal would be obeyed.
    fn wait(&self) -> Result<()> {
        self.point();
        let mut world = self.world.borrow_mut();
        if world.faults.interrupt_strikes() {
            return Err(Error::interrupted());
        }
        world.obey_limit()
    }

    /// One effect, which takes a moment.
    fn effect<T>(&self, effect: impl FnOnce(&mut World) -> T) -> T {
        self.point();
        let mut world = self.world.borrow_mut();
        world.advance(clock::EFFECT_TAKES);
        effect(&mut world)
    }
}

impl Host for FakeHost {
    fn elapsed(&self) -> Duration {
        self.world.borrow().since_begin()
    }

    fn wall_clock(&self) -> SystemTime {
        self.world.borrow().clock.time_of_day()
    }

    async fn pause(&self, pause: Duration) -> Result<()> {
        self.wait()?;
        self.world.borrow_mut().wait(pause)
    }

    fn limit(&self, at: Duration, why: &str) {
        self.world.borrow_mut().limit = Some((at, why.to_owned()));
    }

    async fn interruptible<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        self.wait()?;
        let mut work = pin!(work);
        match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            Poll::Ready(done) => self.world.borrow().obey_limit().map(|()| done),
            // What is not done at once never will be.
            Poll::Pending => {
                self.world.borrow_mut().wait_for_limit()?;
                Ok(work.await)
            }
        }
    }

    fn shield(&self, raised: bool) {
        self.world.borrow_mut().faults.shield(raised);
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let world = self.world.borrow();
        world.files.read_as(path, world.user)
    }

    fn describe(&self, path: &Path) -> io::Result<FileFacts> {
        self.world.borrow().files.describe(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.world.borrow().files.canonicalize(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.world.borrow().files.list(directory)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(io::Cursor::new(self.read_file(path)?)))
    }

    fn replace_file(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.effect(|world| world.replace_file(path, bytes, mode, true))
    }

    fn replace_file_of_this_boot(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.effect(|world| world.replace_file(path, bytes, mode, false))
    }

    fn make_directory(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.effect(|world| world.make_directory(path, mode))
    }

    fn give(&self, path: &Path, owner: u32) -> io::Result<()> {
        self.effect(|world| {
            let now = world.clock.time_of_day();
            world.files.give(path, owner, world.user, now)
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.effect(|world| world.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.effect(|world| world.remove(path))
    }

    /// Nobody reads the log of a host in memory.
    fn open_log(&self, _: &Path, _: LogLimits) -> io::Result<std::fs::File> {
        std::fs::OpenOptions::new().append(true).open("/dev/null")
    }

    fn may_write(&self, directory: &Path) -> bool {
        let world = self.world.borrow();
        world.files.may_write(directory, world.user)
    }

    fn free_space(&self, directory: &Path) -> io::Result<u64> {
        let world = self.world.borrow();
        world.files.describe(directory).map(|_| world.free_space)
    }

    fn publish(&self, from: &Path, to: &Path) -> io::Result<String> {
        self.effect(|world| world.publish(from, to))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.effect(|world| world.files.sync(path))
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<std::result::Result<Lock, String>> {
        self.effect(|world| world.lock(path, holder))
    }

    fn program(&self) -> PathBuf {
        PathBuf::from("/opt/bundle/hooks/hook")
    }

    fn user(&self) -> User {
        self.user_named(self.world.borrow().user)
    }

    fn user_named(&self, id: u32) -> User {
        User { id, name: processes::account(id) }
    }

    fn boot_id(&self) -> String {
        format!("boot-{}", self.world.borrow().boot)
    }

    fn process(&self, id: u32) -> Option<Process> {
        self.world.borrow().processes.find(id)
    }

    fn lives(&self, process: &ProcessIdentity) -> bool {
        self.process(process.id).is_some_and(|found| found.identity == *process)
    }

    /// Everybody is shown everybody.
    fn is_hidden(&self, _: u32) -> bool {
        false
    }

    fn ids_in_namespaces(&self, process: &ProcessIdentity) -> Vec<u32> {
        vec![process.id]
    }

    fn processes(&self) -> Vec<Process> {
        self.world.borrow().processes.visible().cloned().collect()
    }

    fn session(&self, leader: u32) -> Vec<Process> {
        self.processes().into_iter().filter(|process| process.session == leader).collect()
    }

    fn children(&self, id: u32) -> Vec<Process> {
        self.world.borrow().processes.children(id)
    }

    /// This host has no systemd, but for processes that a test has put into a control group.
    fn control_group(&self, id: u32) -> Option<String> {
        self.process(id)?;
        Some(self.world.borrow().control_groups.get(&id).cloned().unwrap_or_else(|| "/".to_owned()))
    }

    fn credentials(&self, process: &ProcessIdentity) -> Option<Credentials> {
        let owner = self.process(process.id).filter(|found| found.identity == *process)?.owner;
        Some(Credentials { user: owner, groups: vec![owner] })
    }

    fn signal(&self, process: &ProcessIdentity, signal: Signal) -> io::Result<bool> {
        self.effect(|world| world.signal(process, signal, world.user))
    }

    fn launch(&self, launch: &Launch) -> io::Result<Process> {
        self.effect(|world| world.launch(launch))
    }

    fn ending(&self, process: &ProcessIdentity) -> Option<String> {
        self.world.borrow().processes.ending(process)
    }

    fn set_processor_share(&self, process: &ProcessIdentity, share: Share) -> io::Result<()> {
        self.effect(|world| world.set_processor_share(process, share))
    }

    fn set_memory_sacrifice(&self, process: &ProcessIdentity, score: i32) -> io::Result<()> {
        self.effect(|world| world.set_memory_sacrifice(process, score))
    }

    fn memory(&self, process: &ProcessIdentity) -> Option<ProcessMemory> {
        let held = self.world.borrow().processes.memory(process)?;
        Some(ProcessMemory { now: held, peak: held })
    }

    fn compiler_times(&self, process: &ProcessIdentity) -> Option<Vec<CompilerTime>> {
        self.world.borrow().compiler_times(process)
    }

    fn ended_for_memory(&self) -> u64 {
        self.world.borrow().ended_for_memory
    }

    fn ended_for_memory_before(&self) -> u64 {
        self.world.borrow().ended_for_memory_before
    }

    fn available_memory(&self, _: Option<&str>) -> Option<AvailableMemory> {
        let world = self.world.borrow();
        Some(AvailableMemory { bytes: world.available_memory, limited_by: world.memory_limited_by.clone() })
    }

    fn listeners(&self, port: u16) -> io::Result<Vec<Listener>> {
        let world = self.world.borrow();
        Ok(world.processes.listeners(port, world.user))
    }

    fn is_listened_on(&self, port: u16) -> io::Result<bool> {
        let world = self.world.borrow();
        Ok(!world.processes.listeners(port, 0).is_empty() || !world.speaking_at(port).is_empty())
    }

    fn connections_towards(&self, port: u16) -> io::Result<Vec<Connection>> {
        Ok(self.world.borrow().connections_towards(port))
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.world.borrow().find_program(name)
    }

    async fn run(&self, command: &[String], _: Duration) -> Result<ProgramOutput> {
        let name = command.first().map_or("", String::as_str);
        if self.find_program(name).is_none() {
            return Err(Error::new(Kind::Settings, format!("`{name}` was not found on this host")));
        }
        // A signal may come before the program has done anything, or when it has done everything.
        self.wait()?;
        let output = self.effect(|world| world.run_program(command));
        self.wait()?;
        Ok(output)
    }

    async fn get(&self, request: &Request) -> Result<Answer> {
        self.wait()?;
        let mut world = self.world.borrow_mut();
        let at_most = world.until_limit().map_or(request.at_most, |left| left.min(request.at_most));
        let answer = world.exchange(&Request { at_most, ..request.clone() });
        world.obey_limit().map(|()| answer)
    }

    async fn get_as_proxy(&self, requests: &[ProxiedRequest]) -> Result<Vec<TimedAnswer>> {
        self.wait()?;
        let mut world = self.world.borrow_mut();
        let answers = world.exchange_as_proxy(requests);
        world.obey_limit().map(|()| answers)
    }

    fn codedeploy(&self) -> &impl CodeDeploy {
        self
    }
}

#[cfg(test)]
mod tests;
