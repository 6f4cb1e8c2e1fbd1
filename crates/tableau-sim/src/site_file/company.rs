//! A company's site of any size, made up in the proportions of real ones: for measuring.
//!
//! Nothing in it is drawn: the same size is the same site, so that figures of today compare with those of
//! another day.

use super::{
    CustomSql, Dashboard, DashboardEntry, Datasource, Instant, Person, PublishedDatasource, Sheet,
    SheetEntry, SiteBuilder, SiteRole, Table, TableEntry, TablesReported, Workbook,
};

const REGIONS: [&str; 6] = [
    "EMEA",
    "North America",
    "Asia Pacific",
    "Global",
    "Nordics",
    "Latin America",
];
const TOPICS: [&str; 10] = [
    "Subscription Revenue",
    "Order Fulfilment",
    "Customer Retention",
    "Marketing Attribution",
    "Inventory Turnover",
    "Accounts Receivable",
    "Support Tickets",
    "Workforce Planning",
    "Product Usage",
    "Supplier Quality",
];
const KINDS: [&str; 5] = [
    "Weekly Review",
    "Executive Overview",
    "Deep Dive",
    "Operational Monitor",
    "Month-End Close",
];
/// Worksheets of a workbook, by its number: 4.8 on average.
const SHEETS: [usize; 5] = [4, 5, 6, 3, 6];
/// Columns of a table, by its number.
const COLUMNS: [usize; 4] = [6, 9, 14, 8];

/// The tables that [`SiteBuilder::company`] uses, in the database `ANALYTICS`, as schema and name: one for
/// every other workbook, and forty more.
pub fn company_tables(workbooks: usize) -> Vec<(String, String)> {
    let table = |number: usize| {
        let schema = ["MARTS", "FINANCE", "STAGING"][number % 3];
        let topic = TOPICS[number % TOPICS.len()].to_uppercase().replace(' ', "_");
        (schema.to_owned(), format!("FCT_{topic}_{number:04}"))
    };
    (0..40 + workbooks / 2).map(table).collect()
}

impl SiteBuilder {
    /// Adds so many workbooks with about five worksheets each, a fifth of them hidden, one dashboard, and one
    /// to three data sources. Half of those stand on published ones, of which there is one for every five
    /// workbooks; one in eight holds custom SQL. The workbooks lie in projects of two levels, a dozen in each,
    /// and twenty are one person's.
    #[must_use]
    pub fn company(self, workbooks: usize) -> Self {
        let tables = company_tables(workbooks);
        self.change(|site| {
            let owners = workbooks / 20 + 3;
            site.users.extend((0..owners).map(owner));
            site.tables.extend(tables.iter().enumerate().map(table));
            let published = workbooks / 5 + 1;
            site.datasources
                .extend((0..published).map(|number| published_source(number, &tables)));
            site.workbooks.extend(
                (0..workbooks).map(|number| workbook(number, owners, published, workbooks / 24 + 1, &tables)),
            );
        })
    }
}

fn owner_name(number: usize) -> String {
    format!("firstname.lastname{number:03}@acme.example")
}

fn owner(number: usize) -> Person {
    Person {
        name: owner_name(number),
        full_name: Some(format!("Firstname Lastname {number:03}")),
        email: Some(owner_name(number)),
        role: SiteRole::Creator,
        password: None,
        luid: None,
    }
}

fn table((number, (schema, name)): (usize, &(String, String))) -> Table {
    let columns = 0..COLUMNS[number % COLUMNS.len()];
    Table {
        key: Some(format!("{schema}.{name}")),
        connection: Some("warehouse".to_owned()),
        schema: schema.clone(),
        name: name.clone(),
        columns: Some(
            columns
                .map(|column| format!("COLUMN_NAME_{column:02}").as_str().into())
                .collect(),
        ),
        ..Table::default()
    }
}

/// So many tables from a place on.
fn entries(tables: &[(String, String)], from: usize, count: usize) -> Vec<TableEntry> {
    let places = (0..count).map(|step| &tables[(from + step * 7) % tables.len()]);
    places
        .map(|(schema, name)| TableEntry::Name(format!("{schema}.{name}")))
        .collect()
}

fn custom_sql(tables: &[(String, String)], from: usize) -> CustomSql {
    let used = entries(tables, from, 2);
    let names: Vec<String> = used
        .iter()
        .map(|entry| match entry {
            TableEntry::Name(name) => format!("ANALYTICS.{name}"),
            TableEntry::Described(table) => table.name.clone(),
        })
        .collect();
    CustomSql {
        name: "Custom SQL Query".to_owned(),
        query: format!(
            "with latest as (\n  select *, row_number() over (partition by COLUMN_NAME_00 order by COLUMN_NAME_01 desc) as rank_in_group\n  \
             from {}\n)\nselect latest.COLUMN_NAME_00 as id, latest.COLUMN_NAME_02, sum(other.COLUMN_NAME_03) as amount\n\
             from latest\njoin {} as other on other.COLUMN_NAME_00 = latest.COLUMN_NAME_00\n\
             where latest.rank_in_group = 1 and latest.COLUMN_NAME_01 >= <[Parameters].[Start Date]>\ngroup by 1, 2",
            names[0], names[1]
        ),
        supported: !from.is_multiple_of(3),
        tables: if from.is_multiple_of(3) { Vec::new() } else { used },
        columns: Some(["id".into(), "COLUMN_NAME_02".into(), "amount".into()].into()),
        connection: None,
    }
}

