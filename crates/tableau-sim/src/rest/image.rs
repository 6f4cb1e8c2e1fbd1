//! Pictures: a tiny PNG of one colour, made from the object's LUID.

use super::call::{Body, Call, Reply};
use super::{view, workbook};
use crate::picture;
use crate::wire::{Element, Fault};

/// `GET …/workbooks/{workbook}/previewImage`.
pub(super) fn of_workbook(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let workbook = workbook::find(call, session)?;
    Ok(png(session.site.workbooks[workbook as usize].identity.luid))
}

/// `GET …/workbooks/{workbook}/views/{view}/previewImage`.
pub(super) fn of_view_in_workbook(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let workbook = workbook::find(call, session)?;
    let index = view::find(session, call.part(1))?;
    let view = &session.site.views[index as usize];
    if view.workbook != workbook {
        return Err(Fault::not_found(404_011, "View", call.part(1)));
    }
    Ok(png(view.identity.luid))
}

/// `GET …/views/{view}/image` and `…/views/{view}/previewImage`.
pub(super) fn of_view(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    if call
        .query
        .get("maxAge")
        .is_some_and(|text| text.parse::<u32>().ok().is_none_or(|minutes| minutes < 1))
    {
        return Err(Fault::bad_request(
            400_008,
            "maxAge is a number of minutes, at least 1.",
        ));
    }
    let view = view::find(session, call.part(0))?;
    Ok(png(session.site.views[view as usize].identity.luid))
}

/// `PUT …/workbooks/{workbook}/refreshThumbnails` (3.27+).
pub(super) fn refresh_thumbnails(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = workbook::find(call, session)?;
    if call.version < (3, 27) {
        return Err(Fault::new(
            404_003,
            "Resource Not Found",
            "Unknown resource specified in URI.",
        ));
    }
    let workbook = &session.site.workbooks[index as usize];
    let job = Element::new("job")
        .with("id", uuid::Uuid::new_v4())
        .with("mode", "Asynchronous")
        .with("type", "RefreshThumbnails")
        .with("createdAt", call.now)
        .child(
            Element::new("workbook")
                .with("id", workbook.identity.luid)
                .with("name", &workbook.name),
        );
    Ok(Reply::new(202, [job]))
}

fn png(luid: uuid::Uuid) -> Reply {
    Reply {
        status: 200,
        body: Body::Bytes("image/png", picture::png_of(luid)),
        headers: Vec::new(),
    }
}
