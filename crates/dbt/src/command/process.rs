//! The process of a dbt command, from its start to its end.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::exit::DbtExit;
use super::output::{Lines, Stream};
use super::setting::DbtCommand;
use super::tail::Tail;
use crate::error::Error;
use crate::log::{Channel, DbtEvent, LogReader};

/// The longest line of the log that is read. dbt writes whole SQL texts into some.
const LONGEST_LINE: usize = 4 * 1024 * 1024;
/// How long what a process left running may keep its output open.
const LINGER: Duration = Duration::from_secs(3);
/// How much is heard ahead of whoever listens; then dbt has to wait.
const AHEAD: usize = 1024;

/// What is heard of a running dbt.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// It printed something: bytes as they came, not cut into lines.
    Output {
        /// Where to.
        stream: Stream,
        /// What.
        bytes: Vec<u8>,
    },
    /// Its log says something.
    Event(DbtEvent),
    /// It ended. Nothing is heard after that.
    Exited(DbtExit),
}

/// Stops a dbt: politely, then less so.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: CancellationToken,
    at_once: CancellationToken,
    grace: Duration,
}

impl Stop {
    /// Asks with SIGINT, as Ctrl-C does, when the token is cancelled; with SIGTERM after the grace period, and
    /// with SIGKILL after another.
    pub fn new(asked: CancellationToken, grace: Duration) -> Self {
        Self {
            asked,
            at_once: CancellationToken::new(),
            grace,
        }
    }

    /// Asks it to stop.
    pub fn ask(&self) {
        self.asked.cancel();
    }

    /// Ends it at once.
    pub fn insist(&self) {
        self.at_once.cancel();
    }

    /// Whether it was asked to stop.
    pub fn is_asked(&self) -> bool {
        self.asked.is_cancelled() || self.at_once.is_cancelled()
    }
}

/// A dbt that was started. Dropping it ends it at once, with everything that it started.
#[derive(Debug)]
pub struct Running {
    heard: mpsc::Receiver<Heard>,
    group: Arc<Group>,
}

impl Running {
    /// What is heard next; `None` after [`Heard::Exited`].
    pub async fn hear(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.group.is_over.load(Ordering::Acquire) {
            self.group.send(Signal::Kill);
        }
    }
}

impl DbtCommand {
    /// Starts it. Must be called inside a tokio runtime.
    pub fn start(&self, stop: &Stop) -> Result<Running, Error> {
        let log_file = self.log_file().path;
        // Looked at before the process could write to it.
        let tail = Tail::at_end(&log_file);
        let mut child = self.spawn()?;
        let group = Arc::new(Group::of(&child));
        let (say, heard) = mpsc::channel(AHEAD);
        let ear = Ear {
            say,
            reader: Arc::default(),
        };
        let ended = CancellationToken::new();
        let printing = [
            child
                .stdout
                .take()
                .map(|output| tokio::spawn(ear.clone().listen(Stream::Stdout, output))),
            child
                .stderr
                .take()
                .map(|output| tokio::spawn(ear.clone().listen(Stream::Stderr, output))),
        ];
        let logging = tokio::spawn(ear.clone().follow(tail, ended.clone()));
        let supervisor = Supervisor {
            child,
            group: Arc::clone(&group),
            stop: stop.clone(),
            printing,
            logging,
            ended,
        };
        tokio::spawn(supervisor.run(ear.say));
        Ok(Running { heard, group })
    }

    fn spawn(&self) -> Result<Child, Error> {
        let program = self.program.first().cloned().unwrap_or_default();
        if !self.directory.is_dir() && !self.directory.as_str().is_empty() {
            return Err(Error::NoDirectory {
                path: self.directory.clone(),
            });
        }
        if let Some(path) = &self.log_path {
            // dbt makes the last directory of the path only.
            std::fs::create_dir_all(path).map_err(|source| Error::NotStarted {
                program: program.clone(),
                source,
            })?;
        }
        let mut command = Command::new(&program);
        command
            .args(self.program.iter().skip(1))
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if !self.directory.as_str().is_empty() {
            command.current_dir(&self.directory);
        }
        for name in &self.withheld {
            command.env_remove(name);
        }
        command.envs(self.variables());
        #[cfg(unix)]
        command.process_group(0);
        command.spawn().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::ProgramNotFound { program },
            _ => Error::NotStarted { program, source },
        })
    }
}

/// What the listeners share: the way out, and the memory of the log.
#[derive(Debug, Clone)]
struct Ear {
    say: mpsc::Sender<Heard>,
    reader: Arc<std::sync::Mutex<LogReader>>,
}