fn refreshed(number: usize) -> Option<Instant> {
    let day = format!("2026-01-{:02}T05:{:02}:00Z", number % 28 + 1, number % 60);
    day.parse().ok().map(Instant)
}

fn published_source(number: usize, tables: &[(String, String)]) -> PublishedDatasource {
    let topic = TOPICS[number % TOPICS.len()];
    let body = embedded_source(number * 3 + 1, tables, number.is_multiple_of(8));
    PublishedDatasource {
        name: format!("{topic} (certified) {number:04}"),
        key: Some(format!("published-{number}")),
        project: Some("Data Sources".into()),
        owner: None,
        description: String::new(),
        tags: Vec::new(),
        certified: number.is_multiple_of(2),
        bridge: false,
        created_at: None,
        updated_at: refreshed(number),
        content_url: None,
        hidden_from: Vec::new(),
        refresh: super::Refresh::default(),
        schedule: None,
        luid: None,
        connection: body.connection,
        tables: body.tables,
        custom_sql: body.custom_sql,
        virtual_tables: Vec::new(),
        calculations: Vec::new(),
        extract: body.extract,
        extract_refreshed_at: body.extract_refreshed_at,
        extract_incremental_at: None,
        tables_reported: TablesReported::default(),
    }
}

fn embedded_source(number: usize, tables: &[(String, String)], has_sql: bool) -> Datasource {
    let extract = number.is_multiple_of(2);
    Datasource {
        connection: Some("warehouse".to_owned()),
        tables: if has_sql {
            Vec::new()
        } else {
            entries(tables, number * 3, number % 4 + 1)
        },
        custom_sql: if has_sql {
            vec![custom_sql(tables, number)]
        } else {
            Vec::new()
        },
        extract,
        extract_refreshed_at: refreshed(number).filter(|_| extract),
        ..Datasource::default()
    }
}

fn workbook(
    number: usize,
    owners: usize,
    published: usize,
    branches: usize,
    tables: &[(String, String)],
) -> Workbook {
    let (region, topic, kind) = (
        REGIONS[number % REGIONS.len()],
        TOPICS[number / 3 % TOPICS.len()],
        KINDS[number % KINDS.len()],
    );
    let source = |at: usize| {
        let which = number * 3 + at;
        let mut source = if (number + at).is_multiple_of(2) {
            Datasource {
                published: Some(format!("published-{}", which % published)),
                ..Datasource::default()
            }
        } else {
            embedded_source(which, tables, (number / 2 + at).is_multiple_of(4))
        };
        source.name = Some(format!("{topic} data {at}"));
        source
    };
    let sheet = |at: usize| Sheet {
        name: format!("{topic} by {} {at}", ["Month", "Region", "Segment"][at % 3]),
        hidden: at % 5 == 4,
        usage: (number * 17 + at) as u64 % 5_000,
        ..Sheet::default()
    };
    let branch = number / 12 % branches;
    Workbook {
        project: Some(
            format!("{} {:03}/{topic} {branch:03}", REGIONS[branch % 6], branch / 6)
                .as_str()
                .into(),
        ),
        owner: Some(owner_name(number % owners)),
        description: if number.is_multiple_of(5) {
            String::new()
        } else {
            format!(
                "Shows {} for the teams of {region}; ask the owner before changing filters.",
                topic.to_lowercase()
            )
        },
        tags: if number.is_multiple_of(3) {
            vec!["certified".to_owned(), kind.to_lowercase()]
        } else {
            Vec::new()
        },
        updated_at: refreshed(number),
        sheets: (0..SHEETS[number % SHEETS.len()])
            .map(|at| SheetEntry::Described(sheet(at)))
            .collect(),
        dashboards: vec![DashboardEntry::Described(Dashboard {
            name: format!("{topic} {kind}"),
            usage: number as u64 % 900,
            ..Dashboard::default()
        })],
        datasources: (0..=number % 3).map(source).collect(),
        ..Workbook::named(format!("{region} {topic} {kind} {number:05}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proportions_are_those_that_are_told() {
        let file = SiteBuilder::new("acme").company(500).build();
        let site = &file.sites[0];
        let sheets: usize = site.workbooks.iter().map(|workbook| workbook.sheets.len()).sum();
        let sources: usize = site
            .workbooks
            .iter()
            .map(|workbook| workbook.datasources.len())
            .sum();
        assert_eq!((site.workbooks.len(), sheets, sources), (500, 2_400, 999));
        assert_eq!(site.datasources.len(), 101);
        let embedded = site.workbooks.iter().flat_map(|workbook| &workbook.datasources);
        let with_sql = embedded.filter(|source| !source.custom_sql.is_empty()).count();
        assert!((100..150).contains(&with_sql), "{with_sql}");
    }
}
