//! What Tableau answers, the whole way: through HTTP and the session to an inventory, from there to exposures and
//! their YAML.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use tailwater_core::collection_tree::CollectionTree;
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::inventory::{Completeness, Inventory};
use tailwater_core::naming::{Unnamed, assign_names};
use tailwater_core::resolve::{GivenName, Input, resolve};
use tailwater_core::selection::Selection;

use super::Target;
use super::selector::project;
use crate::property::{is_tame, is_tame_error, survives_the_store};
use crate::site::{MOST_CALLS, Site};

pub const REST_JSON: Target = Target {
    name: "rest_json",
    run: run_rest,
    words: &[
        "\"pagination\"",
        "\"totalAvailable\"",
        "\"pageSize\"",
        "\"projects\"",
        "\"project\"",
        "\"workbooks\"",
        "\"workbook\"",
        "\"views\"",
        "\"view\"",
        "\"id\"",
        "\"name\"",
        "\"parentProjectId\"",
        "\"webpageUrl\"",
        "\"javascript:alert(1)\"",
        "\"tags\"",
        "\"owner\"",
        "\"error\"",
        "\"code\"",
        "\"tsResponse\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "\"\\ud800\"",
        "\"5\"",
    ],
    mutations: 1_200,
};

pub const REST_XML: Target = Target {
    name: "rest_xml",
    run: run_rest,
    words: &[
        "<tsResponse>",
        "</tsResponse>",
        "<project ",
        "<workbook ",
        "<view ",
        "<pagination ",
        "<tags>",
        "<tag ",
        "<owner ",
        "<error ",
        "/>",
        ">",
        "</workbook>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?xml",
        "?>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]>",
        "&b;",
        "&#0;",
        "&#x10FFFF;",
        "&lt;",
        " id=\"",
        "\" ",
        "xmlns:t=",
        "totalAvailable=\"9\"",
        "<html>",
    ],
    mutations: 1_200,
};

pub const GRAPHQL: Target = Target {
    name: "graphql",
    run: run_graph,
    words: &[
        "\"data\"",
        "\"page\"",
        "\"nodes\"",
        "\"pageInfo\"",
        "\"hasNextPage\"",
        "\"endCursor\"",
        "\"errors\"",
        "\"message\"",
        "\"extensions\"",
        "\"code\"",
        "\"NODE_LIMIT_EXCEEDED\"",
        "\"BACKFILL_RUNNING\"",
        "\"RATE_EXCEEDED\"",
        "\"severity\": \"WARNING\"",
        "\"luid\"",
        "\"id\"",
        "\"name\"",
        "\"fullName\"",
        "\"upstreamTables\"",
        "\"embeddedDatasources\"",
        "\"query\"",
        "\"tables\"",
        "\"database\"",
        "\"w1\"",
        "\"FieldUndefined: Field 'projectLuid'\"",
        "true",
        "null",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"\\udc00\"",
    ],
    mutations: 300,
};

/// A site with two workbooks, for what the Metadata API says of them.
const REST: &[u8] = include_bytes!("../../../../fuzz/corpus/rest_json/site.json");
/// What the Metadata API says of any site.
const GRAPH: &[u8] = include_bytes!("../../../../fuzz/corpus/graphql/lineage.json");

fn run_rest(bytes: &[u8]) {
    check(bytes, GRAPH);
}

fn run_graph(bytes: &[u8]) {
    check(REST, bytes);
}

fn check(rest: &[u8], graph: &[u8]) {
    static SITE: OnceLock<Mutex<Option<Site>>> = OnceLock::new();
    let site = SITE.get_or_init(|| Mutex::new(Site::start().ok()));
    let site = site.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(site.is_some(), "no port to listen on");
    let Some(site) = site.as_ref() else { return };
    let reading = site.read(rest, graph);
    assert!(reading.calls <= MOST_CALLS, "{} calls", reading.calls);
    match reading.outcome {
        Ok(inventory) => check_inventory(&inventory, rest.len() + graph.len()),
        Err(error) => is_tame_error(&error),
    }
}

fn check_inventory(inventory: &Inventory, input_length: usize) {
    let length = survives_the_store(inventory);
    assert!(
        length <= 100 * input_length + 100_000,
        "{input_length} bytes became {length}"
    );
    assert!(
        inventory.notices.len() <= 100,
        "{} notices",
        inventory.notices.len()
    );
    for notice in &inventory.notices {
        is_tame(&notice.message);
        if let Some(remedy) = &notice.remedy {
            is_tame(remedy);
        }
    }
    is_told(&inventory.listing);
    for asset in inventory.assets.values() {
        is_told(&asset.lineage);
        let links = asset.parts.iter().map(|part| &part.url).chain([&asset.url]);
        for url in links.flatten() {
            is_web(url);
        }
        assert!(
            asset
                .data_sources
                .iter()
                .all(|id| inventory.data_sources.contains_key(id))
        );
        assert!(
            asset
                .tables
                .iter()
                .all(|table| inventory.tables.contains_key(&table.table))
        );
    }
    for source in inventory.data_sources.values() {
        is_told(&source.lineage);
        if let Some(url) = &source.url {
            is_web(url);
        }
        assert!(
            source
                .tables
                .iter()
                .all(|table| inventory.tables.contains_key(&table.table))
        );
        assert!(
            source
                .custom_sql
                .iter()
                .all(|id| inventory.custom_sql.contains_key(id))
        );
    }
    let tree = CollectionTree::new(inventory, &Selection::new(["**"]));
    assert_eq!(tree.rows.len(), inventory.collections.len());
    check_exposures(inventory);
}

fn check_exposures(inventory: &Inventory) {
    let unnamed: Vec<Unnamed<'_>> = inventory
        .assets
        .iter()
        .map(|(asset, told)| Unnamed {
            asset,
            label: &told.name,
            created_at: told.created_at,
        })
        .collect();
    let names: BTreeMap<AssetId, GivenName> = assign_names(&unnamed, &BTreeMap::new(), &[].into())
        .into_iter()
        .map(|(asset, name)| {
            let project = "shop".into();
            (asset, GivenName { project, name })
        })
        .collect();
    assert_eq!(names.len(), inventory.assets.len());
    let resolution = resolve(&Input {
        integration: &IntegrationName::from("fuzz"),
        inventory,
        readings: &BTreeMap::new(),
        projects: &[project()],
        mapping: &[],
        names: &names,
    });
    assert_eq!(resolution.exposures.len(), inventory.assets.len());
    for exposure in resolution.exposures.values() {
        survives_the_store(exposure);
        let linked: Vec<_> = exposure.links.iter().map(|link| &link.node).collect();
        assert!(exposure.depends_on.iter().eq(linked), "{exposure:?}");
        assert!(exposure.links.iter().all(|link| !link.evidence.is_empty()));
        assert!(
            !exposure.links.is_empty() || !exposure.gaps.is_empty(),
            "a silent gap: {exposure:?}"
        );
    }
}

fn is_told(completeness: &Completeness) {
    if let Completeness::Partial { reason } = completeness {
        is_tame(reason);
    }
}

fn is_web(url: &str) {
    assert!(
        url.starts_with("http://") || url.starts_with("https://"),
        "{url:?}"
    );
    assert!(!url.contains(|letter: char| letter.is_control()), "{url:?}");
}
