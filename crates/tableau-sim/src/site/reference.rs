//! How objects of a site point at each other.

/// The kinds of objects in a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Site,
    User,
    Project,
    Database,
    Table,
    CustomSql,
    VirtualConnection,
    VirtualTable,
    Datasource,
    Workbook,
    View,
    Column,
    Field,
    Parameter,
    Tag,
    Label,
}

impl Kind {
    /// Every kind, in the order of their discriminants.
    pub(crate) const ALL: [Self; 16] = [
        Self::Site,
        Self::User,
        Self::Project,
        Self::Database,
        Self::Table,
        Self::CustomSql,
        Self::VirtualConnection,
        Self::VirtualTable,
        Self::Datasource,
        Self::Workbook,
        Self::View,
        Self::Column,
        Self::Field,
        Self::Parameter,
        Self::Tag,
        Self::Label,
    ];
}

/// One object: its kind and its place in that kind's vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ref {
    pub(crate) kind: Kind,
    pub(crate) index: u32,
}

impl Ref {
    pub(crate) fn new(kind: Kind, index: u32) -> Self {
        Self { kind, index }
    }

    /// The place in the kind's vector.
    pub(crate) fn at(self) -> usize {
        self.index as usize
    }
}
