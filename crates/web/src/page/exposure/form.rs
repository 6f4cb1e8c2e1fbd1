//! The forms by which people say what the BI tool does not. Only those who may send them see them.

use maud::{Markup, html};
use tailwater_core::curation::{Field, LONGEST_NOTE, MATURITIES, TYPES};
use tailwater_core::id::NodeId;
use tailwater_engine::curation::LeftOut;

use super::fact::by_hand;
use super::subject::Subject;
use crate::context::Context;
use crate::link::Address;
use crate::view::form::csrf;

/// Where a form of the exposure is sent.
fn action(subject: &Subject<'_>, rest: &'static str) -> Address {
    subject
        .context
        .links
        .exposure(&subject.exposure.unique_id)
        .then(rest)
}

/// Every field with its present value, links taken back, and leaving the workbook out.
pub(super) fn curation(subject: &Subject<'_>) -> Markup {
    let context = subject.context;
    html! {
        section.card #curate {
            h2 { "Say it better" }
            p.muted { "What you give here stays through every sync, with your name. An empty box shows nothing in place of what the BI tool says." }
            details {
                summary { "Label, owner, description, tags" }
                form method="post" action=(action(subject, "/curate")) {
                    (csrf(context))
                    @for field in Field::ALL { (input(subject, field)) }
                    button.primary type="submit" { "Save" }
                }
            }
            @if !subject.exposure.curated.is_empty() {
                h3 { "Given by hand" }
                ul.plain-list { @for (field, mark) in &subject.exposure.curated { li {
                    strong { (field.title()) } " " span.muted { (by_hand(subject, mark)) }
                    form method="post" action=(action(subject, "/clear")) {
                        (csrf(context))
                        input type="hidden" name="field" value=(field.name());
                        button.plain type="submit" { "Show what the BI tool says" span.hidden { " as " (field.title()) } }
                    }
                } } }
            }
            details {
                summary { "Leave this workbook out" }
                p.muted { "It is then in no list, lineage or export, and syncs do not read it. It can be brought back." }
                form method="post" action=(action(subject, "/leave-out")) {
                    (csrf(context))
                    (note("leave-out-note"))
                    button.danger type="submit" { "Leave it out" }
                }
            }
        }
    }
}

fn input(subject: &Subject<'_>, field: Field) -> Markup {
    let value = field.value_in(subject.exposure).to_text();
    let id = format!("curate-{}", field.name());
    html! {
        div.field {
            label for=(id) { (title(field)) }
            @match field {
                Field::Maturity => (select(&id, field, MATURITIES, &value, true)),
                Field::Type => (select(&id, field, TYPES, &value, false)),
                Field::Description => textarea id=(id) name=(field.name()) rows="4" maxlength="10000" { (value) },
                Field::OwnerEmail => input type="email" id=(id) name=(field.name()) value=(value) maxlength="320" autocomplete="off";,
                _ => input type="text" id=(id) name=(field.name()) value=(value) autocomplete="off";,
            }
        }
    }
}

const fn title(field: Field) -> &'static str {
    match field {
        Field::Label => "Label",
        Field::Description => "Description",
        Field::OwnerName => "Owner",
        Field::OwnerEmail => "Owner e-mail",
        Field::Maturity => "Maturity",
        Field::Type => "Type",
        Field::Tags => "Tags, parted by commas",
    }
}

fn select(id: &str, field: Field, words: &[&str], value: &str, may_be_empty: bool) -> Markup {
    html! {
        select id=(id) name=(field.name()) {
            @if may_be_empty { option value="" selected[value.is_empty()] { "–" } }
            // A word of the YAML's that dbt would not take is left as it is.
            @if !value.is_empty() && !words.contains(&value) { option value=(value) selected { (value) } }
            @for word in words { option value=(word) selected[*word == value] { (word) } }
        }
    }
}

/// A box for a reason. `id` is unique on the page.
fn note(id: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { "Why (for whoever reads it later)" }
            input type="text" id=(id) name="note" maxlength=(LONGEST_NOTE) autocomplete="off";
        }
    }
}

/// A node to stand on that no tool reports.
pub(super) fn link(subject: &Subject<'_>) -> Markup {
    html! {
        details {
            summary { "Link a node by hand" }
            form method="post" action=(action(subject, "/link")) {
                (csrf(subject.context))
                div.field {
                    label for="link-node" { "dbt node" }
                    input type="text" id="link-node" name="node" required autocomplete="off" aria-describedby="link-advice" maxlength="500";
                    p.advice #link-advice { "A model, source, seed or snapshot: its name, or its unique id." }
                }
                (note("link-note"))
                button type="submit" { "Link" }
            }
        }
    }
}

/// The button that undoes one link.
pub(super) fn unlink(subject: &Subject<'_>, node: &NodeId) -> Markup {
    html! {
        form.row method="post" action=(action(subject, "/unlink")) {
            (csrf(subject.context))
            input type="hidden" name="node" value=(node.as_str());
            input type="text" name="note" aria-label={ "Why it does not stand on " (node.as_str()) } placeholder="Why" maxlength=(LONGEST_NOTE) autocomplete="off";
            button type="submit" { "Unlink" span.hidden { " " (node.as_str()) } }
        }
    }
}

/// The button that takes an unlinking back, or links anew.
pub(super) fn relink(subject: &Subject<'_>, node: &NodeId) -> Markup {
    html! {
        form method="post" action=(action(subject, "/link")) {
            (csrf(subject.context))
            input type="hidden" name="node" value=(node.as_str());
            button type="submit" { "Link it again" span.hidden { ": " (node.as_str()) } }
        }
    }
}

/// The button that links a candidate and closes the gap.
pub(super) fn settle(subject: &Subject<'_>, node: &NodeId, table: &str) -> Markup {
    html! {
        form.row method="post" action=(action(subject, "/link")) {
            (csrf(subject.context))
            input type="hidden" name="node" value=(node.as_str());
            input type="hidden" name="table" value=(table);
            button type="submit" { "This is it: link by hand" span.hidden { " " (node.as_str()) } }
        }
    }
}

/// The button that brings a workbook back.
pub(super) fn bring_back(context: &Context, left_out: &LeftOut) -> Markup {
    html! {
        form method="post" action=(context.links.to("/exposures/left-out")) {
            (csrf(context))
            input type="hidden" name="workbook" value=(left_out.asset.as_str());
            button type="submit" { "Bring it back" span.hidden { ": " (left_out.label) } }
        }
    }
}
