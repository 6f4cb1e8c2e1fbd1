//! A site in short: digests that are the same only when a sync would read the same of it again.
//!
//! | digest | of what |
//! | --- | --- |
//! | lists | site and version, collections, chosen workbooks, their views, published data sources under them, notices |
//! | extracts | the data sources inside each workbook; of these and the published ones, whether there is an extract and when it was refreshed |
//!
//! A glance is taken only of a site at rest: one of which a sync would leave out reading every workbook's lineage. So what
//! was partial, pending or hidden is looked at again, whatever the lists say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tailwater_core::inventory::{DataSource, Inventory};
use tailwater_core::reference::reachable_sources;

use super::address::Links;
use super::assemble::last_refresh;
use super::dates::ExtractDates;
use super::graph::filled;
use super::listing::Listing;
use super::skew::Skew;
use super::unmoved::{SETTLED, unmoved};
use crate::connector::{Before, Glance};

/// Whether there is an extract, and when it was last refreshed.
type Extract = (Option<bool>, Option<DateTime<Utc>>);

/// The extracts of a site.
#[derive(Default, Hash)]
struct Extracts<'a> {
    /// Those of the data sources inside each workbook.
    embedded: BTreeMap<&'a str, BTreeMap<&'a str, Extract>>,
    published: BTreeMap<&'a str, Extract>,
}

/// A glance at what was just read; `None` when the site is not at rest.
///
/// What is compared later is what the server told: dates by its clock.
pub(super) fn take(listing: &Listing, inventory: &Inventory, links: &Links, skew: Skew) -> Option<Glance> {
    if !inventory.listing.is_complete() || listing.workbooks.is_empty() {
        return None;
    }
    let before = Before {
        inventory,
        stale: &BTreeMap::new(),
        // Until when the site is settled is for others to compare.
        read_at: DateTime::<Utc>::MAX_UTC,
    };
    let mut newest = DateTime::<Utc>::MIN_UTC;
    let mut published = BTreeSet::new();
    let mut extracts = Extracts::default();
    for (luid, workbook) in &listing.workbooks {
        let asset = unmoved(listing, workbook, before, links)?;
        let owner = asset.owner.as_ref();
        // Their names are asked for anew each time.
        if owner.is_some_and(|owner| owner.name.is_none() && owner.email.is_none()) {
            return None;
        }
        newest = newest.max(asset.updated_at?);
        let mut embedded = BTreeMap::new();
        for (id, source) in reachable_sources(inventory, asset) {
            if source.is_published {
                newest = newest.max(source.updated_at?);
                extracts.published.insert(id.as_str(), extract(source, skew));
                published.insert(id.as_str().to_owned());
            } else if asset.data_sources.contains(id) {
                embedded.insert(id.as_str(), extract(source, skew));
            } else {
                return None;
            }
        }
        extracts.embedded.insert(luid, embedded);
    }
    Some(Glance {
        lists: of_lists(listing, &published),
        extracts: digest(&extracts),
        published,
        settled_at: newest.checked_add_signed(SETTLED)?,
    })
}

/// The digest of what lists told.
pub(super) fn of_lists(listing: &Listing, published: &BTreeSet<String>) -> String {
    let sources = published.iter().map(|luid| listing.data_sources.get(luid));
    let inventory = &listing.inventory;
    digest(&(
        &inventory.site,
        &inventory.collections,
        &inventory.notices,
        &listing.workbooks,
        &listing.views,
        sources.collect::<Vec<_>>(),
    ))
}

/// The digest of what was told of extracts; `None` when it was not told of all.
pub(super) fn of_dates(
    listing: &Listing,
    dates: &ExtractDates,
    published: &BTreeSet<String>,
) -> Option<String> {
    let mut extracts = Extracts::default();
    for luid in listing.workbooks.keys() {
        let mut embedded = BTreeMap::new();
        for source in &dates.workbook(luid)?.embedded_datasources.items {
            let state = (source.has_extracts, last_refresh(source));
            embedded.insert(filled(source.id.as_ref())?, state);
        }
        extracts.embedded.insert(luid, embedded);
    }
    for luid in published {
        let source = dates.published(luid)?;
        let listed = listing.data_sources.get(luid);
        let is_there = source.has_extracts.or_else(|| listed?.has_extracts);
        extracts.published.insert(luid, (is_there, last_refresh(source)));
    }
    Some(digest(&extracts))
}

fn extract(source: &DataSource, skew: Skew) -> Extract {
    (
        source.has_extract,
        source.extract_refreshed_at.map(|at| skew.theirs(at)),
    )
}

/// SHA-256 of what `Hash` tells of a value.
struct Sink(Sha256);

impl Hasher for Sink {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0 // Nobody asks: the digest is the whole hash.
    }
}

fn digest(value: &impl Hash) -> String {
    let mut sink = Sink(Sha256::new());
    value.hash(&mut sink);
    let hash = sink.0.finalize();
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
