//! The dashboards, sheets and stories of a workbook.
//!
//! The Metadata API tells of hidden sheets, which carry lineage, and of what a dashboard shows; REST tells
//! of stories, of pages and of how often they are opened. They are joined by LUID; a hidden sheet has
//! none, nor a page of its own.

use std::collections::BTreeMap;

use tailwater_core::id::PartId;
use tailwater_core::inventory::{Part, PartKind};

use super::address::Links;
use super::graph::{self, filled};
use super::wire::View;

/// Dashboards, then sheets, hidden ones too, then what only REST tells of, such as stories.
pub(super) fn parts(told: Option<&graph::Workbook>, views: &[View], links: &Links) -> Vec<Part> {
    let mut views: BTreeMap<&str, &View> = views.iter().map(|view| (view.id.as_str(), view)).collect();
    let mut parts = Vec::new();
    if let Some(told) = told {
        for dashboard in &told.dashboards.items {
            let sheet = graph::Sheet {
                id: dashboard.id.clone(),
                luid: dashboard.luid.clone(),
                name: dashboard.name.clone(),
                path: dashboard.path.clone(),
            };
            let contains = dashboard
                .sheets
                .items
                .iter()
                .filter_map(|sheet| filled(sheet.id.as_ref()).map(PartId::from))
                .collect();
            parts.extend(part(links, &sheet, PartKind::Dashboard, contains, &mut views));
        }
        for sheet in &told.sheets.items {
            parts.extend(part(links, sheet, PartKind::Sheet, Vec::new(), &mut views));
        }
    }
    let mut rest: Vec<&View> = views.into_values().collect();
    rest.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    parts.extend(rest.into_iter().map(|view| Part {
        url: view_url(view, links),
        id: PartId::from(view.id.as_str()),
        kind: match view.sheet_type.as_deref() {
            Some("dashboard") => PartKind::Dashboard,
            Some("story") => PartKind::Story,
            _ => PartKind::Sheet,
        },
        name: view.name.clone(),
        is_hidden: false,
        total_views: view.total_views,
        contains: Vec::new(),
    }));
    parts
}

/// Parts as they were read before, with how often they are opened now. A part and a view are joined by their page,
/// since a part's id is not the view's.
pub(super) fn parts_with_views(before: &[Part], views: &[View], links: &Links) -> Vec<Part> {
    let views: BTreeMap<String, &View> = views
        .iter()
        .filter_map(|view| Some((view_url(view, links)?, view)))
        .collect();
    let now = |part: &Part| part.url.as_ref().and_then(|url| views.get(url));
    let part = |part: &Part| Part {
        total_views: now(part).map_or(part.total_views, |view| view.total_views),
        ..part.clone()
    };
    before.iter().map(part).collect()
}

/// Whether a view is among the parts that were read before.
pub(super) fn is_known(view: &View, parts: &[Part], links: &Links) -> bool {
    view_url(view, links).is_some_and(|url| parts.iter().any(|part| part.url.as_ref() == Some(&url)))
}

fn view_url(view: &View, links: &Links) -> Option<String> {
    view.path.as_deref().map(|path| links.view(path))
}

fn part(
    links: &Links,
    sheet: &graph::Sheet,
    kind: PartKind,
    contains: Vec<PartId>,
    views: &mut BTreeMap<&str, &View>,
) -> Option<Part> {
    let luid = filled(sheet.luid.as_ref());
    let view = luid.and_then(|luid| views.remove(luid));
    let path = filled(sheet.path.as_ref()).map(str::to_owned);
    let path = path.or_else(|| view.as_ref()?.path.clone());
    let name = filled(sheet.name.as_ref()).map(str::to_owned);
    let kind = match view.as_ref().and_then(|view| view.sheet_type.as_deref()) {
        Some("story") => PartKind::Story,
        _ => kind,
    };
    Some(Part {
        id: PartId::from(filled(sheet.id.as_ref()).or(luid)?),
        kind,
        name: name
            .or_else(|| view.as_ref().map(|view| view.name.clone()))
            .unwrap_or_default(),
        is_hidden: path.is_none(),
        url: path.map(|path| links.view(&path)),
        total_views: view.and_then(|view| view.total_views),
        contains,
    })
}
