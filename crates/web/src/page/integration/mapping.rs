//! Mapping rules: those that would close gaps, those that there are, applying and removing them. What a rule does
//! shows at once: what the last sync left is resolved anew, without asking the BI tool.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use tailwater_core::mapping::{MappingRule, RuleText};
use tailwater_core::proposal::Proposal;
use tailwater_engine::Error as EngineError;
use tailwater_engine::account::Role;
use tailwater_engine::integration::Integration;
use tailwater_engine::settings::DeclaredIn;
use tailwater_engine::unmatched::Unmatched;

use super::posted::Posted;
use super::{find, see};
use crate::context::Context;
use crate::error::Error;
use crate::view::form;
use crate::view::name::name;
use crate::view::number::counted;

/// More links than these are only counted.
const MOST_LINKS: usize = 200;

/// `POST /integrations/{name}/mapping`: applies a rule.
pub async fn apply(context: Context, Path(wanted): Path<String>, posted: Posted) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let rule = rule(|field| posted.get(field).map(str::to_owned))?;
    let words = rule.to_string();
    let workspace = context.app.workspace();
    workspace.add_mapping(&integration.name, rule).await?;
    context
        .record("integration.map", integration.name.as_str(), &words)
        .await?;
    resolved_anew(&context, &integration, "applied", &words).await
}

/// `POST /integrations/{name}/mapping/remove`
pub async fn remove(context: Context, Path(wanted): Path<String>, posted: Posted) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let number = posted.text("number").and_then(|number| number.parse().ok());
    let number: usize = number.ok_or_else(|| Error::bad_request("the form names no rule"))?;
    let words = integration
        .mapping
        .get(number.wrapping_sub(1))
        .map(ToString::to_string)
        .unwrap_or_default();
    // Somebody else may have removed one meanwhile, and numbers then mean other rules.
    if posted.text("rule") != Some(words.as_str()) {
        return Err(Error::bad_request("the rules have changed meanwhile").with_hint("load the page again"));
    }
    let workspace = context.app.workspace();
    workspace.remove_mapping(&integration.name, number).await?;
    context
        .record("integration.unmap", integration.name.as_str(), &words)
        .await?;
    resolved_anew(&context, &integration, "removed", &words).await
}

async fn resolved_anew(
    context: &Context,
    integration: &Integration,
    what: &'static str,
    words: &str,
) -> Result<Response, Error> {
    let changed = context.app.runtime().reresolve(&integration.name).await?;
    // The next page must show it already.
    context.app.refresh().await?;
    let back = context
        .links
        .integration(&integration.name)
        .then("/unmatched")
        .query(what, words)
        .query("changed", &changed.unwrap_or_default().to_string());
    Ok(see(&back))
}

