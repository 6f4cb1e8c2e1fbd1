//! The policy of refreshing in words: its fields, their values, of what it is said, and who says so.

use maud::{Markup, html};
use tailwater_core::refresh::{EffectivePolicy, Policy, PolicyPlace, PolicyScope};

use crate::context::Context;
use crate::link::Address;
use crate::view::name::{cut, name};

/// Where what is said of a scope is changed.
pub fn form_address(context: &Context, scope: &PolicyScope) -> String {
    let address = page(context).query("scope", &scope.to_string());
    format!("{address}#form")
}

/// The page of the policy.
pub fn page(context: &Context) -> Address {
    context.links.to("/settings/refresh")
}

/// A scope for people: "dashboard Weekly sales", "integration main".
pub fn scope(context: &Context, scope: &PolicyScope) -> Markup {
    let catalog = context.catalog().ok();
    match scope {
        PolicyScope::Environment { project, environment } => {
            html! { "environment " (name(environment.as_str())) " of " (name(project.as_str())) }
        }
        PolicyScope::Integration { integration } => html! { "integration " (name(integration.as_str())) },
        PolicyScope::Collection {
            integration,
            collection,
        } => {
            let view = catalog
                .as_ref()
                .and_then(|catalog| catalog.integration(integration.as_str()));
            let found = view.and_then(|view| view.inventory().collections.get(collection));
            let title = found.map_or(collection.as_str(), |known| known.name.as_str());
            html! { "collection " (name(title)) " of " (name(integration.as_str())) }
        }
        PolicyScope::Exposure { exposure } => {
            let found = catalog
                .as_ref()
                .and_then(|catalog| catalog.exposure(exposure.as_str()));
            let title = found.map_or(exposure.as_str(), |exposure| exposure.label.as_str());
            html! { "dashboard " (name(title)) }
        }
    }
}

/// What holds, in a sentence without its end: "refreshed after builds, at most every 24 h, held by failed tests".
pub fn sentence(policy: &Policy) -> String {
    if !policy.enabled {
        return "not refreshed after builds".to_owned();
    }
    let interval = chrono::TimeDelta::minutes(i64::from(policy.interval_minutes));
    let mut words = vec!["refreshed after builds".to_owned()];
    if policy.interval_minutes > 0 {
        words.push(format!("at most every {}", crate::view::time::duration(interval)));
    }
    if policy.gate_on_tests {
        words.push("held by failed tests".to_owned());
    }
    if policy.quiet_hours.is_some() {
        words.push(format!(
            "not in the quiet hours ({})",
            value("quiet_hours", policy)
        ));
    }
    if policy.fresh_by.is_some() {
        words.push(format!("fresh by {}", value("fresh_by", policy)));
    }
    words.join(", ")
}

/// Everybody who says something of it, the one who decides whether it is refreshed at all first.
pub fn said_by(context: &Context, effective: &EffectivePolicy) -> Markup {
    let mut places: Vec<&PolicyPlace> = Vec::new();
    let first = effective.sources.get("enabled").into_iter();
    for source in first.chain(effective.sources.values()) {
        if !places.contains(&&source.place) {
            places.push(&source.place);
        }
    }
    html! {
        @if places.is_empty() { "Nobody has said anything of it" } @else { "So say " }
        @for (at, place) in places.iter().enumerate() { @if at > 0 { ", " } (self::place(context, place)) }
        "."
    }
}

/// A field's name for people.
pub const fn title(field: &str) -> &str {
    match field.as_bytes() {
        b"enabled" => "Refreshed after builds",
        b"interval_minutes" => "Shortest interval, minutes",
        b"gate_on_tests" => "Held by failed tests",
        b"quiet_hours" => "Quiet hours",
        b"incremental" => "New rows only",
        b"priority" => "Priority",
        b"fresh_by" => "Fresh by",
        b"timezone" => "Time zone",
        b"at_once" => "Refreshes at once, per site",
        b"per_hour" => "Refreshes an hour, per site",
        _ => field,
    }
}

/// A field's value for people.
pub fn value(field: &str, policy: &Policy) -> String {
    let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    match field {
        "enabled" => yes(policy.enabled),
        "interval_minutes" => policy.interval_minutes.to_string(),
        "gate_on_tests" => yes(policy.gate_on_tests),
        "quiet_hours" => policy.quiet_hours.map_or_else(
            || "none".to_owned(),
            |hours| format!("{} – {}", hours.from.format("%H:%M"), hours.until.format("%H:%M")),
        ),
        "incremental" => yes(policy.incremental),
        "priority" => policy.priority.to_string(),
        "fresh_by" => policy
            .fresh_by
            .map_or_else(|| "no time".to_owned(), |by| by.format("%H:%M").to_string()),
        "timezone" => policy.timezone.clone(),
        "at_once" => policy.at_once.to_string(),
        "per_hour" => policy
            .per_hour
            .map_or_else(|| "no limit".to_owned(), |most| most.to_string()),
        _ => String::new(),
    }
}

/// Who says something.
pub fn place(context: &Context, place: &PolicyPlace) -> Markup {
    match place {
        PolicyPlace::BuiltIn => html! { span.muted { "built in" } },
        PolicyPlace::Variables => html! { "dbt's environment variables" },
        PolicyPlace::Job { job } => html! {
            "the job " a href=(context.links.to("/jobs").segment(job.as_str())) { (name(job.as_str())) }
        },
        PolicyPlace::Defaults => html! { code { "[refresh]" } " in " code { "tailwater.toml" } },
        PolicyPlace::Scope { scope, in_file } => html! {
            span title=(cut(&scope.to_string(), 300)) { (self::scope(context, scope)) } @if *in_file { " in " code { "tailwater.toml" } }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_is_a_sentence() {
        let policy = Policy::default();
        assert_eq!(sentence(&policy), "not refreshed after builds");
        let policy = Policy {
            enabled: true,
            interval_minutes: 90,
            fresh_by: chrono::NaiveTime::from_hms_opt(7, 0, 0),
            ..policy
        };
        assert_eq!(
            sentence(&policy),
            "refreshed after builds, at most every 1 h 30 min, held by failed tests, fresh by 07:00"
        );
    }
}
