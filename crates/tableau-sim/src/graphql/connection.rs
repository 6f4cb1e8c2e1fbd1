//! Connections: pages of a list with `nodes`, `pageInfo` and `totalCount`.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonValue;

use super::cursor::Cursor;
use super::notice::Notice;
use super::object::{Place, objects};
use super::selection;
use crate::site::Ref;
use crate::switch::CursorFault;

const DEFAULT_PAGE: usize = 100;

/// One page.
struct Connection<'a> {
    place: Place<'a>,
    type_name: String,
    rows: Vec<Ref>,
    page: PageInfo,
    total: usize,
}

#[derive(Clone)]
struct PageInfo {
    has_next: bool,
    end_cursor: Option<String>,
}

/// Resolves a Connection field over the members of its list.
pub(super) fn resolve<'a>(
    place: Place<'a>,
    info: &ResolveInfo<'_>,
    members: Vec<Ref>,
    type_name: &str,
) -> Result<ResolvedValue<'a>, FieldError> {
    let context = place.context();
    let declared = info
        .schema()
        .type_field(type_name, "nodes")
        .map(|nodes| nodes.ty.inner_named_type().to_string());
    let declared = declared.unwrap_or_default();
    let chosen = selection::choose(context, info, members, &declared);
    let arguments = info.arguments();
    let number = |name: &str| {
        arguments
            .get(name)
            .filter(|value| !value.is_null())
            .map(|value| value.as_i64().unwrap_or(-1))
    };
    let after = arguments.get("after").and_then(JsonValue::as_str);

    let refuse = |message: &str| {
        context.refuse(Notice::error("INVALID_ARGUMENT", message));
        Err(FieldError {
            message: message.to_owned(),
        })
    };
    let first = match number("first") {
        None => DEFAULT_PAGE,
        Some(first) => match usize::try_from(first) {
            Ok(first) => first,
            Err(_) => return refuse("The argument 'first' must not be negative."),
        },
    };
    let offset = match number("offset") {
        None => 0,
        Some(_) if after.is_some() => {
            return refuse("The arguments 'after' and 'offset' can not be used together.");
        }
        Some(offset) => match usize::try_from(offset) {
            Ok(offset) => offset,
            Err(_) => return refuse("The argument 'offset' must not be negative."),
        },
    };
    let total = chosen.rows.len();
    let start = match after {
        None => offset.min(total),
        Some(text) => {
            let cursor = Cursor::decode(text).filter(|cursor| {
                cursor.list == type_name
                    && cursor.site == context.site.ordinal
                    && cursor.order == chosen.order.name()
            });
            let Some(cursor) = cursor else {
                return refuse("The argument 'after' holds a cursor that is not valid for this query.");
            };
            // Rows may have come and gone since; the place in the order is what counts.
            chosen.rows.partition_point(|&row| {
                chosen
                    .order
                    .compare(&chosen.order.rank(context, row), &cursor.rank)
                    .is_le()
            })
        }
    };
    let size = page_size(place, first);
    let fault = after.map_or(CursorFault::None, |_| context.switches.cursor);
    let start = if fault == CursorFault::PageLeftOut {
        (start + size).min(total)
    } else {
        start
    };
    let end = (start + size).min(total);
    let last = chosen.rows.get(start..end).unwrap_or_default().last();
    let end_cursor = last.map(|&row| {
        let rank = chosen.order.rank(context, row);
        Cursor {
            list: type_name.to_owned(),
            site: context.site.ordinal,
            order: chosen.order.name(),
            rank,
        }
        .encode()
    });
    let rows = if fault == CursorFault::PageRepeated {
        start.saturating_sub(size)..start
    } else {
        start..end
    };
    let rows = chosen.rows.get(rows).unwrap_or_default().to_vec();
    let page = match after {
        Some(after) if fault == CursorFault::StandsStill => PageInfo {
            has_next: true,
            end_cursor: Some(after.to_owned()),
        },
        _ => PageInfo {
            has_next: end < total,
            end_cursor,
        },
    };
    Ok(ResolvedValue::object(Connection {
        place,
        type_name: type_name.to_owned(),
        rows,
        page,
        total,
    }))
}

/// The page's size after the limits of the server.
fn page_size(place: Place<'_>, first: usize) -> usize {
    let context = place.context();
    let maximum = context.switches.metadata_page_size_max as usize;
    let mut size = first;
    if size > maximum {
        let is_nested = matches!(place, Place::Object(_));
        if !(is_nested && context.switches.nested_page_cut_is_silent) {
            context.warn(
                Notice::warning(
                    "MAX_PAGE_SIZE_EXCEEDED",
                    format!(
                        "The page size is limited to {maximum}; only the first {maximum} results are shown."
                    ),
                )
                .with("maxPageSize", maximum),
            );
        }
        size = maximum;
    }
    if let Some(limit) = context.switches.time_limit_page
        && size > limit as usize
    {
        context.warn(Notice::warning(
            "TIME_LIMIT_EXCEEDED",
            "Execution canceled because timeout of 30000 millis was reached",
        ));
        // What was found until then is in the answer.
        size = limit as usize / 2;
    }
    size
}

impl ObjectValue for Connection<'_> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "nodes" => Ok(objects(self.place, self.rows.clone(), false)),
            "pageInfo" => Ok(ResolvedValue::object(self.page.clone())),
            "totalCount" => Ok(ResolvedValue::leaf(u32::try_from(self.total).unwrap_or(u32::MAX))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl ObjectValue for PageInfo {
    fn type_name(&self) -> &'static str {
        "PageInfo"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "hasNextPage" => Ok(ResolvedValue::leaf(self.has_next)),
            "endCursor" => Ok(self
                .end_cursor
                .clone()
                .map_or_else(ResolvedValue::null, ResolvedValue::leaf)),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}
