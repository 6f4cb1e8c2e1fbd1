//! One call: who asks what of which site, and what it is answered.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::site::{Site, User};
use crate::site_file::Hosting;
use crate::switch::Switches;
use crate::wire::{Element, Fault, Node, Page, Query, SortKey};
use crate::world::World;

/// A REST version, compared as two integers.
pub(crate) type Version = (u32, u32);

/// Reads `3.25`.
pub(crate) fn parse_version(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// A call that passed the gate: routed, with a live session where one is needed.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) version: Version,
    /// The newest version the server claims.
    pub(crate) newest_version: Version,
    /// The version as written in the path, for addresses in answers.
    pub(crate) version_text: &'a str,
    pub(crate) switches: Switches,
    pub(crate) hosting: Hosting,
    pub(crate) now: DateTime<Utc>,
    pub(crate) query: Query,
    pub(crate) body: Option<Node>,
    /// The variable parts of the path, without the site.
    pub(crate) path: Vec<String>,
    pub(crate) credential: Option<&'a str>,
    pub(crate) base_url: &'a str,
    pub(crate) signed_in: Option<SignedIn>,
}

/// The session of a call.
pub(crate) struct SignedIn {
    /// The site's place among the server's.
    pub(crate) site_number: usize,
    pub(crate) site: Arc<Site>,
    pub(crate) user: u32,
    /// What a connected app's session may do; `None` for everything that its user may.
    pub(crate) scopes: Option<Vec<String>>,
}

impl SignedIn {
    /// The user who asks.
    pub(crate) fn viewer(&self) -> &User {
        &self.site.users[self.user as usize]
    }
}

impl Call<'_> {
    /// The session.
    ///
    /// # Errors
    /// 401002 on routes that are open to all, when no one is signed in.
    pub(crate) fn session(&self) -> Result<&SignedIn, Fault> {
        self.signed_in.as_ref().ok_or_else(Fault::stale_token)
    }

    /// A variable part of the path.
    pub(crate) fn part(&self, at: usize) -> &str {
        self.path.get(at).map_or("", String::as_str)
    }

    /// The page that is asked for.
    pub(crate) fn page(&self) -> Result<Page, Fault> {
        let page = Page::of(&self.query, self.switches.page_size_max)?;
        Ok(page.slipped(&self.switches))
    }

    /// The body, which must be there.
    pub(crate) fn body(&self) -> Result<&Node, Fault> {
        self.body.as_ref().ok_or_else(|| Fault::bad_body("there is none"))
    }

    /// Refuses users who do not administer the site.
    pub(crate) fn require_administrator(&self) -> Result<(), Fault> {
        if self.session()?.viewer().role.is_administrator() {
            return Ok(());
        }
        Err(Fault::forbidden(
            403_000,
            "The user must be an administrator to perform this operation.",
        ))
    }

    /// Changes the session's site.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Site) -> T) -> Result<T, Fault> {
        let number = self.session()?.site_number;
        self.world
            .change_site(number, change)
            .ok_or_else(|| Fault::new(500_000, "Internal Server Error", "no site"))
    }

    /// The session with the site as it is now, after a change.
    pub(crate) fn present(&self) -> Result<SignedIn, Fault> {
        let session = self.session()?;
        let state = self.world.state();
        let hosted = state
            .sites
            .get(session.site_number)
            .ok_or_else(Fault::stale_token)?;
        Ok(SignedIn {
            site_number: session.site_number,
            site: hosted.present().clone(),
            user: session.user,
            scopes: session.scopes.clone(),
        })
    }

    /// Whether `fields=_all_` or the like asks for more than the default fields.
    pub(crate) fn asks_for_all_fields(&self) -> bool {
        self.query
            .get("fields")
            .is_some_and(|fields| fields != "_default_")
    }

    /// Rows in the order they are answered: when the switch `unstable_order` is on and no order is asked
    /// for, another one on each call.
    pub(crate) fn shuffled<T>(&self, mut rows: Vec<T>, sort: &[SortKey]) -> Vec<T> {
        if self.switches.unstable_order && sort.is_empty() && !rows.is_empty() {
            let shift = self.world.next_shift() % rows.len();
            rows.rotate_left(shift);
        }
        rows
    }

    /// The address of something on the site, for `Location`.
    pub(crate) fn location(&self, rest: &str) -> String {
        let site = self
            .signed_in
            .as_ref()
            .map(|session| session.site.identity.luid.to_string());
        format!(
            "/api/{}/sites/{}/{rest}",
            self.version_text,
            site.unwrap_or_default()
        )
    }

    /// The browser address of a page, such as `workbooks/17`.
    pub(crate) fn web_page(&self, site: &Site, page: &str) -> String {
        if site.content_url.is_empty() {
            format!("{}/#/{page}", self.base_url)
        } else {
            format!("{}/#/site/{}/{page}", self.base_url, site.content_url)
        }
    }
}

/// What stands in the body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Nothing,
    Elements(Vec<Element>),
    Bytes(&'static str, Vec<u8>),
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// An answer of that status with elements.
    pub(crate) fn new(status: u16, elements: impl IntoIterator<Item = Element>) -> Self {
        Self {
            status,
            body: Body::Elements(elements.into_iter().collect()),
            headers: Vec::new(),
        }
    }

    /// 200 with one element.
    pub(crate) fn ok(element: Element) -> Self {
        Self::new(200, [element])
    }

    /// 200 with a page of rows.
    pub(crate) fn page(pagination: Element, list: Element) -> Self {
        Self::new(200, [pagination, list])
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            body: Body::Nothing,
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}
