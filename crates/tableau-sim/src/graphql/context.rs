//! What one query carries along: who asks, how many nodes it has used, what it was warned of.

use std::cell::{Cell, RefCell};

use super::notice::Notice;
use crate::site::{Kind, Ref, Site, ViewKind};
use crate::switch::Switches;

/// The state of one query.
pub(super) struct Context<'a> {
    pub(super) site: &'a Site,
    pub(super) user: u32,
    pub(super) switches: &'a Switches,
    nodes: Cell<u64>,
    notices: RefCell<Vec<Notice>>,
    refusal: RefCell<Option<Notice>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(site: &'a Site, user: u32, switches: &'a Switches) -> Self {
        Self {
            site,
            user,
            switches,
            nodes: Cell::new(0),
            notices: RefCell::new(Vec::new()),
            refusal: RefCell::new(None),
        }
    }

    /// Counts an object of the answer; false when it is one too many.
    pub(super) fn take_node(&self) -> bool {
        if self.is_exhausted() {
            let limit = self.switches.node_limit;
            self.warn(
                Notice::warning(
                    "NODE_LIMIT_EXCEEDED",
                    format!(
                        "Showing partial results. The request exceeded the {limit} node limit. Use pagination, \
                         additional filtering, or both in the query to adjust results."
                    ),
                )
                .with("nodeLimit", limit),
            );
            return false;
        }
        self.nodes.set(self.nodes.get() + 1);
        true
    }

    /// Whether the node limit is reached.
    pub(super) fn is_exhausted(&self) -> bool {
        self.nodes.get() >= self.switches.node_limit
    }

    /// Adds a warning, once.
    pub(super) fn warn(&self, notice: Notice) {
        let mut notices = self.notices.borrow_mut();
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// Refuses the whole query; the first reason stays.
    pub(super) fn refuse(&self, notice: Notice) {
        self.refusal.borrow_mut().get_or_insert(notice);
    }

    /// The warnings, and the refusal if there was one.
    pub(super) fn into_notices(self) -> (Vec<Notice>, Option<Notice>) {
        (self.notices.into_inner(), self.refusal.into_inner())
    }

    /// Whether the user administers the site.
    pub(super) fn is_administrator(&self) -> bool {
        self.site.users[self.user as usize].role.is_administrator()
    }

    /// Whether the index knows the object at all, whoever asks.
    pub(super) fn is_indexed(&self, object: Ref) -> bool {
        let at = object.at();
        let in_workbook = |workbook: u32| self.is_indexed(Ref::new(Kind::Workbook, workbook));
        match object.kind {
            Kind::Workbook => {
                let percent = u32::from(self.switches.backfill_percent);
                let done = !self.switches.backfill_running || object.index % 100 < percent;
                self.site.workbooks[at].in_index && done
            }
            Kind::View => {
                let view = &self.site.views[at];
                view.kind != ViewKind::Story && in_workbook(view.workbook)
            }
            Kind::Datasource => self.site.datasources[at].workbook.is_none_or(in_workbook),
            Kind::Field => self.is_indexed(Ref::new(Kind::Datasource, self.site.fields[at].datasource)),
            Kind::CustomSql => self.is_indexed(Ref::new(Kind::Datasource, self.site.queries[at].datasource)),
            Kind::Parameter => in_workbook(self.site.parameters[at].workbook),
            Kind::Column => {
                let owner = self.site.columns[at].owner;
                owner.kind != Kind::CustomSql || self.is_indexed(owner)
            }
            Kind::Label => !self.site.labels[at].removed,
            _ => true,
        }
    }
}
