//! Walking the graph: what an object stands on, and what stands on it.
//!
//! ```text
//! workbook ─▶ sheet ─▶ field ─▶ column ─▶ table, custom SQL, virtual table
//!             ▲         │ ▲                     ▲
//! dashboard ──┘         └─┘ (calculations,      │
//!                           published fields)   │
//! embedded data source ─▶ published data source ┘
//! ```
//!
//! A workbook stands on what its sheets use; a data source stands on all it connects to. That is why
//! `Workbook.upstreamTables` may hold fewer tables than `embeddedDatasources.upstreamTables` does.

use std::collections::{HashMap, HashSet};

use super::{Kind, Ref, Site};

fn visit_all(visit: &mut impl FnMut(Ref), kind: Kind, indices: &[u32]) {
    for &index in indices {
        visit(Ref::new(kind, index));
    }
}

/// Which way to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// The edges against their direction, in compressed rows: for each object those that stand on it directly.
#[derive(Debug, Clone, Default)]
pub(crate) struct Downstream {
    offsets: Vec<u32>,
    rows: Vec<u32>,
    sources: Vec<Ref>,
    /// The fields of each column, also of data sources whose columns no walk may cross.
    fields_of_columns: HashMap<u32, Vec<u32>>,
}

impl Downstream {
    fn of(&self, number: usize) -> &[Ref] {
        match (self.rows.get(number), self.rows.get(number + 1)) {
            (Some(&start), Some(&end)) => &self.sources[start as usize..end as usize],
            _ => &[],
        }
    }
}

impl Site {
    /// The place of an object in the numbering over all kinds.
    fn number(&self, object: Ref) -> usize {
        self.downstream
            .offsets
            .get(object.kind as usize)
            .copied()
            .unwrap_or(0) as usize
            + object.at()
    }

    /// What an object stands on directly.
    fn stands_on(&self, object: Ref, mut visit: impl FnMut(Ref)) {
        let at = object.at();
        match object.kind {
            Kind::Workbook => visit_all(&mut visit, Kind::View, &self.workbooks[at].views),
            Kind::View => {
                let view = &self.views[at];
                visit_all(&mut visit, Kind::View, &view.sheets);
                visit_all(&mut visit, Kind::Field, &view.fields);
                for &table in &view.tables {
                    visit(table);
                }
            }
            Kind::Field => {
                let field = &self.fields[at];
                if self.datasources[field.datasource as usize].walks_columns {
                    visit_all(&mut visit, Kind::Column, &field.columns);
                }
                visit_all(&mut visit, Kind::Field, &field.fields);
            }
            Kind::Column => {
                visit_all(&mut visit, Kind::Column, &self.columns[at].upstream);
                visit(self.columns[at].owner);
            }
            Kind::CustomSql => visit_all(&mut visit, Kind::Table, &self.queries[at].tables),
            Kind::VirtualTable => visit_all(&mut visit, Kind::Table, &self.virtual_tables[at].tables),
            Kind::Datasource => {
                let datasource = &self.datasources[at];
                if let Some(parent) = datasource.parent {
                    visit(Ref::new(Kind::Datasource, parent));
                }
                if datasource.lists_tables {
                    visit_all(&mut visit, Kind::Table, &datasource.tables);
                    visit_all(&mut visit, Kind::CustomSql, &datasource.queries);
                    visit_all(&mut visit, Kind::VirtualTable, &datasource.virtual_tables);
                }
            }
            _ => {}
        }
    }

    /// Computes the reversed edges; to be called once all objects are there.
    pub(crate) fn index_lineage(&mut self) {
        let mut offsets = Vec::with_capacity(Kind::ALL.len());
        let mut total = 0usize;
        for kind in Kind::ALL {
            offsets.push(u32::try_from(total).unwrap_or(u32::MAX));
            total += self.count(kind);
        }
        self.downstream = Downstream {
            offsets,
            rows: Vec::new(),
            sources: Vec::new(),
            fields_of_columns: HashMap::new(),
        };

        let mut counts = vec![0u32; total + 1];
        for kind in Kind::ALL {
            for object in self.all(kind) {
                self.stands_on(object, |target| counts[self.number(target) + 1] += 1);
            }
        }
        for number in 1..counts.len() {
            counts[number] += counts[number - 1];
        }
        let rows = counts.clone();
        let filler = Ref::new(Kind::Site, 0);
        let mut sources = vec![filler; rows.last().copied().unwrap_or(0) as usize];
        for kind in Kind::ALL {
            for object in self.all(kind) {
                self.stands_on(object, |target| {
                    let slot = &mut counts[self.number(target)];
                    sources[*slot as usize] = object;
                    *slot += 1;
                });
            }
        }
        let mut fields_of_columns: HashMap<u32, Vec<u32>> = HashMap::new();
        for (index, field) in (0u32..).zip(&self.fields) {
            for &column in &field.columns {
                fields_of_columns.entry(column).or_default().push(index);
            }
        }
        self.downstream.rows = rows;
        self.downstream.sources = sources;
        self.downstream.fields_of_columns = fields_of_columns;
    }

    /// What stands on an object directly.
    pub(crate) fn directly_below(&self, object: Ref) -> &[Ref] {
        self.downstream.of(self.number(object))
    }

    /// The fields made from a column.
    pub(crate) fn fields_of_column(&self, column: u32) -> &[u32] {
        self.downstream
            .fields_of_columns
            .get(&column)
            .map_or(&[], Vec::as_slice)
    }

    /// All objects reached from the given ones, without those themselves unless a walk comes back to them.
    pub(crate) fn reach(&self, starts: &[Ref], direction: Direction) -> HashSet<Ref> {
        let mut reached = HashSet::new();
        let mut open: Vec<Ref> = starts.to_vec();
        while let Some(object) = open.pop() {
            let mut visit = |next: Ref| {
                if reached.insert(next) {
                    open.push(next);
                }
            };
            match direction {
                Direction::Up => self.stands_on(object, visit),
                Direction::Down => {
                    for &next in self.downstream.of(self.number(object)) {
                        visit(next);
                    }
                }
            }
        }
        reached
    }
}
