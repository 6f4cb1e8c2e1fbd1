//! Health in words: why a resource is not healthy, and what was looked at, with every name linked.

use maud::{Markup, html};
use tailwater_core::health::{Health, HealthState, Phrase, Reason};

use crate::context::Context;
use crate::view::badge;
use crate::view::name::name;
use crate::view::time::ago_or_dash;

/// A sentence whose names of resources are links.
pub fn phrases(context: &Context, phrases: &[Phrase]) -> Markup {
    html! {
        @for phrase in phrases {
            @match phrase {
                Phrase::Node { id, name: shown } => a href=(context.links.resource(id)) { (name(shown)) },
                Phrase::Text(text) => (text),
            }
        }
    }
}

/// The box under a page's title: the main reason, and how many more there are. Nothing for what is healthy.
/// `checks` is where on the page the rows of [`checks`] stand, such as `#health`.
pub fn notice(context: &Context, health: &Health, checks: &str) -> Option<Markup> {
    let reason = health.main_reason()?;
    let more = health.reasons.len() - 1;
    let tone = if health.state == HealthState::Unknown {
        "info"
    } else {
        health.state.name()
    };
    Some(html! {
        div.notice.(tone) role="note" { p {
            strong { (health.state.title()) ": " }
            (phrases(context, &reason.phrases)) "."
            @if more > 0 { " And " (more) " more " @if more == 1 { "reason" } @else { "reasons" } "." }
            " " a href=(checks) { "See why" }
        } }
    })
}

/// Every reason with its state, worst first.
pub fn reasons(context: &Context, reasons: &[Reason]) -> Markup {
    html! {
        ul.plain-list {
            @for reason in reasons {
                li { (badge::health(reason.state.name())) " " (phrases(context, &reason.phrases))
                    @if reason.at.is_some() { span.muted { " · " (ago_or_dash(reason.at, context.now)) } }
                }
            }
        }
    }
}

/// One row for each check: what was looked at, how it stands, where, when.
pub fn checks(context: &Context, health: &Health) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Checks" {
            table {
                thead { tr { th { "Check" } th { "State" } th { "Where" } th { "When" } } }
                tbody { @for check in &health.checks { tr {
                    td { (check.title) }
                    td { @match check.state { Some(state) => (badge::health(state.name())), None => span.muted { "–" } } }
                    td { (phrases(context, &check.phrases)) }
                    td.nowrap { (ago_or_dash(check.at, context.now)) }
                } } }
            }
        }
    }
}
