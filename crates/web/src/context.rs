//! What a page begins with: the catalog of the environment asked for, links, who looks, theme, time.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use chrono::{DateTime, Utc};
use tailwater_engine::account::{Actor, AuditEvent, Role};
use tailwater_engine::catalog::Catalog;

use crate::app::App;
use crate::cookie;
use crate::csrf;
use crate::error::Error;
use crate::link::Links;
use crate::operate::is_fragment;
use crate::principal::Principal;

/// What a page begins with. Every handler of a page takes it as its first argument.
#[derive(Debug, Clone)]
pub struct Context {
    /// What all share.
    pub app: App,
    /// Makes addresses, in the environment looked at.
    pub links: Links,
    /// Who looks; `None` on public pages.
    pub principal: Option<Principal>,
    /// The environment that the address names; `None` is production.
    pub environment: Option<String>,
    /// The address asked for, path and query.
    pub uri: Uri,
    /// Light, dark, or as the system has it.
    pub theme: Theme,
    /// Whether single-key shortcuts are on.
    pub has_shortcuts: bool,
    /// Whether our script asks for a part of the page.
    pub is_fragment: bool,
    /// The request's headers.
    pub headers: HeaderMap,
    /// Now.
    pub now: DateTime<Utc>,
}

/// The colours of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The word in the cookie and in the page's root.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

impl Context {
    fn new(app: &App, headers: &HeaderMap, uri: &Uri, principal: Option<Principal>) -> Self {
        let environment = query_value(uri, "env").filter(|name| !name.is_empty());
        Self {
            app: app.clone(),
            links: app.links().in_environment(environment.as_deref()),
            principal,
            environment,
            uri: uri.clone(),
            theme: cookie::find(headers, cookie::THEME).map_or(Theme::System, |name| Theme::from_name(&name)),
            has_shortcuts: cookie::find(headers, cookie::SHORTCUTS).as_deref() != Some("off"),
            is_fragment: is_fragment(headers),
            headers: headers.clone(),
            now: app.now(),
        }
    }

    /// For the page of an error.
    pub(crate) fn for_error(app: &App, headers: &HeaderMap, uri: &Uri, principal: Option<Principal>) -> Self {
        Self::new(app, headers, uri, principal)
    }

    /// The catalog of the environment looked at.
    pub fn catalog(&self) -> Result<Arc<Catalog>, Error> {
        self.app.catalog(self.environment.as_deref())
    }

    /// Writes into the audit log that who asks has changed something: `record("integration.map", "main", "…")`.
    pub async fn record(&self, action: &'static str, subject: &str, detail: &str) -> Result<(), Error> {
        let actor = self
            .principal
            .as_ref()
            .map_or(Actor::System, |principal| principal.actor.clone());
        let event = AuditEvent {
            action,
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        };
        Ok(self.app.workspace().record_audit(&actor, event).await?)
    }

    /// Whether who looks may do what takes this role. Pages leave out the forms that would be refused.
    pub fn may(&self, role: Role) -> bool {
        self.principal
            .as_ref()
            .is_some_and(|principal| principal.may(role))
    }

    /// A parameter of the address.
    pub fn parameter(&self, name: &str) -> Option<String> {
        query_value(&self.uri, name)
    }

    /// What every form that changes something carries: `(csrf_field(&context))`.
    pub fn csrf_token(&self) -> Option<String> {
        self.principal
            .as_ref()
            .and_then(Principal::csrf_token)
            .map(csrf::masked)
    }

    /// The path below the base, for marking where the visitor is.
    pub fn path(&self) -> &str {
        let path = self.uri.path();
        path.strip_prefix(self.links.base()).unwrap_or(path)
    }
}

impl FromRequestParts<App> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or_else(|| parts.uri.clone(), |original| original.0.clone());
        let principal = parts.extensions.get::<Principal>().cloned();
        Ok(Self::new(app, &parts.headers, &uri, principal))
    }
}

fn query_value(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query()?.as_bytes();
    let mut pairs = url::form_urlencoded::parse(query);
    pairs
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}
