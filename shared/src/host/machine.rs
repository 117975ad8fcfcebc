//! The real host: each question is passed on to the file that knows the answer.

use std::cell::{OnceCell, RefCell};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant, SystemTime};

use super::holders::Holders;
use super::signals::StopSignals;
use super::{
    Answer, AvailableMemory, CodeDeploy, CompilerTime, Connection, Credentials, FileFacts, Host, Launch, Listener,
    Lock, LogLimits, NotLinked, Process, ProcessIdentity, ProcessMemory, ProgramOutput, ProxiedRequest, ReadSeek,
    Request, Share, Signal, TimedAnswer, User, clock, compilers, control_groups, detach, files, http, listeners, log,
    memory, processes, programs, sessions,
};
use crate::error::Result;
use crate::language::translated;

/// The machine that this hook runs on.
#[derive(Debug)]
pub struct Machine<C = NotLinked> {
    codedeploy: C,
    began: Instant,
    signals: StopSignals,
    launched: RefCell<Vec<(ProcessIdentity, Child)>>,
    holders: Holders,
    boot_id: OnceCell<String>,
    user: OnceCell<User>,
    proxy_client: http::ProxyClient,
    /// What the kernel's count was when this run began.
    ended_for_memory: u64,
}

impl<C: CodeDeploy> Machine<C> {
    /// The machine that this hook runs on, with CodeDeploy's API as far as the hook has linked it. To be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// As the operating system says, if signals cannot be listened for.
    pub fn new(codedeploy: C) -> io::Result<Machine<C>> {
        Ok(Machine {
            codedeploy,
            began: Instant::now(),
            signals: StopSignals::listen()?,
            launched: RefCell::default(),
            holders: Holders::default(),
            boot_id: OnceCell::new(),
            user: OnceCell::new(),
            proxy_client: http::ProxyClient::default(),
            ended_for_memory: memory::ended_for_memory(),
        })
    }
}

impl<C: CodeDeploy> Host for Machine<C> {
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn pause(&self, pause: Duration) -> Result<()> {
        clock::wait(pause, &self.signals).await
    }

    fn limit(&self, at: Duration, why: &str) {
        self.signals.limit(self.began + at, why);
    }

