//! What the reader of an inventory should know, in plain words with a stable code.

use std::collections::{BTreeMap, BTreeSet};

use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::inventory::{Asset, Completeness, Inventory, Notice};

use super::lineage::Lineage;
use super::listing::counted;
use super::metadata::Flaw;

/// Adds a notice for everything about the lineage that the reader should know. `nameless` is the number of
/// tables of which not even an id was told.
pub(crate) fn add_notices(inventory: &mut Inventory, lineage: &Lineage, nameless: usize) {
    let mut notices = Notices { inventory, lineage };
    notices.note_failure();
    notices.note_hidden();
    notices.note_nameless(nameless);
    notices.note_flaws();
    notices.note_pending();
    notices.note_strangers();
    notices.note_unknown_fields();
}

/// More kinds of warnings than this are counted and not listed.
const MOST_FLAWS: usize = 50;

/// Of one asset's or data source's reasons so many are told.
const MOST_REASONS: usize = 5;

struct Notices<'a> {
    inventory: &'a mut Inventory,
    lineage: &'a Lineage,
}

impl Notices<'_> {
    /// Nothing at all could be read: one notice with the code of what is wrong says it all.
    fn note_failure(&mut self) {
        if let Some(error) = &self.lineage.failure {
            self.note(
                error.code(),
                format!(
                    "the lineage of {} could not be read, what was known of it is kept: {error}",
                    counted(self.lineage.workbook_flaws.len(), "workbook")
                ),
                error.hint().as_deref(),
            );
        }
    }

    fn note_hidden(&mut self) {
        let tables = self.inventory.tables.values();
        let hidden = tables.filter(|table| table.is_hidden()).count();
        if hidden > 0 {
            self.note(
                "TW-TABLEAU-HIDDEN",
                format!("{} hidden from this token: no names are told", counted(hidden, "table")),
                Some(
                    "Give the token's user the role Site Administrator Explorer, or have \"derived permissions\" \
                     switched on, or grant it permissions on the tables in the catalog.",
                ),
            );
        }
    }

    /// Nothing says whether an empty entry stands for a table at all, so it is no gap of a workbook's.
    fn note_nameless(&mut self, nameless: usize) {
        if nameless > 0 {
            let entries = if nameless == 1 { "entry is" } else { "entries are" };
            self.note(
                "TW-TABLEAU-EMPTY-ENTRY",
                format!("{nameless} {entries} empty in Tableau's lists of tables"),
                Some("Tableau sends such entries now and then; compare the workbook's lineage in Tableau itself."),
            );
        }
    }

    fn note_flaws(&mut self) {
        if self.lineage.failure.is_some() {
            return;
        }
        let own = self.lineage.workbook_flaws.values().flatten();
        let of_published = self.lineage.published_flaws.values().flatten();
        let mut affected: BTreeMap<(String, String), usize> = BTreeMap::new();
        for flaw in own.chain(of_published) {
            *affected.entry((flaw.code.clone(), plain(flaw))).or_default() += 1;
        }
        for flaw in &self.lineage.site_flaws {
            affected.entry((flaw.code.clone(), plain(flaw))).or_insert(0);
        }
        for flaw in self.lineage.table_flaws.values().flatten() {
            *affected.entry((flaw.code.clone(), plain(flaw))).or_default() += 1;
        }
        let more = affected.len().saturating_sub(MOST_FLAWS);
        if more > 0 {
            self.note(
                notice_of("").0,
                format!(
                    "{} of Tableau's are not listed here",
                    counted(more, "further warning")
                ),
                None,
            );
        }
        for ((flaw_code, reason), count) in affected.into_iter().take(MOST_FLAWS) {
            let (code, remedy) = notice_of(&flaw_code);
            let on = match count {
                0 => "everything read".to_owned(),
                _ => counted(count, "item"),
            };
            self.note(
                code,
                format!("the lineage of {on} may not be whole: {reason}"),
                Some(remedy),
            );
        }
    }

    fn note_pending(&mut self) {
        let is_pending = |asset: &&Asset| asset.lineage == Completeness::Pending;
        let pending = self.inventory.assets.values().filter(is_pending).count();
        if pending > 0 {
            self.note(
                "TW-TABLEAU-PENDING",
                format!(
                    "{} not in Tableau's index of content yet",
                    counted(pending, "workbook")
                ),
                Some("Tableau takes from seconds to minutes after publishing. Sync again later."),
            );
        }
    }

    fn note(&mut self, code: &str, message: String, remedy: Option<&str>) {
        self.inventory.notices.insert(Notice {
            code: code.to_owned(),
            message,
            remedy: remedy.map(str::to_owned),
        });
    }

    fn note_strangers(&mut self) {
        if self.lineage.strangers > 0 {
            let count = counted(self.lineage.strangers, "workbook");
            self.note(
                "TW-TABLEAU-GONE",
                format!("{count} of Tableau's index of content left out: not in the list of workbooks"),
                None,
            );
        }
    }

    fn note_unknown_fields(&mut self) {
        if !self.lineage.unknown_fields.is_empty() {
            let fields: Vec<&str> = self.lineage.unknown_fields.iter().map(String::as_str).collect();
            self.note(
                "TW-TABLEAU-OLD-SCHEMA",
                format!("this version of Tableau does not tell {}", fields.join(", ")),
                Some("A later version of Tableau does."),
            );
        }
    }
}

