//! The first view after connecting: what the dashboards stand on now, what was not matched and what mends it, what
//! else deserves a look, and what to do next. Never an empty graph, never "success" alone.

use maud::{Markup, html};
use tailwater_core::gap::GapReason;
use tailwater_engine::catalog::Catalog;
use tailwater_engine::integration::Integration;
use tailwater_engine::store::SyncRecord;
use tailwater_engine::unmatched::{GapGroup, Unmatched};

use super::mapping;
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome;
use crate::view::name::name;
use crate::view::number::{counted, grouped};

/// More groups of gaps than these stand on their own page.
const MOST_TABLES: usize = 3;

/// Everything that came of the newest sync.
pub async fn first_view(
    context: &Context,
    integration: &Integration,
    record: &SyncRecord,
) -> Result<Markup, Error> {
    let catalog = context.catalog()?;
    let unmatched = context.app.workspace().unmatched(&integration.name).await?;
    Ok(html! {
        (headline(context, &catalog, integration, record))
        (gaps(context, integration, &unmatched))
        (attention(context, &catalog, integration))
        (next(context, integration))
    })
}

/// "**187 dashboards now stand on 64 of your models.** `fct_orders` feeds 41."
fn headline(context: &Context, catalog: &Catalog, integration: &Integration, record: &SyncRecord) -> Markup {
    let footing = catalog.footing(Some(integration.name.as_str()));
    if record.counts.exposures == 0 {
        return chrome::empty(
            "The chosen collections hold no workbook, so nothing was imported.",
            &html! { p { a.button href=(context.links.integration(&integration.name).then("/collections")) { "Choose other collections" } } },
        );
    }
    if footing.linked == 0 {
        let total = record.counts.exposures;
        return chrome::notice(
            "caution",
            &html! {
                p { strong { (counted(total, "dashboard was", "dashboards were")) " imported, and none of them stands on a dbt node yet." } }
                @if catalog.manifests().next().is_none() {
                    p { "No dbt project is known. Bring one: " code { "tailwater project add NAME target" } }
                } @else {
                    p { "Below is why. Mostly the BI tool knows the warehouse by another name than dbt, and one mapping rule closes it." }
                }
            },
        );
    }
    html! {
        section.card.headline {
            p.lead {
                strong { (counted(footing.linked, "dashboard now stands on ", "dashboards now stand on "))
                    @if footing.models > 0 { (counted(footing.models, "of your models", "of your models")) }
                    @else { (counted(footing.nodes, "dbt node", "dbt nodes")) }
                    "." }
                @if let Some((id, count)) = &footing.top {
                    " " a href=(context.links.resource(id)) { code { (short(catalog, id.as_str())) } } " feeds " (grouped(*count as u64)) "."
                }
            }
            @if let Some((id, _)) = &footing.top {
                div.row {
                    a.button.primary href=(context.links.lineage_of(id).query("preset", "impact")) { "See its lineage to the dashboards" }
                    a.button href=(context.links.to("/exposures").query("integration", integration.name.as_str())) { "All " (counted(footing.exposures, "exposure", "exposures")) }
                }
            }
        }
    }
}

fn short(catalog: &Catalog, id: &str) -> String {
    catalog.node(id).map_or_else(
        || id.rsplit('.').next().unwrap_or(id).to_owned(),
        |node| node.name.clone(),
    )
}

/// "**23 tables were not matched**", each group with its reason and a remedy.
fn gaps(context: &Context, integration: &Integration, unmatched: &Unmatched) -> Markup {
    let count = |wanted: fn(GapReason) -> bool| -> usize {
        let groups = unmatched.groups.iter().filter(|group| wanted(group.reason));
        groups
            .flat_map(|group| &group.tables)
            .map(|table| table.count)
            .sum()
    };
    let tables = count(|reason| !reason.is_about_whole_asset() && reason.is_mendable());
    let all = context.links.integration(&integration.name).then("/unmatched");
    if unmatched.groups.is_empty() {
        return chrome::notice(
            "healthy",
            &html! { p { "Every table that the dashboards read was matched with dbt." } },
        );
    }
    html! {
        section.card {
            h2 { @if tables == 0 { "Every warehouse table was matched" } @else { (counted(tables, "table was not matched", "tables were not matched")) } }
            (mapping::proposals(context, integration, unmatched))
            ul.plain-list { @for group in &unmatched.groups { li { (line(context, integration, group)) } } }
            p { a.button href=(all) { "Every table, with its candidates and what mends it" } }
        }
    }
}

fn line(context: &Context, integration: &Integration, group: &GapGroup) -> Markup {
    let tables: usize = group.tables.iter().map(|table| table.count).sum();
    html! {
        a href=(context.links.integration(&integration.name).then("/unmatched").query("reason", group.reason.code())) { strong { (tables) " " (group.title) } }
        ": "
        @for (at, table) in group.tables.iter().take(MOST_TABLES).enumerate() {
            @if at > 0 { ", " } code { (name(&table.table)) }
        }
        @if group.tables.len() > MOST_TABLES { " and " (group.tables.len() - MOST_TABLES) " more" }
        @if let Some(table) = group.tables.first() { span.path { (crate::view::name::cut(&table.remedy, 300)) } }
    }
}

/// "9 dashboards have no owner e-mail", "5 extracts …".
fn attention(context: &Context, catalog: &Catalog, integration: &Integration) -> Markup {
    let own = || catalog.exposures_of(Some(integration.name.as_str()));
    let without_mail = own().filter(|exposure| exposure.owner.email.is_none()).count();
    let refresh = |state: &str| {
        own()
            .filter(|exposure| catalog.refresh(exposure.unique_id.as_str()).state.name() == state)
            .count()
    };
    let (failed, stale) = (refresh("failed"), refresh("stale"));
    let kept = own().filter(|exposure| exposure.stale.is_some()).count();
    let list = || {
        context
            .links
            .to("/exposures")
            .query("integration", integration.name.as_str())
    };
    if without_mail + failed + stale + kept == 0 {
        return html! {};
    }
    html! {
        section.card { h2 { "Worth a look" }
            ul.plain-list {
                @if failed > 0 { li { a href=(list().query("refresh", "failed")) { (counted(failed, "dashboard's extract", "dashboards' extracts")) " failed to refresh" } } }
                @if stale > 0 { li { a href=(list().query("refresh", "stale")) { (counted(stale, "dashboard shows an old extract", "dashboards show old extracts")) } } }
                @if without_mail > 0 { li { a href=(list().query("owner", "none")) { (counted(without_mail, "dashboard has", "dashboards have")) " no owner e-mail" } ": nobody can be told when its data breaks" } }
                @if kept > 0 { li { (counted(kept, "dashboard was", "dashboards were")) " not wholly readable this time; what was known is kept" } }
            }
        }
    }
}

fn next(context: &Context, integration: &Integration) -> Markup {
    html! {
        section.card { h2 { "Next" }
            ul.plain-list {
                li { a href=(context.links.to("/exposures").query("integration", integration.name.as_str())) { "Open an exposure" } ": see what it stands on, with the evidence for every link, and put its health on the dashboard itself as a tile" }
                li { a href=(context.links.to("/settings/users")) { "Invite the owners of the dashboards" } ": they see when their data is not good" }
                li { "Send dbt's artifacts after each build, so that health follows every run: " code { "tailwater ingest target" } }
            }
        }
    }
}
