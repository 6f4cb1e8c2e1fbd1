//! Starting and stopping a server.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use tailwater_core::clock::Clock;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::SimClock;
use crate::delivery::deliver;
use crate::door::{Door, Line};
use crate::error::Error;
use crate::request_log::Recorded;
use crate::server::{Served, control_router, is_refresh, router};
use crate::site_file::SiteFile;
use crate::switch::Switches;
use crate::tls::{Certificate, Front};
use crate::world::World;

/// How to start.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// A port of 127.0.0.1 where the control address alone is answered, also while connections to the other are
    /// refused; 0 for any free one. None when absent.
    pub control_port: Option<u16>,
    /// A clock that stands at this instant until moved; the system's clock when absent.
    pub clock_stands_at: Option<DateTime<Utc>>,
    /// Speaks TLS with this certificate at the port; plain http when absent.
    pub tls: Option<Certificate>,
}

/// The simulator.
#[derive(Debug, Clone, Copy)]
pub struct Simulator;

impl Simulator {
    /// Builds the sites of a file and serves them on loopback until the answer is dropped.
    ///
    /// # Errors
    /// [`Error::SiteFileMeaning`] when the file contradicts itself, [`Error::Listen`] when the port is taken.
    pub async fn start(file: SiteFile, options: Options) -> Result<Running, Error> {
        let clock = options
            .clock_stands_at
            .map_or_else(SimClock::running, SimClock::standing_at);
        let public_url = file.server.public_url.clone();
        let world = Arc::new(World::new(file, clock)?);
        // Behind a front that speaks TLS, the port is of no interest.
        let port = if options.tls.is_some() { 0 } else { options.port };
        let listener = listen(port).await?;
        let failed = |source| Error::Listen {
            port: options.port,
            source,
        };
        let door = Door::new(listener, world.refuses()).map_err(failed)?;
        let address = axum::serve::Listener::local_addr(&door).map_err(failed)?;
        let (base_url, front) = match &options.tls {
            None => (format!("http://{address}"), None),
            Some(certificate) => {
                let listener = listen(options.port).await?;
                let front = Front::start(listener, address, certificate)?;
                (format!("https://{}", front.address), Some(front))
            }
        };
        let page_url = public_url.as_deref().unwrap_or(&base_url).trim_end_matches('/');
        let app = router(Served {
            world: Arc::clone(&world),
            base_url: page_url.into(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        // An error means that the handle is gone, which also is a wish to stop.
        let stopped = stopped.map(drop).shared();
        let mut control_url = None;
        if let Some(port) = options.control_port {
            let listener = listen(port).await?;
            let address = listener
                .local_addr()
                .map_err(|source| Error::Listen { port, source })?;
            control_url = Some(format!("http://{address}"));
            let app = control_router(Arc::clone(&world));
            let until_stopped = stopped.clone();
            tokio::spawn(async move {
                let serving = axum::serve(listener, app).with_graceful_shutdown(until_stopped);
                if let Err(error) = serving.await {
                    tracing::error!(%error, "the control address is not answered any more");
                }
            });
        }
        if let Some(deliveries) = world.deliveries.take() {
            let until_stopped = stopped.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = deliver(deliveries) => {}
                    () = until_stopped => {}
                }
            });
        }
        let task = tokio::spawn(async move {
            let app = app.into_make_service_with_connect_info::<Line>();
            let serving = axum::serve(door, app).with_graceful_shutdown(stopped);
            if let Err(error) = serving.await {
                tracing::error!(%error, "the simulator stopped serving");
            }
        });
        Ok(Running {
            base_url,
            control_url,
            _front: front,
            world,
            stop: Some(stop),
            task: Some(task),
        })
    }
}

async fn listen(port: u16) -> Result<TcpListener, Error> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(wanted)
        .await
        .map_err(|source| Error::Listen { port, source })
}

#[derive(Debug)]
struct SharedClock(Arc<World>);

impl Clock for SharedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }
}