/// Whether what was read under these flaws is all there is.
pub(crate) fn completeness(flaws: &BTreeSet<Flaw>) -> Completeness {
    if flaws.is_empty() {
        return Completeness::Complete;
    }
    let reasons: BTreeSet<String> = flaws.iter().map(plain).collect();
    let more = reasons.len().saturating_sub(MOST_REASONS);
    let mut told: Vec<String> = reasons.into_iter().take(MOST_REASONS).collect();
    if more > 0 {
        told.push(counted(more, "further reason"));
    }
    Completeness::partial(told.join("; "))
}

/// A flaw in plain words (codes: Metadata API guide, "Errors").
fn plain(flaw: &Flaw) -> String {
    let words = match flaw.code.as_str() {
        "NODE_LIMIT_EXCEEDED" | "NullValueInNonNullableField" => {
            "Tableau cut the answer off even when asked for one item"
        }
        "TIME_LIMIT_EXCEEDED" => "Tableau ran out of time even when asked for one item",
        "BACKFILL_RUNNING" => "Tableau is still building its index of content",
        "PERMISSIONS_MODE_SWITCHED" => "Tableau left out what this token may not see",
        "USER_VISIBILITY_IS_LIMITED" => "Tableau limits what this token's user may see of others",
        "INHERITANCE_INCOMPLETE" | "LINKED_RESULTS_INCOMPLETE" => {
            "Tableau followed the lineage only part of the way"
        }
        _ => return flaw.message.clone(),
    };
    words.to_owned()
}

fn notice_of(flaw_code: &str) -> (&'static str, &'static str) {
    match flaw_code {
        "BACKFILL_RUNNING" => (
            "TW-TABLEAU-BACKFILL",
            "It takes hours to days after an upgrade. Nothing is removed meanwhile. Sync again later.",
        ),
        "NODE_LIMIT_EXCEEDED" | "TIME_LIMIT_EXCEEDED" | "NullValueInNonNullableField" => (
            "TW-TABLEAU-CUT-OFF",
            "On Tableau Server an administrator can raise the Metadata API's query limits.",
        ),
        "PERMISSIONS_MODE_SWITCHED" | "USER_VISIBILITY_IS_LIMITED" => (
            "TW-TABLEAU-LIMITED-VIEW",
            "Give the token's user the role Site Administrator Explorer.",
        ),
        _ => (
            "TW-TABLEAU-LINEAGE-PARTIAL",
            "Nothing is removed on such an answer. Sync again later.",
        ),
    }
}
