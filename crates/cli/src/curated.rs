//! What people said of an exposure, as `curate`, `link`, `explain` and others show it.

use tailwater_core::curation::{CuratedMark, Curation, Field, HandLink, Settled, Unlinked};
use tailwater_engine::curation::CuratedAsset;

use crate::document::{Document, Line, Style};

/// Everything that was said of one exposure.
pub fn write(document: &mut Document, asset: &CuratedAsset) {
    let id = asset
        .unique_id
        .as_ref()
        .map_or(asset.asset.as_str(), |id| id.as_str());
    document.line(Line::new().strong(&asset.label).faint(format!("  {id}")));
    write_curation(document, &asset.curation);
}

fn write_curation(document: &mut Document, curation: &Curation) {
    if curation.is_empty() {
        document.line(
            Line::new()
                .indent(2)
                .faint("as the BI tool says: nothing is given by hand"),
        );
        return;
    }
    if let Some(presence) = &curation.presence {
        let word = if curation.is_left_out() {
            "left out"
        } else {
            "brought in"
        };
        document.line(
            Line::new()
                .indent(2)
                .styled(Style::Warning, word)
                .faint(stamp(&presence.by, presence.at)),
        );
        write_note(document, presence.note.as_deref());
    }
    for (field, given) in &curation.fields {
        let value = given.value.to_text();
        let value = if value.is_empty() {
            "(none)".to_owned()
        } else {
            value
        };
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .plain(format!("{}: ", field.title()))
                .strong(value)
                .faint(stamp(&given.by, given.at)),
        );
    }
    for (node, hand) in &curation.links {
        write_hand(document, node.as_str(), hand);
    }
}

fn write_hand(document: &mut Document, node: &str, hand: &HandLink) {
    let word = if hand.is_linked {
        "linked to "
    } else {
        "unlinked from "
    };
    let mut line = Line::new().indent(2).hanging(2).plain(word).strong(node);
    if let Some(table) = &hand.table {
        line = line.plain(format!(" for the table {table}"));
    }
    document.line(line.faint(stamp(&hand.by, hand.at)));
    write_note(document, hand.note.as_deref());
}

fn write_note(document: &mut Document, note: Option<&str>) {
    if let Some(note) = note {
        document.line(Line::new().indent(6).hanging(2).prose(format!("note: {note}")));
    }
}

/// The fields of an exposure that were given by hand, with what the BI tool says.
pub fn write_marks<'m>(document: &mut Document, marks: impl Iterator<Item = (&'m Field, &'m CuratedMark)>) {
    for (field, mark) in marks {
        let was = mark.was.to_text();
        let was = if was.is_empty() {
            "nothing".to_owned()
        } else {
            format!("“{was}”")
        };
        let overruled = if mark.overruled {
            "; the YAML says otherwise, and is shown"
        } else {
            ""
        };
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .plain(format!("{} by hand", field.title()))
                .faint(format!(
                    "{}; the BI tool says {was}{overruled}",
                    stamp(&mark.by, mark.at)
                )),
        );
    }
}

/// Links that were undone by hand, and gaps that were settled.
pub fn write_undone(document: &mut Document, unlinked: &[Unlinked], settled: &[Settled]) {
    if !unlinked.is_empty() {
        document.heading(format!("Unlinked by hand ({})", unlinked.len()));
    }
    for undone in unlinked {
        let standing = match (undone.overruled, undone.evidence.len()) {
            (true, _) => "; the YAML declares the link all the same",
            (false, 0) => "; nothing says any more that it stands on it",
            (false, _) => "",
        };
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .strong(undone.node.as_str())
                .faint(format!("{}{standing}", stamp(&undone.by, undone.at))),
        );
        write_note(document, undone.note.as_deref());
    }
    if !settled.is_empty() {
        document.heading(format!("Gaps settled by hand ({})", settled.len()));
    }
    for one in settled {
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .strong(&one.gap.table)
                .plain(format!(" = {}", one.node))
                .faint(stamp(&one.by, one.at)),
        );
    }
}

/// `  by Ann on 2026-01-02 10:00 UTC`, set apart from what stands before it.
pub fn stamp(by: &str, at: chrono::DateTime<chrono::Utc>) -> String {
    format!("  by {by} on {}", at.format("%Y-%m-%d %H:%M UTC"))
}