/// A server that runs. Dropping it stops the server.
#[derive(Debug)]
pub struct Running {
    base_url: String,
    control_url: Option<String>,
    /// What speaks TLS, for as long as this lives.
    _front: Option<Front>,
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// `http://127.0.0.1:PORT`, or https with TLS, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the control address is answered by itself, when that was asked for; in the same form.
    pub fn control_url(&self) -> Option<&str> {
        self.control_url.as_deref()
    }

    /// The clock, to move it.
    pub fn clock(&self) -> &SimClock {
        &self.world.clock
    }

    /// The same, for clients that are to agree with it on the time.
    pub fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::new(SharedClock(Arc::clone(&self.world)))
    }

    /// A copy of the switches.
    pub fn switches(&self) -> Switches {
        self.world.switches()
    }

    /// Changes switches: `running.set_switches(|switches| switches.node_limit = 50)`.
    pub fn set_switches(&self, change: impl FnOnce(&mut Switches)) {
        self.world.update_switches(change);
    }

    /// Replaces what the sites hold, as publishing and deleting content does; sessions stay when the users
    /// are the same.
    ///
    /// # Errors
    /// [`Error::SiteFileMeaning`] when the file contradicts itself; then nothing changes.
    pub fn replace_sites(&self, file: &SiteFile) -> Result<(), Error> {
        self.world.replace_sites(file)
    }

    /// Every request so far, without those to the control address, in the order they were answered.
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.log.entries()
    }

    /// How many requests went to paths that end like this: `count("/auth/signin")`.
    pub fn count(&self, path_end: &str) -> usize {
        self.world
            .log
            .entries()
            .iter()
            .filter(|entry| entry.path.ends_with(path_end))
            .count()
    }

    /// How often each target was asked to be refreshed, by its LUID, however that was answered. Calls that were
    /// refused because their session had ended do not count, nor do those that were pointed elsewhere: they did
    /// nothing.
    pub fn refresh_calls(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for entry in self.world.log.entries() {
            let luid = entry
                .path
                .strip_suffix("/refresh")
                .and_then(|path| path.rsplit('/').next());
            if let (true, Some(luid)) = (
                is_refresh(&entry.method, &entry.path) && entry.status != 401 && entry.status / 100 != 3,
                luid,
            ) {
                *calls.entry(luid.to_owned()).or_default() += 1;
            }
        }
        calls
    }

    /// How many refresh jobs each target got, by its LUID.
    pub fn refresh_jobs(&self) -> BTreeMap<String, usize> {
        let mut jobs = BTreeMap::new();
        for hosted in &self.world.state().sites {
            for job in &hosted.jobs {
                *jobs.entry(job.target_luid.to_string()).or_default() += 1;
            }
        }
        jobs
    }

    /// What kinds of jobs each target got, by its LUID, in the words of the job list: `refresh_extracts` takes all
    /// rows over, `increment_extracts` new ones alone.
    pub fn refresh_kinds(&self) -> BTreeMap<String, Vec<&'static str>> {
        let mut kinds: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for hosted in &self.world.state().sites {
            for job in &hosted.jobs {
                let kind = if job.incremental {
                    "increment_extracts"
                } else {
                    "refresh_extracts"
                };
                kinds.entry(job.target_luid.to_string()).or_default().push(kind);
            }
        }
        kinds
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.world.log.clear();
    }

    /// Sessions that are live.
    pub fn session_count(&self) -> usize {
        self.world.state().sessions.count()
    }

    /// Ends all sessions, as a restart of the server does: the next call of each gets 401002.
    pub fn end_sessions(&self) {
        self.world.state().sessions.close_all();
    }

    /// Stops, and waits until open requests are answered.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the simulator did not stop in order");
        }
    }

    /// Serves until the process is stopped from outside.
    pub async fn serve_forever(mut self) {
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the simulator broke off");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The other side may have ended before.
            let _ = stop.send(());
        }
    }
}
