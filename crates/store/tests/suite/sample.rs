//! Integrations, inventories and landings to test with.

use std::collections::BTreeMap;

use tailwater_core::credential::CredentialName;
use tailwater_core::exposure::{
    Evidence, Exposure, ExposureOwner, Link, Matched, Mode, Stale, Via, Workbook,
};
use tailwater_core::gap::{Candidate, Gap, GapReason};
use tailwater_core::id::{AssetId, IntegrationName, TableId};
use tailwater_core::inventory::{
    Asset, Collection, Inventory, Notice, Owner, Site, Table, TableUse, TableVia,
};
use tailwater_core::mapping::MappingRule;
use tailwater_core::selection::Selection;
use tailwater_store::{
    ExposureName, IntegrationRecord, Landing, Origin, SyncCounts, SyncDetail, SyncId, SyncOutcome,
    SyncRecord, Way,
};

use crate::home::at;

pub fn integration(name: &str) -> IntegrationRecord {
    IntegrationRecord {
        name: name.into(),
        kind: "tableau".to_owned(),
        server: "https://10ax.online.tableau.com".to_owned(),
        site: "acme".to_owned(),
        credential: CredentialName::token("tailwater"),
        allow_http: false,
        projects: vec!["shop".into(), "finance".into()],
        selection: Selection::new(["Finance/**", "R\\/D"]),
        mapping: vec![MappingRule::new(Some("prod"), None, "analytics").unwrap()],
        created_at: at(0),
        updated_at: at(0),
        origin: Origin::Command,
        way: Way::default(),
    }
}

pub fn record(integration: &str, finished: i64) -> SyncRecord {
    SyncRecord {
        id: SyncId::new(at(finished - 5)),
        integration: integration.into(),
        started_at: at(finished - 5),
        finished_at: at(finished),
        outcome: SyncOutcome::Changed,
        counts: SyncCounts {
            added: 2,
            tables_linked: 7,
            ..SyncCounts::default()
        },
        unlinked_by_reason: BTreeMap::from([(GapReason::UnknownToDbt, 3), (GapReason::Ambiguous, 1)]),
        notices: vec![Notice {
            code: "TW-TABLEAU-BACKFILL".to_owned(),
            message: "the index is being built".to_owned(),
            remedy: None,
        }],
        error: None,
        detail: SyncDetail::default(),
    }
}

/// Workbook `luid-1` and so on, each on one table and its node.
pub fn landing(integration: &str, finished: i64, workbooks: impl IntoIterator<Item = usize>) -> Landing {
    let mut landing = empty_landing(integration, finished);
    for number in workbooks {
        add_workbook(&mut landing, number);
    }
    landing
}

pub fn empty_landing(integration: &str, finished: i64) -> Landing {
    Landing {
        standing: None,
        integration: integration.into(),
        inventory: Inventory {
            site: Site {
                tool: "tableau".to_owned(),
                server: "https://10ax.online.tableau.com".to_owned(),
                ..Site::default()
            },
            collections: BTreeMap::from([(
                "collection".into(),
                Collection {
                    name: "Finance".to_owned(),
                    path: vec!["Finance".to_owned()],
                    ..Collection::default()
                },
            )]),
            ..Inventory::default()
        },
        exposures: Vec::new(),
        names: Vec::new(),
        stale: BTreeMap::new(),
        record: record(integration, finished),
    }
}

pub fn add_workbook(landing: &mut Landing, number: usize) {
    let id = asset_id(number);
    let table = TableId::new(format!("table-{number}"));
    landing.inventory.tables.insert(
        table.clone(),
        Table {
            name: Some(format!("t{number}")),
            ..Table::default()
        },
    );
    landing.inventory.assets.insert(
        id.clone(),
        Asset {
            name: format!("Workbook {number}"),
            collection: Some("collection".into()),
            owner: Some(Owner::default()),
            tables: [TableUse {
                table,
                via: TableVia::TableList,
            }]
            .into(),
            created_at: Some(at(number.try_into().unwrap())),
            ..Asset::default()
        },
    );
    landing
        .exposures
        .push((id.clone(), exposure(&landing.integration, number)));
    landing.names.push(ExposureName {
        integration: landing.integration.clone(),
        asset: id,
        project: "shop".into(),
        name: name(&landing.integration, number),
    });
}

pub fn asset_id(number: usize) -> AssetId {
    AssetId::new(format!("luid-{number}"))
}

/// Unique in the project, whatever the integration.
pub fn name(integration: &IntegrationName, number: usize) -> String {
    format!("{integration}_workbook_{number}")
}

pub fn exposure(integration: &IntegrationName, number: usize) -> Exposure {
    let node = format!("model.shop.m{number}");
    let name = name(integration, number);
    Exposure {
        unique_id: format!("exposure.shop.{name}").into(),
        name,
        label: format!("Workbook {number} 'Ünïted' \"x\" 💧"),
        kind: "dashboard".to_owned(),
        mode: Mode::Auto,
        modes: [Mode::Auto].into(),
        project: "shop".into(),
        integration: Some(integration.clone()),
        url: Some(format!("https://10ax.online.tableau.com/#/workbooks/{number}")),
        owner: ExposureOwner {
            name: Some("Ann".to_owned()),
            email: Some("ann@example.com".to_owned()),
        },
        description: None,
        maturity: None,
        tags: ["finance".to_owned()].into(),
        depends_on: [node.as_str().into(), "model.shop.shared".into()].into(),
        links: vec![Link {
            node: node.as_str().into(),
            evidence: vec![Evidence {
                via: Via::TableList,
                matched: Matched::DatabaseSchemaName,
                table: format!("analytics.marts.m{number}"),
                relation: format!("analytics.marts.m{number}"),
                data_source: None,
                rules: vec![],
                confidence: None,
                note: None,
                hand: None,
            }],
        }],
        gaps: vec![Gap {
            table: "other.t".to_owned(),
            reason: GapReason::OtherDatabase,
            candidates: vec![Candidate {
                node: "model.shop.t".into(),
                relation: "analytics.marts.t".to_owned(),
                differs: "the database".to_owned(),
            }],
            remedy: "map it".to_owned(),
            data_source: None,
            via: None,
            count: 1,
            compared: None,
        }],
        workbook: Some(Workbook {
            luid: asset_id(number).to_string(),
            project_path: "Finance".to_owned(),
            total_views: Some(12),
            created_at: Some(at(1)),
            updated_at: None,
        }),
        stale: None,
        first_seen: None,
        last_seen: None,
        curated: BTreeMap::new(),
        unlinked: Vec::new(),
        settled: Vec::new(),
    }
}

pub fn stale(since: i64) -> Stale {
    Stale {
        since: at(since),
        reason: "the node limit was met".to_owned(),
    }
}