impl Ear {
    /// Hears what the process prints, until it prints no more.
    async fn listen(self, stream: Stream, mut output: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 64 * 1024];
        let mut lines = Lines::new(LONGEST_LINE);
        loop {
            let count = match output.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(count) => count,
            };
            let bytes = buffer[..count].to_vec();
            let mut events = Vec::new();
            if stream == Stream::Stdout {
                lines.push(&bytes, |line| events.extend(self.read_output(line)));
            }
            if self.say.send(Heard::Output { stream, bytes }).await.is_err() {
                return;
            }
            self.tell(events).await;
        }
        let mut events = Vec::new();
        lines.finish(|line| events.extend(self.read_output(line)));
        self.tell(events).await;
    }

    /// Most of what is printed is text, which needs no reader.
    fn read_output(&self, line: &[u8]) -> Vec<DbtEvent> {
        if line.trim_ascii_start().starts_with(b"{") {
            self.read(Channel::Output, line)
        } else {
            Vec::new()
        }
    }

    /// Follows the log file until the process has ended and all was read.
    async fn follow(self, mut tail: Tail, ended: CancellationToken) {
        let mut lines = Lines::new(LONGEST_LINE);
        loop {
            let mut events = Vec::new();
            let bytes = tail.next(&ended).await;
            if bytes.is_empty() {
                lines.finish(|line| events.extend(self.read(Channel::File, line)));
                self.tell(events).await;
                return;
            }
            lines.push(bytes, |line| events.extend(self.read(Channel::File, line)));
            if self.say.is_closed() {
                return;
            }
            self.tell(events).await;
        }
    }

    fn read(&self, channel: Channel, line: &[u8]) -> Vec<DbtEvent> {
        // A reader is good whatever happened while it was held.
        let mut reader = self
            .reader
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        reader.read(channel, line)
    }

    async fn tell(&self, events: Vec<DbtEvent>) {
        for event in events {
            if self.say.send(Heard::Event(event)).await.is_err() {
                return;
            }
        }
    }
}

/// Waits for the end, and brings it about when asked.
struct Supervisor {
    child: Child,
    group: Arc<Group>,
    stop: Stop,
    printing: [Option<JoinHandle<()>>; 2],
    logging: JoinHandle<()>,
    ended: CancellationToken,
}

impl Supervisor {
    async fn run(mut self, say: mpsc::Sender<Heard>) {
        let status = tokio::select! {
            status = self.child.wait() => status,
            () = escalate(&self.group, &self.stop) => self.child.wait().await,
            // Nobody listens any more: the group was ended.
            () = say.closed() => self.child.wait().await,
        };
        if self.stop.is_asked() {
            self.end_stragglers().await;
        }
        self.group.is_over.store(true, Ordering::Release);
        // Output first, then the log: whoever sees the end has seen everything.
        let printing = futures_of(&mut self.printing);
        let _ = tokio::time::timeout(LINGER, printing).await;
        for task in self.printing.iter().flatten() {
            task.abort();
        }
        self.ended.cancel();
        let _ = (&mut self.logging).await;
        let exit = status.map_or(DbtExit::CouldNotRun, DbtExit::from_status);
        let _ = say.send(Heard::Exited(exit)).await;
    }

    /// The first process may end before those that it started, which were told to stop too.
    async fn end_stragglers(&self) {
        let patience = tokio::time::sleep(self.stop.grace);
        tokio::pin!(patience);
        while self.group.is_alive() {
            tokio::select! {
                () = &mut patience => break,
                () = self.stop.at_once.cancelled() => break,
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
        self.group.send(Signal::Kill);
    }
}

async fn futures_of(tasks: &mut [Option<JoinHandle<()>>; 2]) {
    for task in tasks.iter_mut().flatten() {
        let _ = task.await;
    }
}

/// Waits until somebody wants the process to stop, then says so more and more clearly. Ends after the last
/// word.
async fn escalate(group: &Group, stop: &Stop) {
    tokio::select! {
        () = stop.asked.cancelled() => {}
        () = stop.at_once.cancelled() => {}
    }
    for signal in [Signal::Interrupt, Signal::Terminate] {
        if stop.at_once.is_cancelled() {
            break;
        }
        group.send(signal);
        tokio::select! {
            () = tokio::time::sleep(stop.grace) => {}
            () = stop.at_once.cancelled() => {}
        }
    }
    group.send(Signal::Kill);
}

#[derive(Debug, Clone, Copy)]
enum Signal {
    Interrupt,
    Terminate,
    Kill,
}

/// The process group of the command: dbt, what wraps it, and what both start.
#[derive(Debug)]
struct Group {
    id: Option<u32>,
    is_over: AtomicBool,
}

impl Group {
    fn of(child: &Child) -> Self {
        Self {
            id: child.id(),
            is_over: AtomicBool::new(false),
        }
    }

    #[cfg(unix)]
    fn pid(&self) -> Option<rustix::process::Pid> {
        let id = i32::try_from(self.id?).ok()?;
        rustix::process::Pid::from_raw(id)
    }

    /// Sends a signal to all of it. A group that has ended is no error.
    #[cfg(unix)]
    fn send(&self, signal: Signal) {
        let signal = match signal {
            Signal::Interrupt => rustix::process::Signal::INT,
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        if let Some(pid) = self.pid() {
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }

    /// Whether any process of it is left.
    #[cfg(unix)]
    fn is_alive(&self) -> bool {
        self.pid()
            .is_some_and(|pid| rustix::process::test_kill_process_group(pid).is_ok())
    }

    /// Elsewhere the process is ended by `kill_on_drop`.
    #[cfg(not(unix))]
    fn send(&self, _: Signal) {}

    #[cfg(not(unix))]
    fn is_alive(&self) -> bool {
        false
    }
}
