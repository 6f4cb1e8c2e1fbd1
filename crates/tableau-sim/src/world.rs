//! Everything that lives as long as the server: sites, sessions, jobs, switches, clock, log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::clock::SimClock;
use crate::delivery::{Event, Post, published};
use crate::error::Error;
use crate::graphql::SchemaSet;
use crate::job::{Job, Status};
use crate::request_log::RequestLog;
use crate::rest::{Webhook, parse_version};
use crate::session::Sessions;
use crate::site::{self, Kind, Site};
use crate::site_file::{Server, SiteFile};
use crate::switch::Switches;

/// The state behind one running server.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: SimClock,
    pub(crate) log: RequestLog,
    pub(crate) schemas: SchemaSet,
    switches: Mutex<Switches>,
    /// Whether connections are refused, for those who listen.
    refuses: watch::Sender<bool>,
    state: Mutex<State>,
    /// What webhooks are told.
    pub(crate) deliveries: Post,
    shifts: AtomicUsize,
}

/// What changes while the server runs.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) server: Server,
    pub(crate) sites: Vec<HostedSite>,
    pub(crate) sessions: Sessions,
}

/// A site with its past, as far as the Metadata API may still see it, and its jobs.
#[derive(Debug)]
pub(crate) struct HostedSite {
    present: Arc<Site>,
    present_since: DateTime<Utc>,
    /// Earlier versions with the instant each came to be, oldest first.
    past: VecDeque<(DateTime<Utc>, Arc<Site>)>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) webhooks: Vec<Webhook>,
    /// What happened and was not told yet.
    events: Vec<Event>,
    /// When refreshes were started within the last hour.
    pub(crate) refreshes: VecDeque<DateTime<Utc>>,
    /// Values of labels that were made over REST: name, category, description.
    pub(crate) label_values: Vec<(String, String, String)>,
}

impl World {
    pub(crate) fn new(file: SiteFile, clock: SimClock) -> Result<Self, Error> {
        let sites = build_sites(&file)?.into_iter().map(HostedSite::new).collect();
        clock.set_skew(file.switches.clock_skew_seconds);
        Ok(Self {
            clock,
            log: RequestLog::default(),
            schemas: SchemaSet::new()?,
            refuses: watch::Sender::new(file.switches.connection_refused),
            switches: Mutex::new(file.switches),
            state: Mutex::new(State {
                server: file.server,
                sites,
                sessions: Sessions::default(),
            }),
            deliveries: Post::new(),
            shifts: AtomicUsize::new(0),
        })
    }

    /// Replaces what the sites hold by what another site file says; the server itself, its switches and its
    /// clock stay. Sessions stay when the users are the same. Jobs are forgotten.
    ///
    /// # Errors
    /// [`Error::SiteFileMeaning`]; then nothing changes.
    pub(crate) fn replace_sites(&self, file: &SiteFile) -> Result<(), Error> {
        let sites = build_sites(file)?;
        let (now, lag) = (self.clock.now(), self.index_lag());
        let mut state = self.state();
        let names = |site: &Site| {
            let users = site.users.iter().map(|user| user.name.clone());
            (site.content_url.clone(), users.collect::<Vec<_>>())
        };
        let before: Vec<_> = state.sites.iter().map(|hosted| names(hosted.present())).collect();
        if before == sites.iter().map(names).collect::<Vec<_>>() {
            for (hosted, site) in state.sites.iter_mut().zip(sites) {
                hosted.jobs.clear();
                hosted.events.extend(published(hosted.present(), &site, now));
                hosted.change(now, lag, |present| *present = site);
            }
        } else {
            state.sessions.close_all();
            state.sites = sites.into_iter().map(HostedSite::new).collect();
        }
        self.tell(&mut state);
        Ok(())
    }

    /// The state, settled to the present instant.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let now = self.clock.now();
        let lag = self.index_lag();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for hosted in &mut state.sites {
            hosted.settle_jobs(now, lag);
        }
        self.tell(&mut state);
        state
    }

    /// Tells webhooks what happened.
    fn tell(&self, state: &mut State) {
        if state.sites.iter().all(|hosted| hosted.events.is_empty()) {
            return;
        }
        let switches = self.switches();
        for hosted in &mut state.sites {
            let site = hosted.present.identity.luid;
            for event in std::mem::take(&mut hosted.events) {
                self.deliveries
                    .announce(&switches, site, &hosted.webhooks, &event);
            }
        }
    }

    /// A copy of the switches.
    pub(crate) fn switches(&self) -> Switches {
        self.switches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes the switches.
    pub(crate) fn update_switches<T>(&self, change: impl FnOnce(&mut Switches) -> T) -> T {
        let mut switches = self.switches.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = change(&mut switches);
        self.clock.set_skew(switches.clock_skew_seconds);
        self.refuses.send_if_modified(|refuses| {
            let is_new = *refuses != switches.connection_refused;
            *refuses = switches.connection_refused;
            is_new
        });
        answer
    }

    /// Whether connections are refused, as it changes.
    pub(crate) fn refuses(&self) -> watch::Receiver<bool> {
        self.refuses.subscribe()
    }

    /// A number that grows with each call, to turn lists by.
    pub(crate) fn next_shift(&self) -> usize {
        self.shifts.fetch_add(7, Ordering::Relaxed)
    }

    /// How far the Metadata API lags behind REST.
    pub(crate) fn index_lag(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.switches().index_lag_seconds))
    }

    /// Changes a site.
    pub(crate) fn change_site<T>(&self, site: usize, change: impl FnOnce(&mut Site) -> T) -> Option<T> {
        let now = self.clock.now();
        let lag = self.index_lag();
        let mut state = self.state();
        let hosted = state.sites.get_mut(site)?;
        Some(hosted.change(now, lag, change))
    }

    /// The REST version the server claims.
    pub(crate) fn rest_version(&self) -> String {
        let claimed = self.switches().rest_version;
        claimed.unwrap_or_else(|| {
            self.state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .server
                .rest_version
                .clone()
        })
    }
}