/// The rule that a form or an address describes.
pub fn rule(field: impl Fn(&str) -> Option<String>) -> Result<MappingRule, Error> {
    let given = |text: Option<String>| {
        text.map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let schema = if field("no_schema").is_some() {
        Some(String::new())
    } else {
        given(field("schema"))
    };
    let text = RuleText {
        database: given(field("database")),
        schema,
        to: field("to").unwrap_or_default(),
    };
    MappingRule::try_from(text).map_err(|error| EngineError::from(error).into())
}

/// Whether who looks may change the integration's rules here.
fn may_change(context: &Context, integration: &Integration) -> bool {
    context.may(Role::Operator) && integration.declared_in == DeclaredIn::Store
}

/// The rules that would close most gaps, each with what it would link and a button to apply it.
pub fn proposals(context: &Context, integration: &Integration, unmatched: &Unmatched) -> Markup {
    html! {
        @for proposal in &unmatched.proposals {
            div.notice.info { (proposed(context, integration, proposal)) }
        }
        @if let Some(error) = &unmatched.unproposed {
            p.muted { "No mapping rule can be proposed now: " (name(&error.to_string())) }
        }
    }
}

/// A rule that could be applied: in words, what it would do, the button.
pub fn proposed(context: &Context, integration: &Integration, proposal: &Proposal) -> Markup {
    let links = proposal.links.len();
    html! {
        p { (in_words(&proposal.rule)) ": "
            strong { (counted(links, "table", "tables")) " of " (counted(proposal.exposures, "dashboard", "dashboards")) " would be linked" }
            @if proposal.exposures_losing_links > 0 {
                "; " span.error { (counted(proposal.exposures_losing_links, "dashboard", "dashboards")) " would lose a link" }
            } "." }
        details { summary { "What it would link" }
            ul.plain-list {
                @for link in proposal.links.iter().take(MOST_LINKS) { li {
                    code { (name(&link.table)) } " → " a href=(context.links.resource(&link.node)) { code { (name(link.node.as_str())) } }
                } }
                @if links > MOST_LINKS { li.muted { "and " (links - MOST_LINKS) " more" } }
                @if links == 0 { li.muted { "Nothing." } }
            }
        }
        @if may_change(context, integration) {
            form method="post" action=(context.links.integration(&integration.name).then("/mapping").anywhere()) {
                (form::csrf(context))
                (hidden(&proposal.rule))
                button.primary[links > 0] type="submit" { "Apply this rule" }
            }
        } @else if integration.declared_in == DeclaredIn::File {
            p.muted { "To apply it, add it to " code { "tailwater.toml" } ":" }
            pre { (in_toml(&proposal.rule)) }
        }
    }
}

fn hidden(rule: &RuleText) -> Markup {
    html! {
        @if let Some(database) = &rule.database { input type="hidden" name="database" value=(database); }
        @match rule.schema.as_deref() {
            Some("") => input type="hidden" name="no_schema" value="1";,
            Some(schema) => input type="hidden" name="schema" value=(schema);,
            None => {}
        }
        input type="hidden" name="to" value=(rule.to);
    }
}

/// "The site's database `prod` is what dbt calls `analytics`".
fn in_words(rule: &RuleText) -> Markup {
    html! {
        @match (rule.database.as_deref(), rule.schema.as_deref()) {
            (Some(database), Some(schema)) => { "Schema " code { (name(schema)) } " of the site's database " code { (name(database)) } },
            (Some(database), None) => { "The site's database " code { (name(database)) } },
            (None, Some("")) => "What comes without a schema",
            (None, Some(schema)) => { "The site's schema " code { (name(schema)) } },
            (None, None) => "Everything",
        }
        " is what dbt calls " code { (name(&rule.to)) }
    }
}

fn in_toml(rule: &RuleText) -> String {
    let mut text = String::from("[[integration.map]]\n");
    let fields = [
        ("database", rule.database.as_deref()),
        ("schema", rule.schema.as_deref()),
        ("to", Some(rule.to.as_str())),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            text.push_str(key);
            text.push_str(" = ");
            // A string of JSON is one of TOML.
            text.push_str(&serde_json::Value::from(value).to_string());
            text.push('\n');
        }
    }
    text
}

/// The rules that there are, in order, each with a button to remove it.
pub fn list(context: &Context, integration: &Integration) -> Markup {
    html! {
        section.card #rules { h2 { "Mapping rules" }
            p.muted { "How the site's names for databases and schemas become dbt's before comparing. They apply in order." }
            @if integration.mapping.is_empty() { p { "There is none." } } @else {
                ol.plain-list { @for (at, rule) in integration.mapping.iter().enumerate() { li { div.row.spread {
                    span { (in_words(&RuleText::from(rule.clone()))) }
                    @if may_change(context, integration) {
                        form method="post" action=(context.links.integration(&integration.name).then("/mapping/remove").anywhere()) {
                            (form::csrf(context))
                            input type="hidden" name="number" value=(at + 1);
                            input type="hidden" name="rule" value=(rule.to_string());
                            button.plain type="submit" { "Remove" span.hidden { " rule " (at + 1) } }
                        }
                    }
                } } } }
            }
        }
    }
}

/// Boxes for a rule of one's own, which is previewed before it is applied.
pub fn form_of_own(context: &Context, integration: &Integration) -> Markup {
    let value = |field: &str| context.parameter(field).unwrap_or_default();
    html! {
        details.card open[context.parameter("to").is_some()] { summary { "Try a rule of your own" }
            form method="get" action=(context.links.integration(&integration.name).then("/unmatched")) {
                (form::text("database", "The site's database", &value("database"), Some("Leave it empty when only a schema is to be rewritten.")))
                (form::text("schema", "The site's schema", &value("schema"), None))
                p { label.inline { input type="checkbox" name="no_schema" value="1" checked[context.parameter("no_schema").is_some()]; " for names that come without a schema" } }
                (form::text("to", "What dbt calls it", &value("to"), Some("One name, or database.schema.")))
                button type="submit" { "Show what it would link" }
            }
        }
    }
}
