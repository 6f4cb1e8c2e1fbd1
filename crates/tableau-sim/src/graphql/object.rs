//! What a field of an object resolves to.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonValue;
use apollo_compiler::schema::ExtendedType;

use super::context::Context;
use super::{connection, leaf, list, selection, single};
use crate::site::{DatabaseKind, FieldKind, Kind, LabelKind, Ref, Site, ViewKind};

/// The root of all queries.
pub(super) struct Root<'a> {
    pub(super) context: &'a Context<'a>,
}

/// One object of the site, as one user sees it.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) node: Ref,
    /// Reached through an object whose names are hidden, so its own are hidden too.
    pub(super) behind_hidden: bool,
}

/// Where a field is resolved: at the root or at an object.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root(&'a Context<'a>),
    Object(Object<'a>),
}

impl ObjectValue for Root<'_> {
    fn type_name(&self) -> &'static str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        resolve(Place::Root(self.context), info)
    }
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &'static str {
        type_name(self.context.site, self.node)
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        resolve(Place::Object(*self), info)
    }
}

impl<'a> Place<'a> {
    pub(super) fn context(self) -> &'a Context<'a> {
        match self {
            Self::Root(context) => context,
            Self::Object(object) => object.context,
        }
    }

    /// Every object of a list field, before filter and order.
    fn members(self, name: &str) -> Vec<Ref> {
        match self {
            Self::Root(context) => list::at_root(context.site, name),
            Self::Object(object) => list::of_object(object.context.site, object.node, name),
        }
    }

    /// Whether the site file asks for a null element in this list.
    fn has_null_element(self, name: &str) -> bool {
        let Self::Object(Object { context, node, .. }) = self else {
            return false;
        };
        node.kind == Kind::Workbook
            && context.site.workbooks[node.at()]
                .null_elements
                .iter()
                .any(|field| field == name)
    }
}

fn resolve<'a>(place: Place<'a>, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
    let name = info.field_name();
    let declared = &info.field_definition().ty;
    let type_name = declared.inner_named_type().as_str();
    let is_composite = matches!(
        info.schema().types.get(type_name),
        Some(ExtendedType::Object(_) | ExtendedType::Interface(_))
    );
    // `virtualConnection` is no page of anything: what makes a Connection are its nodes.
    if let Some(base) = name.strip_suffix("Connection")
        && info.schema().type_field(type_name, "nodes").is_ok()
    {
        return connection::resolve(place, info, place_members(place, base), type_name);
    }
    if !is_composite {
        return Ok(ResolvedValue::Leaf(match place {
            Place::Object(object) => leaf::value(object, name).unwrap_or_else(|| leaf::fallback(declared)),
            Place::Root(_) => JsonValue::Null,
        }));
    }
    if declared.is_list() {
        let members = place_members(place, name);
        let chosen = selection::choose(place.context(), info, members, type_name);
        return Ok(objects(place, chosen.rows, place.has_null_element(name)));
    }
    let Place::Object(object) = place else {
        return Ok(ResolvedValue::null());
    };
    let found = single::object(object, name);
    let Some(found) = found.filter(|found| object.context.is_indexed(found.node)) else {
        return Ok(ResolvedValue::null());
    };
    // It counts as a node, but only lists are cut: most single objects can not be null.
    object.context.take_node();
    Ok(ResolvedValue::object(found))
}

/// The members of a list, unless the node limit is reached already and they would be cut anyway.
fn place_members(place: Place<'_>, name: &str) -> Vec<Ref> {
    if place.context().is_exhausted() && matches!(place, Place::Object(_)) {
        place.context().take_node();
        return Vec::new();
    }
    place.members(name)
}

/// A list of objects, cut where the node limit is reached.
pub(super) fn objects(place: Place<'_>, rows: Vec<Ref>, null_element: bool) -> ResolvedValue<'_> {
    let context = place.context();
    let behind_hidden = matches!(place, Place::Object(object) if object.hides_what_it_leads_to());
    let mut cut = false;
    let listed = rows.into_iter().map_while(move |row| {
        if cut {
            return None;
        }
        if context.take_node() {
            let object = Object {
                context,
                node: row,
                behind_hidden,
            };
            return Some(ResolvedValue::object(object));
        }
        cut = true;
        context.switches.node_limit_nulls_out.then(ResolvedValue::null)
    });
    ResolvedValue::list(listed.chain(null_element.then(ResolvedValue::null)))
}

impl Object<'_> {
    /// Whether the user gets null for its names.
    pub(super) fn is_hidden(&self) -> bool {
        self.behind_hidden || !self.context.site.shows(self.node, self.context.user)
    }

    /// Whether what is reached from here has its names hidden too: the columns and the database of a table.
    pub(super) fn hides_what_it_leads_to(&self) -> bool {
        matches!(self.node.kind, Kind::Table | Kind::Column) && self.is_hidden()
    }
}

/// The type of an object in the schema.
pub(super) fn type_name(site: &Site, object: Ref) -> &'static str {
    let at = object.at();
    match object.kind {
        Kind::Site => "TableauSite",
        Kind::User => "TableauUser",
        Kind::Project => "Project",
        Kind::Database => match site.databases[at].kind {
            DatabaseKind::Server => "DatabaseServer",
            DatabaseKind::File => "File",
            DatabaseKind::CloudFile => "CloudFile",
            DatabaseKind::WebDataConnector => "WebDataConnector",
        },
        Kind::Table => "DatabaseTable",
        Kind::CustomSql => "CustomSQLTable",
        Kind::VirtualConnection => "VirtualConnection",
        Kind::VirtualTable => "VirtualConnectionTable",
        Kind::Datasource if site.datasources[at].published.is_some() => "PublishedDatasource",
        Kind::Datasource => "EmbeddedDatasource",
        Kind::Workbook => "Workbook",
        Kind::View if site.views[at].kind == ViewKind::Sheet => "Sheet",
        Kind::View => "Dashboard",
        Kind::Column => "Column",
        Kind::Field => match site.fields[at].kind {
            FieldKind::Column => "ColumnField",
            FieldKind::Calculated { .. } => "CalculatedField",
            FieldKind::Remote => "DatasourceField",
        },
        Kind::Parameter => "Parameter",
        Kind::Tag => "Tag",
        Kind::Label => match site.labels[at].kind {
            LabelKind::Warning => "DataQualityWarning",
            LabelKind::Certification => "DataQualityCertification",
            LabelKind::Generic => "GenericLabel",
        },
    }
}