/// Builds all sites of a file.
fn build_sites(file: &SiteFile) -> Result<Vec<Site>, Error> {
    let wrong = |site: &str, subject: &str, reason: &str| Error::SiteFileMeaning {
        site: site.to_owned(),
        subject: subject.to_owned(),
        reason: reason.to_owned(),
    };
    if parse_version(&file.server.rest_version).is_none() {
        return Err(wrong(
            "",
            "the server",
            "`rest_version` is not a version such as `3.25`",
        ));
    }
    if file.sites.is_empty() {
        return Err(wrong("", "the file", "has no `[[site]]`"));
    }
    let mut sites: Vec<Site> = Vec::with_capacity(file.sites.len());
    for (ordinal, entry) in (1u32..).zip(&file.sites) {
        if sites.iter().any(|site| site.content_url == entry.content_url) {
            return Err(wrong(&entry.content_url, "the site", "is there twice"));
        }
        sites.push(site::build::build(entry, ordinal)?);
    }
    Ok(sites)
}

impl HostedSite {
    fn new(site: Site) -> Self {
        Self {
            present: Arc::new(site),
            present_since: DateTime::<Utc>::MIN_UTC,
            past: VecDeque::new(),
            jobs: Vec::new(),
            webhooks: Vec::new(),
            events: Vec::new(),
            refreshes: VecDeque::new(),
            label_values: Vec::new(),
        }
    }

    /// The site as REST sees it.
    pub(crate) fn present(&self) -> &Arc<Site> {
        &self.present
    }

    /// The site as the Metadata API sees it, some time behind.
    pub(crate) fn indexed(&self, now: DateTime<Utc>, lag: TimeDelta) -> &Arc<Site> {
        let seen = now - lag;
        if self.present_since <= seen {
            return &self.present;
        }
        let found = self.past.iter().rev().find(|(since, _)| *since <= seen);
        found.map_or(&self.present, |(_, site)| site)
    }

    /// Changes the site. Without a lag the present version is changed in place; with one, a new version
    /// begins, and the old ones stay as long as the Metadata API may still look at them.
    pub(crate) fn change<T>(
        &mut self,
        now: DateTime<Utc>,
        lag: TimeDelta,
        change: impl FnOnce(&mut Site) -> T,
    ) -> T {
        if lag <= TimeDelta::zero() {
            self.past.clear();
        } else {
            self.past
                .push_back((self.present_since, Arc::clone(&self.present)));
            self.present_since = now;
            while self.past.get(1).is_some_and(|(since, _)| *since <= now - lag) {
                self.past.pop_front();
            }
        }
        change(Arc::make_mut(&mut self.present))
    }

    /// Does to the site what the end of a refresh does.
    fn settle_jobs(&mut self, now: DateTime<Utc>, lag: TimeDelta) {
        for job in self.jobs.iter_mut().filter(|job| !job.begun) {
            if let Some(at) = job.started_at(now) {
                job.begun = true;
                self.events
                    .push(job.event(["WorkbookRefreshStarted", "DatasourceRefreshStarted"], at));
            }
        }
        let due: Vec<usize> = (0..self.jobs.len())
            .filter(|&at| {
                self.jobs
                    .get(at)
                    .is_some_and(|job| !job.settled && job.status(now).is_over())
            })
            .collect();
        for at in due {
            let Some(job) = self.jobs.get_mut(at) else {
                continue;
            };
            job.settled = true;
            let (job, end) = (job.clone(), job.completed_at(now).unwrap_or(now));
            match job.status(now) {
                Status::Success => self
                    .events
                    .push(job.event(["WorkbookRefreshSucceeded", "DatasourceRefreshSucceeded"], end)),
                Status::Failed => self
                    .events
                    .push(job.event(["WorkbookRefreshFailed", "DatasourceRefreshFailed"], end)),
                _ => {}
            }
            if job.status(now) == Status::Success {
                self.change(end, lag, |site| site.land_refresh(&job, end));
            }
        }
    }
}

impl Site {
    /// Moves the times of the extracts that a job refreshed.
    fn land_refresh(&mut self, job: &Job, at: DateTime<Utc>) {
        let sources: Vec<u32> = match job.target.kind {
            Kind::Workbook => self.workbooks[job.target.at()].datasources.clone(),
            _ => vec![job.target.index],
        };
        for source in sources {
            if let Some(extract) = &mut self.datasources[source as usize].extract {
                if job.incremental {
                    extract.incremental_at = Some(at);
                } else {
                    extract.refreshed_at = Some(at);
                }
            }
        }
        match job.target.kind {
            Kind::Workbook => self.workbooks[job.target.at()].freshness.updated_at = at,
            _ => self.datasources[job.target.at()].freshness.updated_at = at,
        }
    }
}