    async fn interruptible<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        self.signals.unless_asked(work).await
    }

    fn shield(&self, raised: bool) {
        self.signals.shield(raised);
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        files::read(path)
    }

    fn describe(&self, path: &Path) -> io::Result<FileFacts> {
        files::describe(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        files::list(directory)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(files::open(path)?))
    }

    fn replace_file(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        files::replace(path, bytes, mode)
    }

    fn replace_file_of_this_boot(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        files::replace_of_this_boot(path, bytes, mode).map(|_| ())
    }

    fn make_directory(&self, path: &Path, mode: u32) -> io::Result<()> {
        files::make_directory(path, mode)
    }

    fn give(&self, path: &Path, owner: u32) -> io::Result<()> {
        files::give(path, owner)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        files::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        files::remove(path)
    }

    fn open_log(&self, path: &Path, limits: LogLimits) -> io::Result<std::fs::File> {
        log::open(path, limits)
    }

    fn may_write(&self, directory: &Path) -> bool {
        files::may_write(directory)
    }

    fn free_space(&self, directory: &Path) -> io::Result<u64> {
        files::free_space(directory)
    }

    fn publish(&self, from: &Path, to: &Path) -> io::Result<String> {
        files::publish(from, to)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        files::sync(path)
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<std::result::Result<Lock, String>> {
        files::lock(path, holder)
    }

    fn program(&self) -> PathBuf {
        std::env::current_exe().unwrap_or_default()
    }

    fn user(&self) -> User {
        self.user.get_or_init(|| self.user_named(rustix::process::geteuid().as_raw())).clone()
    }

    fn user_named(&self, id: u32) -> User {
        let accounts = files::read(Path::new("/etc/passwd")).unwrap_or_default();
        User { id, name: account_name(&String::from_utf8_lossy(&accounts), id).unwrap_or_else(|| id.to_string()) }
    }

    fn boot_id(&self) -> String {
        let read = || files::read(Path::new("/proc/sys/kernel/random/boot_id")).unwrap_or_default();
        self.boot_id.get_or_init(|| String::from_utf8_lossy(&read()).trim().to_owned()).clone()
    }

    fn process(&self, id: u32) -> Option<Process> {
        let found = processes::find(id);
        if found.is_some() {
            self.holders.expect(id);
        }
        found
    }

    fn lives(&self, process: &ProcessIdentity) -> bool {
        let lives = processes::lives(process);
        if lives {
            self.holders.expect(process.id);
        }
        lives
    }

    fn is_hidden(&self, id: u32) -> bool {
        processes::is_hidden(id)
    }

    fn ids_in_namespaces(&self, process: &ProcessIdentity) -> Vec<u32> {
        processes::ids_in_namespaces(process)
    }

    fn processes(&self) -> Vec<Process> {
        processes::all()
    }

    fn session(&self, leader: u32) -> Vec<Process> {
        sessions::of(leader)
    }

    fn children(&self, id: u32) -> Vec<Process> {
        processes::children(id)
    }

    fn control_group(&self, id: u32) -> Option<String> {
        control_groups::of(id)
    }

    fn credentials(&self, process: &ProcessIdentity) -> Option<Credentials> {
        processes::credentials(process)
    }

    fn signal(&self, process: &ProcessIdentity, signal: Signal) -> io::Result<bool> {
        processes::send(process, signal)
    }

    fn launch(&self, launch: &Launch) -> io::Result<Process> {
        let child = detach::spawn(launch)?;
        let process = processes::child(child.id())
            .ok_or_else(|| io::Error::other(translated!("it was started, but /proc does not show it")))?;
        self.holders.expect(process.identity.id);
        self.launched.borrow_mut().push((process.identity, child));
        Ok(process)
    }

    fn ending(&self, process: &ProcessIdentity) -> Option<String> {
        let mut launched = self.launched.borrow_mut();
        let (_, child) = launched.iter_mut().find(|(identity, _)| identity == process)?;
        child.try_wait().ok().flatten().map(programs::ending)
    }

    fn set_processor_share(&self, process: &ProcessIdentity, share: Share) -> io::Result<()> {
        processes::set_processor_share(process, share)
    }

    fn set_memory_sacrifice(&self, process: &ProcessIdentity, score: i32) -> io::Result<()> {
        processes::set_memory_sacrifice(process, score)
    }

    fn compiler_times(&self, process: &ProcessIdentity) -> Option<Vec<CompilerTime>> {
        compilers::of(process)
    }

    fn memory(&self, process: &ProcessIdentity) -> Option<ProcessMemory> {
        processes::memory(process)
    }

    fn ended_for_memory(&self) -> u64 {
        memory::ended_for_memory()
    }

    fn ended_for_memory_before(&self) -> u64 {
        self.ended_for_memory
    }

    fn available_memory(&self, group: Option<&str>) -> Option<AvailableMemory> {
        memory::available(group)
    }

    fn listeners(&self, port: u16) -> io::Result<Vec<Listener>> {
        listeners::on(port, &self.holders)
    }

    fn is_listened_on(&self, port: u16) -> io::Result<bool> {
        listeners::any_on(port)
    }

    fn connections_towards(&self, port: u16) -> io::Result<Vec<Connection>> {
        listeners::connections_towards(port)
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        programs::find(name)
    }

    async fn run(&self, command: &[String], at_most: Duration) -> Result<ProgramOutput> {
        programs::run(command, at_most, &self.signals).await
    }

    async fn get(&self, request: &Request) -> Result<Answer> {
        http::get(request, &self.signals).await
    }

    async fn get_as_proxy(&self, requests: &[ProxiedRequest]) -> Result<Vec<TimedAnswer>> {
        http::get_as_proxy(&self.proxy_client, requests, &self.signals).await
    }

    fn codedeploy(&self) -> &impl CodeDeploy {
        &self.codedeploy
    }
}

/// The name of a user id in the text of `/etc/passwd`. Accounts from elsewhere (LDAP) show as their number.
fn account_name(accounts: &str, id: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\nec2-user:x:1000:1000::/home/ec2-user:/bin/bash\n";
        assert_eq!(account_name(accounts, 1000).as_deref(), Some("ec2-user"));
        assert_eq!(account_name(accounts, 7), None);
    }
}
