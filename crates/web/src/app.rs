//! What every handler shares: the workspace, the catalog of now, and how the server is reached.

use std::sync::{Arc, OnceLock};

use axum::http::HeaderMap;
use axum::http::header::HOST;
use chrono::{DateTime, Utc};
use tailwater_engine::Workspace;
use tailwater_engine::catalog::Catalog;
use tailwater_engine::hub::CatalogHub;
use tailwater_engine::refresh::Refresher;
use tailwater_engine::runtime::Runtime;

use crate::cookie::CookieJar;
use crate::error::Error;
use crate::link::Links;
use crate::metrics::Metrics;
use crate::picture::Pictures;

/// How the server is reached and whom it lets in.
#[derive(Debug, Clone, Default)]
pub struct AppOptions {
    /// The path below which everything stands: empty, or starting with a slash and not ending with one.
    pub base_path: String,
    /// The address by which visitors come, such as `https://data.example.com`, when it is not what they ask for
    /// (behind a proxy that changes the host).
    pub public_url: Option<String>,
    /// Whether the server itself speaks TLS.
    pub has_tls: bool,
    /// Everybody on this machine is an administrator, without signing in. For the demo and development.
    pub is_local: bool,
    /// Sites that may show tiles in a frame, as CSP sources such as `https://tableau.example.com`.
    pub frame_ancestors: Vec<String>,
}

/// What every handler shares. Clones are cheap and share everything.
#[derive(Debug, Clone)]
pub struct App {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    hub: Arc<CatalogHub>,
    runtime: Runtime,
    options: AppOptions,
    base: Arc<str>,
    local_csrf_token: Option<String>,
    metrics: Metrics,
    pictures: Pictures,
    refresher: OnceLock<Refresher>,
}

impl App {
    /// Joins the parts. Must be called within an asynchronous runtime, in which what lands makes the catalog
    /// be built anew.
    pub fn new(hub: Arc<CatalogHub>, options: AppOptions) -> Self {
        let runtime = background_work(&hub);
        let local_csrf_token = options.is_local.then(|| uuid::Uuid::new_v4().to_string());
        Self {
            shared: Arc::new(Shared {
                hub,
                runtime,
                base: options.base_path.as_str().into(),
                options,
                local_csrf_token,
                metrics: Metrics::new(),
                pictures: Pictures::default(),
                refresher: OnceLock::new(),
            }),
        }
    }

    /// Where every use case begins.
    pub fn workspace(&self) -> &Workspace {
        self.shared.hub.workspace()
    }

    /// Syncs and checks in the background.
    pub fn runtime(&self) -> &Runtime {
        &self.shared.runtime
    }

    /// The catalog of an environment; of the production one when none is named. Waits for nothing.
    pub fn catalog(&self, environment: Option<&str>) -> Result<Arc<Catalog>, Error> {
        let catalog = self.shared.hub.current(environment);
        let is_known = |name: &&str| catalog.environments().iter().any(|known| known.as_str() == *name);
        match environment {
            Some(name) if !is_known(&name) => Err(Error::not_found("environment", name)),
            _ => Ok(catalog),
        }
    }

    /// Puts the catalog together anew, after something was changed.
    pub async fn refresh(&self) -> Result<(), Error> {
        Ok(self.shared.hub.refresh().await?)
    }

    /// The same after people said something of an exposure: what is left out or brought in is a reason to sync too.
    pub async fn curated(&self) -> Result<(), Error> {
        self.refresh().await?;
        self.runtime().nudge();
        Ok(())
    }

    /// Makes addresses.
    pub fn links(&self) -> Links {
        Links::new(Arc::clone(&self.shared.base))
    }

    /// The last pictures of lineage.
    pub(crate) fn pictures(&self) -> &Pictures {
        &self.shared.pictures
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Has what this process sends to BI tools counted. Once; later ones are not.
    pub fn count_refreshes_of(&self, refresher: &Refresher) {
        let _ = self.shared.refresher.set(refresher.clone());
    }

    /// What sends refreshes in this process, where something does.
    pub(crate) fn refresher(&self) -> Option<&Refresher> {
        self.shared.refresher.get()
    }

    /// How the server is reached.
    pub fn options(&self) -> &AppOptions {
        &self.shared.options
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.workspace().clock().now()
    }

    /// Whether everybody on this machine is an administrator.
    pub fn is_local(&self) -> bool {
        self.shared.options.is_local
    }

    /// What forms must carry where nobody signs in.
    pub(crate) fn local_csrf_token(&self) -> Option<&str> {
        self.shared.local_csrf_token.as_deref()
    }

    /// How cookies are set.
    pub fn cookies(&self) -> CookieJar {
        let base = &self.shared.options.base_path;
        CookieJar {
            path: if base.is_empty() {
                "/".to_owned()
            } else {
                base.clone()
            },
            is_secure: self.is_secure(),
        }
    }

    /// Whether visitors come by https.
    pub fn is_secure(&self) -> bool {
        let options = &self.shared.options;
        options.has_tls
            || options
                .public_url
                .as_deref()
                .is_some_and(|url| url.starts_with("https://"))
    }

    /// Whether a page at this origin is one of ours.
    pub(crate) fn is_own_origin(&self, origin: &str, headers: &HeaderMap) -> bool {
        if let Some(public) = &self.shared.options.public_url {
            let ours = url::Url::parse(public).map(|url| url.origin().ascii_serialization());
            if ours.is_ok_and(|ours| ours == origin) {
                return true;
            }
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let asked = origin.split_once("://").map(|(_, host)| host);
        asked.is_some() && asked == host
    }

    /// The address of a page for use outside of it, such as in an embedded tile or a printed link.
    pub fn absolute(&self, path: &str, headers: &HeaderMap) -> String {
        if let Some(public) = &self.shared.options.public_url {
            // The public address may have been given with or without the base path.
            let origin = url::Url::parse(public).map(|url| url.origin().ascii_serialization());
            if let Ok(origin) = origin {
                return format!("{origin}{path}");
            }
        }
        let scheme = if self.is_secure() { "https" } else { "http" };
        let host = headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("localhost");
        format!("{scheme}://{host}{path}")
    }
}

/// The background work, which has the catalog built anew whenever something landed.
fn background_work(hub: &Arc<CatalogHub>) -> Runtime {
    let executor = tokio::runtime::Handle::current();
    let catalogs = Arc::clone(hub);
    Runtime::new(Arc::clone(hub.workspace()), move |_| {
        let catalogs = Arc::clone(&catalogs);
        executor.spawn(async move {
            if let Err(error) = catalogs.refresh().await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the catalog could not be built anew"
                );
            }
        });
    })
}
