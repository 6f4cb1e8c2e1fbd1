//! What every connector offers, whatever the BI tool.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::exposure::Stale;
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::inventory::Inventory;
use tailwater_core::selection::Selection;

use crate::error::Error;
use crate::refresh::ExtractRefresher;
use crate::warning::Warner;

/// Reads one site of one BI tool.
///
/// A connector signs in when it first needs to and keeps one session for all calls. Whoever made it
/// calls [`sign_out`](Connector::sign_out) at the end.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The integration that this connector serves.
    fn integration(&self) -> &IntegrationName;

    /// Tries everything that a sync needs, line by line, in an order in which each line rests on those
    /// before it. Never stops at the first failure: what cannot be tried any more is `Skipped`.
    async fn check(&self, progress: &dyn Progress) -> Vec<Check>;

    /// The tree of collections with the number of assets in each. Of the inventory only `site`,
    /// `collections`, `listing` and `notices` are filled.
    async fn fetch_collections(&self) -> Result<Inventory, Error>;

    /// Every asset that the token's user sees, selected or not, by id.
    async fn fetch_titles(&self) -> Result<Vec<AssetTitle>, Error>;

    /// Begins to read the assets of the selected collections, with those brought in and without those left out by
    /// hand: as far as the tool's lists tell.
    ///
    /// # Errors
    /// An error means that nothing useful was learnt.
    async fn survey<'c>(
        &'c self,
        selection: &'c Selection,
        progress: &'c dyn Progress,
    ) -> Result<Box<dyn Survey + 'c>, Error>;

    /// The assets of the selected collections, and everything they stand on: [`survey`](Connector::survey) to its
    /// end, for who knows nothing yet. Lists without any lineage are an error.
    async fn fetch_inventory(
        &self,
        selection: &Selection,
        progress: &dyn Progress,
    ) -> Result<Inventory, Error> {
        let survey = self.survey(selection, progress).await?;
        let fetched = survey.finish(None).await?;
        fetched.unread.map_or(Ok(fetched.inventory), Err)
    }

    /// The same, but what did not move since it was read before is not read again.
    async fn fetch_changes(
        &self,
        selection: &Selection,
        before: Before<'_>,
        progress: &dyn Progress,
    ) -> Result<Fetched, Error> {
        let survey = self.survey(selection, progress).await?;
        survey.finish(Some(before)).await
    }

    /// Its side that refreshes extracts; `None` where the tool has none, or cannot.
    fn refresher(&self) -> Option<&dyn ExtractRefresher> {
        None
    }

    /// When the token itself ends, as far as the tool told at the last sign-in of this connector.
    async fn token_expires_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// By how much the tool's clock is ahead of this machine's, as far as its answers told; negative when it is behind.
    fn clock_ahead(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    /// Puts warnings on the tool's content, where the tool has such a thing.
    fn warner(&self) -> Option<&dyn Warner> {
        None
    }

    /// Ends the session, if there is one. Failures are logged, since nothing depends on it.
    async fn sign_out(&self);
}

/// A site whose lists were read.
#[async_trait]
pub trait Survey: Send {
    /// Whether the site is, as far as the tool tells, exactly as it was when the glance was taken: nothing that
    /// [`finish`](Survey::finish) would answer has changed. Says no when in doubt.
    ///
    /// # Errors
    /// When no other call can go through either.
    async fn is_as(&mut self, glance: &Glance) -> Result<bool, Error>;

    /// Reads everything that the listed assets stand on. What did not move since it was read `before` need not be read
    /// again: of it come what lists tell, what is used how often, and when extracts were refreshed. Whoever asks sees
    /// to it that everything is read from time to time, since a list does not show every change.
    ///
    /// Answers that were cut short are not errors: they are marked in [`Inventory::listing`] and in each
    /// asset's and data source's `lineage`.
    ///
    /// # Errors
    /// An error means that nothing useful was learnt.
    async fn finish(self: Box<Self>, before: Option<Before<'_>>) -> Result<Fetched, Error>;
}

/// What was known of a site.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// The inventory that the last sync left.
    pub inventory: &'a Inventory,
    /// What was stale in it.
    pub stale: &'a BTreeMap<AssetId, Stale>,
    /// When reading it began, by the tool's own clock: what it dates is compared with this.
    pub read_at: DateTime<Utc>,
}

/// A whole site in short, for [`Survey::is_as`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// A digest of what the lists told.
    pub(crate) lists: String,
    /// A digest of which extracts there were, and when they were refreshed.
    pub(crate) extracts: String,
    /// The published data sources that the assets stood on.
    pub(crate) published: BTreeSet<String>,
    /// The glance is worth something when the site was read then or later, by the tool's own clock: what had
    /// changed shortly before may not have been told of yet.
    pub settled_at: DateTime<Utc>,
}

/// What was read of a site.
#[derive(Debug)]
pub struct Fetched {
    /// All of it: what was read, and what did not move.
    pub inventory: Inventory,
    /// How many assets had not moved, so that their lineage was not read again.
    pub unmoved: usize,
    /// Why of the lineage that was asked for nothing at all could be read, while the lists were. Each asset concerned
    /// is marked as partial.
    pub unread: Option<Error>,
    /// The same in short; `None` when it was not wholly told, or some of it would be read again in any case.
    pub glance: Option<Glance>,
}

/// An asset as people recognise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AssetTitle {
    /// The tool's id (Tableau: the workbook's LUID).
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// Names of its collections from the top; empty in a personal space.
    pub collection_path: Vec<String>,
    /// Where a person opens it, when told.
    pub url: Option<String>,
}

/// Hears how far a connector has come.
pub trait Progress: Send + Sync {
    /// A step was made.
    fn report(&self, step: Step);

    /// A line of [`Connector::check`] is known. Lines come as they are found, which is not always the order
    /// in which they are answered at the end.
    fn line(&self, _: &Check) {}
}

/// How far one phase of the work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is being read, such as `projects`, `workbooks`, `lineage`.
    pub phase: &'static str,
    /// How many items are done.
    pub done: usize,
    /// How many there are; `None` while that is unknown.
    pub total: Option<usize>,
}

/// A listener that hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn report(&self, _: Step) {}
}

/// One line of [`Connector::check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was tried, such as `sign-in`; stable.
    pub name: &'static str,
    /// How it went.
    pub state: CheckState,
    /// What was found, in plain words.
    pub detail: String,
    /// What mends it, when something is amiss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How one line of a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// All is well.
    Ok,
    /// Usable, but with a limit that the reader should know.
    Warning,
    /// Does not work.
    Failed,
    /// Not tried, because something that it needs failed.
    Skipped,
}

impl Check {
    /// All is well.
    pub fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, CheckState::Ok, detail.into(), None)
    }

    /// Usable with a limit, and what lifts it.
    pub fn warning(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, CheckState::Warning, detail.into(), Some(remedy.into()))
    }

    /// Does not work, for the reason that the error gives.
    pub fn failed(name: &'static str, error: &Error) -> Self {
        use tailwater_core::diagnostic::Diagnostic;
        Self::new(name, CheckState::Failed, error.to_string(), error.hint())
    }

    /// Not tried, because of an earlier line.
    pub fn skipped(name: &'static str, because: &'static str) -> Self {
        let detail = format!("not tried, because `{because}` failed");
        Self::new(name, CheckState::Skipped, detail, None)
    }

    const fn new(name: &'static str, state: CheckState, detail: String, remedy: Option<String>) -> Self {
        Self {
            name,
            state,
            detail,
            remedy,
        }
    }
}
