//! Reading a site: its lists first, then what stands under the workbooks that moved.
//!
//! ```text
//! begin ─▶ lists ─▶ as at the last glance? ─▶ dates of extracts ─▶ the same: nothing else is read
//!                         │ no                       │ others
//!                         └──────▶ unmoved ◀─────────┘
//!                                     └─▶ lineage of what moved ─▶ assemble ─▶ Inventory, and a glance at it
//! ```

use async_trait::async_trait;
use tailwater_core::selection::Selection;

use super::address::Links;
use super::assemble::{assemble, unknown_owners};
use super::dates::ExtractDates;
use super::glance;
use super::lineage::fetch_lineage;
use super::listing::{Listing, fetch_listing, fetch_users};
use super::metadata::Metadata;
use super::session::Gate;
use super::unmoved::Unmoved;
use crate::connector::{Before, Fetched, Glance, Progress, Survey};
use crate::error::Error;

/// A site whose lists were read.
pub(crate) struct TableauSurvey<'c> {
    gate: &'c Gate,
    progress: &'c dyn Progress,
    listing: Listing,
    links: Links,
    /// What was told of extracts, when it was asked.
    dates: Option<ExtractDates>,
}

impl<'c> TableauSurvey<'c> {
    /// Reads the lists.
    pub(crate) async fn begin(
        gate: &'c Gate,
        selection: &Selection,
        progress: &'c dyn Progress,
    ) -> Result<Self, Error> {
        Ok(Self {
            gate,
            progress,
            listing: fetch_listing(gate, selection, progress).await?,
            links: Links::new(gate.server(), gate.site()),
            dates: None,
        })
    }
}

#[async_trait]
impl Survey for TableauSurvey<'_> {
    async fn is_as(&mut self, glance: &Glance) -> Result<bool, Error> {
        if !self.listing.inventory.listing.is_complete()
            || glance.lists != glance::of_lists(&self.listing, &glance.published)
        {
            return Ok(false);
        }
        let workbooks = self.listing.workbooks.keys().cloned().collect();
        let metadata = Metadata::new(self.gate);
        self.dates =
            ExtractDates::fetch(&metadata, workbooks, glance.published.clone(), self.progress).await?;
        let told = self
            .dates
            .as_ref()
            .and_then(|dates| glance::of_dates(&self.listing, dates, &glance.published));
        Ok(told.as_ref() == Some(&glance.extracts))
    }

    async fn finish(mut self: Box<Self>, before: Option<Before<'_>>) -> Result<Fetched, Error> {
        let metadata = Metadata::new(self.gate);
        let (links, progress) = (&self.links, self.progress);
        // Lists were read: what the server's clock shows is known, and is taken once for all dates.
        let skew = self.gate.skew();
        let unmoved = match before {
            Some(before) => {
                let dates = self.dates.take();
                Unmoved::find(&self.listing, before, links, &metadata, dates, skew, progress).await?
            }
            None => Unmoved::default(),
        };
        let workbooks = self.listing.workbooks.keys();
        let moved = workbooks.filter(|luid| unmoved.asset(luid).is_none()).cloned();
        let lineage = fetch_lineage(&metadata, moved.collect(), progress).await?;
        let owners = unknown_owners(&self.listing, &lineage, &unmoved);
        let inventory = &mut self.listing.inventory;
        self.listing.users = fetch_users(self.gate, owners, inventory, progress).await?;
        let inventory = assemble(&self.listing, &lineage, links, &unmoved, skew);
        Ok(Fetched {
            unmoved: unmoved.count(),
            glance: glance::take(&self.listing, &inventory, links, skew),
            unread: lineage.failure,
            inventory,
        })
    }
}
