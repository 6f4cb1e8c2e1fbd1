//! Why an exposure stands on a node, what could not be linked and what mends it, what people linked and unlinked.

use maud::{Markup, html};
use tailwater_core::exposure::{Evidence, Link, Via};
use tailwater_core::gap::Gap;

use super::form;
use super::subject::Subject;
use crate::view::name::{cut, name};
use crate::view::resource::link_by_id;
use crate::view::time::ago;

/// Longer lists of evidence or gaps are cut here; the API has all.
const MOST_SHOWN: usize = 200;

/// Every node with everything that says so.
pub(super) fn links(subject: &Subject<'_>) -> Markup {
    let exposure = subject.exposure;
    html! {
        section.card #links {
            h2 { "Depends on " span.muted { "(" (exposure.links.len()) ")" } }
            @if exposure.links.is_empty() {
                p.muted { "It stands on no dbt node that is known." }
            }
            ul.plain-list {
                @for link in exposure.links.iter().take(MOST_SHOWN) { li { (one_link(subject, link)) } }
            }
            (more(exposure.links.len()))
            @if subject.may_be_curated() { (form::link(subject)) }
        }
    }
}

fn one_link(subject: &Subject<'_>, link: &Link) -> Markup {
    let is_by_hand = link.evidence.iter().any(|one| one.via == Via::ByHand);
    let best = link.evidence.first();
    html! {
        div.row.spread {
            span { (link_by_id(subject.context, subject.catalog, &link.node))
                @if is_by_hand { " " span.tag { "by hand" } } }
            @if let Some(best) = best { span.muted { (best.via.title()) } }
        }
        details {
            summary { "Evidence (" (link.evidence.len()) ")" }
            ul { @for one in link.evidence.iter().take(MOST_SHOWN) { li { (evidence(subject, one)) } } }
            @if subject.may_be_curated() { (form::unlink(subject, &link.node)) }
        }
    }
}

fn evidence(subject: &Subject<'_>, one: &Evidence) -> Markup {
    let now = subject.context.now;
    html! {
        @match (&one.hand, one.via) {
            (Some(hand), _) => {
                "Linked by hand by " (name(&hand.by)) " " (ago(hand.at, now))
                @if !one.table.is_empty() && one.table != one.relation { " for the table " code { (name(&one.table)) } }
            },
            (None, Via::Declared) => "Declared in the project's YAML",
            (None, via) => {
                code { (name(&one.table)) }
                @if one.table != one.relation { " is " code { (name(&one.relation)) } }
                ": " (one.matched.title()) "; told by " (via.title())
                @if let Some(confidence) = one.confidence { " (" (confidence.name()) ")" }
                ", " @match &one.data_source {
                    Some(source) => { @if source.is_published { "published" } @else { "embedded" } " data source “" (name(&source.name)) "”" },
                    None => "the workbook as a whole",
                }
            },
        }
        @for rule in &one.rules { div.muted { "by the mapping rule " (name(rule)) } }
        @if let Some(note) = &one.note { div.muted { "Note: " (name(note)) } }
    }
}

/// Every table without a link: why, what comes near, what mends it.
pub(super) fn gaps(subject: &Subject<'_>) -> Markup {
    let exposure = subject.exposure;
    if exposure.gaps.is_empty() {
        return html! {};
    }
    html! {
        section.card #gaps {
            h2 { "Not matched " span.muted { "(" (exposure.gaps.len()) ")" } }
            ul.plain-list { @for gap in exposure.gaps.iter().take(MOST_SHOWN) { li { (one_gap(subject, gap)) } } }
            (more(exposure.gaps.len()))
            @if let Some(integration) = &exposure.integration {
                p { a href=(subject.context.links.integration(integration).then("/unmatched")) { "All tables of this integration that are not matched, and what would mend most" } }
            }
        }
    }
}

fn one_gap(subject: &Subject<'_>, gap: &Gap) -> Markup {
    html! {
        p { code { (name(&gap.table)) } " " strong { (gap.reason.title()) }
            @if let Some(source) = &gap.data_source { span.muted { ", in the data source “" (name(source)) "”" } }
            @if gap.count > 1 { span.muted { ", " (gap.count) " tables" } }
        }
        @if !gap.candidates.is_empty() {
            ul { @for candidate in &gap.candidates { li {
                (link_by_id(subject.context, subject.catalog, &candidate.node))
                span.muted { " " code { (name(&candidate.relation)) } ": " (name(&candidate.differs)) }
                @if subject.may_be_curated() { (form::settle(subject, &candidate.node, &gap.table)) }
            } } }
        }
        p.muted { "What mends it: " (cut(&gap.remedy, 1_000)) }
    }
}

/// What people unlinked, and the gaps that they settled.
pub(super) fn undone(subject: &Subject<'_>) -> Markup {
    let (context, exposure) = (subject.context, subject.exposure);
    html! {
        @if !exposure.unlinked.is_empty() {
            section.card #unlinked {
                h2 { "Unlinked by hand " span.muted { "(" (exposure.unlinked.len()) ")" } }
                ul.plain-list { @for undone in &exposure.unlinked { li {
                    p { (link_by_id(context, subject.catalog, &undone.node))
                        span.muted { " by " (name(&undone.by)) " " (ago(undone.at, context.now))
                            @if undone.overruled { "; the project's YAML declares the link all the same" }
                            @else if undone.evidence.is_empty() { "; nothing says any more that it stands on it" }
                        }
                    }
                    @if let Some(note) = &undone.note { p.muted { "Note: " (name(note)) } }
                    @if !undone.evidence.is_empty() {
                        details { summary { "Evidence set aside (" (undone.evidence.len()) ")" }
                            ul { @for one in undone.evidence.iter().take(MOST_SHOWN) { li { (evidence(subject, one)) } } } }
                    }
                    @if subject.may_be_curated() { (form::relink(subject, &undone.node)) }
                } } }
            }
        }
        @if !exposure.settled.is_empty() {
            section.card #settled {
                h2 { "Settled by hand " span.muted { "(" (exposure.settled.len()) ")" } }
                ul.plain-list { @for settled in &exposure.settled { li {
                    code { (name(&settled.gap.table)) } " stands for " (link_by_id(context, subject.catalog, &settled.node))
                    span.muted { " by " (name(&settled.by)) " " (ago(settled.at, context.now)) "; without it: " (settled.gap.reason.title()) }
                } } }
            }
        }
    }
}

fn more(count: usize) -> Markup {
    html! { @if count > MOST_SHOWN { p.muted { "and " (count - MOST_SHOWN) " more, which the API tells" } } }
}
