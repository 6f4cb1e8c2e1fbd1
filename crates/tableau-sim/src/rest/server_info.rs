//! Server info and sites.

use super::call::{Call, Reply};
use crate::site::Site;
use crate::wire::{Element, Fault};

/// `GET /api/{any}/serverinfo`, open to all.
#[expect(clippy::unnecessary_wraps, reason = "all routes have the same shape")]
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let rest_version = call.world.rest_version();
    let server = call.world.state().server.clone();
    let product = Element::new("productVersion")
        .with("build", server.build)
        .text(server.product_version);
    let rest = Element::new("restApiVersion").text(rest_version);
    Ok(Reply::ok(Element::new("serverInfo").child(product).child(rest)))
}

/// `GET …/sites`: for server administrators all sites.
pub(super) fn list_sites(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    if session.viewer().role != crate::site_file::SiteRole::ServerAdministrator {
        return Err(Fault::forbidden(
            403_000,
            "The user must be a server administrator to perform this operation.",
        ));
    }
    let sites: Vec<Element> = call
        .world
        .state()
        .sites
        .iter()
        .map(|hosted| element(hosted.present()))
        .collect();
    let (pagination, rows) = call.page()?.cut(sites)?;
    Ok(Reply::page(pagination, Element::list("sites", rows)))
}

/// `GET …/sites/{site}`.
pub(super) fn show_site(call: &Call<'_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(element(&call.session()?.site)))
}

fn element(site: &Site) -> Element {
    Element::new("site")
        .with("id", site.identity.luid)
        .with("name", &site.name)
        .with("contentUrl", &site.content_url)
        .with("state", "Active")
        .with("runNowEnabled", site.run_now)
        .with("catalogObfuscationEnabled", !site.derived_permissions)
}
