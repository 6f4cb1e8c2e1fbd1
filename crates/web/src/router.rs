//! Every route, and who may ask it.
//!
//! A route is one line: method, path, need, handler. The tests walk [`Routes::list`], so a route without a
//! tested role cannot come in.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn;
use axum::routing::{MethodFilter, on};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::app::App;
use crate::guard::{Access, guard};
use crate::page::{exposure, resource};
use crate::{api, asset, graphql, header, operate, page};

/// Routes under construction.
#[derive(Debug)]
pub struct Routes {
    app: App,
    router: Router<App>,
    list: Vec<RouteEntry>,
}

/// A route and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEntry {
    /// The method.
    pub method: Method,
    /// The path below the base path, with parameters in braces.
    pub path: &'static str,
    /// Who may ask it.
    pub access: Access,
}

impl Routes {
    fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            router: Router::new(),
            list: Vec::new(),
        }
    }

    /// A page or an answer: reading.
    pub fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, access, handler)
    }

    /// A form's target.
    pub fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, access, handler)
    }

    /// Any method.
    pub fn add<H, T>(mut self, method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        // Every method that routes here use has a filter of its own.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let app = self.app.clone();
        let mut checked = on(filter, handler);
        if api::parameter::is_checked(path) {
            let method = method.clone();
            checked = checked.layer(from_fn(move |request, next| {
                api::parameter::check(method.clone(), path, request, next)
            }));
        }
        // Around the check: strangers are told nothing of what an endpoint reads.
        let guarded = checked.layer(from_fn(move |request, next| {
            guard(app.clone(), access, request, next)
        }));
        let base = &self.app.options().base_path;
        if path == "/" && !base.is_empty() {
            // `/catalog` and `/catalog/` are both the home page.
            self.router = self.router.route(base, guarded.clone());
        }
        self.router = self.router.route(&format!("{base}{path}"), guarded);
        self.list.push(RouteEntry { method, path, access });
        self
    }

    /// Every route.
    pub fn list(&self) -> &[RouteEntry] {
        &self.list
    }
}

/// Every route of the product.
#[rustfmt::skip]
pub fn routes(app: &App) -> Routes {
    use Access::{Admin, Operator, Public, Viewer};
    // These go to disk piece by piece, and are counted there.
    let uploads = DefaultBodyLimit::max(api::artifact::LARGEST_BODY);
    Routes::new(app)
        // For operators and browsers.
        .get("/healthz", Public, operate::healthz)
        .get("/readyz", Public, operate::readyz)
        .get("/metrics", Viewer, resource::list::definition::metrics)
        .get("/assets/{*path}", Public, asset::get)
        .post("/theme", Public, page::theme::post)
        // Signing in.
        .get("/sign-in", Public, page::sign_in::get)
        .post("/sign-in", Public, page::sign_in::post)
        .post("/sign-out", Public, page::sign_in::sign_out)
        .get("/set-up/{secret}", Public, page::one_time_link::get_set_up)
        .post("/set-up/{secret}", Public, page::one_time_link::post_set_up)
        .get("/invite/{secret}", Public, page::one_time_link::get_invite)
        .post("/invite/{secret}", Public, page::one_time_link::post_invite)
        .get("/settings", Viewer, page::settings::get)
        .get("/settings/account", Viewer, page::settings::account::get)
        .post("/settings/account/profile", Viewer, page::settings::account::post_profile)
        .post("/settings/account/password", Viewer, page::settings::account::post_password)
        .post("/settings/account/shortcuts", Viewer, page::settings::account::post_shortcuts)
        .post("/settings/account/sessions/end-others", Viewer, page::settings::account::end_other_sessions)
        .post("/settings/account/sessions/{id}/end", Viewer, page::settings::account::end_session)
        .get("/settings/tokens", Viewer, page::settings::token::get)
        .post("/settings/tokens", Viewer, page::settings::token::post)
        .post("/settings/tokens/{id}/revoke", Viewer, page::settings::token::revoke)
        .get("/settings/users", Admin, page::settings::user::get)
        .post("/settings/users/invite", Admin, page::settings::user::invite)
        .post("/settings/users/{name}/link", Admin, page::settings::user::link)
        .post("/settings/users/{name}/role", Admin, page::settings::user::set_role)
        .post("/settings/users/{name}/state", Admin, page::settings::user::set_state)
        .post("/settings/users/{name}/remove", Admin, page::settings::user::remove)
        .get("/settings/audit", Admin, page::settings::audit::get)
        .get("/settings/projects", Viewer, page::settings::project::get)
        .post("/settings/projects", Admin, page::settings::project::add)
        .post("/settings/projects/{project}/remove", Admin, page::settings::project::remove)
        .post("/settings/projects/{project}/environments", Admin, page::settings::project::add_environment)
        .post("/settings/projects/{project}/environments/{environment}/production", Admin, page::settings::project::make_production)
        .post("/settings/projects/{project}/environments/{environment}/remove", Admin, page::settings::project::remove_environment)
        .get("/settings/retention", Admin, page::settings::retention::get)
        // The catalog.
        .get("/", Viewer, page::home::get)
        .get("/search", Viewer, page::search::get)
        .get("/health", Viewer, page::health::get)
        .get("/tree/{which}", Viewer, page::tree::get)
        .get("/exposures", Viewer, exposure::list::get)
        .get("/exposures/left-out", Viewer, exposure::left_out::get)
        .post("/exposures/left-out", Operator, exposure::left_out::post)
        .get("/exposures/{id}", Viewer, exposure::general::get)
        .get("/exposures/{id}/workbook", Viewer, exposure::workbook::get)
        .get("/exposures/{id}/refreshes", Viewer, exposure::refreshes::get)
        .get("/exposures/{id}/yaml", Viewer, exposure::yaml::get)
        .post("/exposures/{id}/curate", Operator, exposure::curate::fields)
        .post("/exposures/{id}/clear", Operator, exposure::curate::clear)
        .post("/exposures/{id}/link", Operator, exposure::curate::link)
        .post("/exposures/{id}/unlink", Operator, exposure::curate::unlink)
        .post("/exposures/{id}/leave-out", Operator, exposure::curate::leave_out)
        .get("/embed/exposures/{id}", Public, exposure::tile::get)
        .get("/models", Viewer, resource::list::relation::models)
        .get("/models/{id}", Viewer, resource::overview::get)
        .get("/models/{id}/downstream", Viewer, resource::downstream::get)
        .get("/models/{id}/columns", Viewer, resource::column::get)
        .get("/models/{id}/tests", Viewer, resource::test::get)
        .get("/models/{id}/code", Viewer, resource::code::get)
        .get("/models/{id}/runs", Viewer, resource::run::get)
        .get("/seeds", Viewer, resource::list::relation::seeds)
        .get("/seeds/{id}", Viewer, resource::overview::get)
        .get("/seeds/{id}/downstream", Viewer, resource::downstream::get)
        .get("/seeds/{id}/columns", Viewer, resource::column::get)
        .get("/seeds/{id}/tests", Viewer, resource::test::get)
        .get("/seeds/{id}/runs", Viewer, resource::run::get)
        .get("/snapshots", Viewer, resource::list::relation::snapshots)
        .get("/snapshots/{id}", Viewer, resource::overview::get)
        .get("/snapshots/{id}/downstream", Viewer, resource::downstream::get)
        .get("/snapshots/{id}/columns", Viewer, resource::column::get)
        .get("/snapshots/{id}/tests", Viewer, resource::test::get)
        .get("/snapshots/{id}/code", Viewer, resource::code::get)
        .get("/snapshots/{id}/runs", Viewer, resource::run::get)
        .get("/sources", Viewer, resource::list::source::get)
        .get("/sources/{id}", Viewer, resource::overview::get)
        .get("/sources/{id}/downstream", Viewer, resource::downstream::get)
        .get("/sources/{id}/columns", Viewer, resource::column::get)
        .get("/sources/{id}/tests", Viewer, resource::test::get)
        .get("/sources/{id}/runs", Viewer, resource::run::get)
        .get("/metrics/{id}", Viewer, resource::overview::get)
        .get("/metrics/{id}/downstream", Viewer, resource::downstream::get)
        .get("/semantic-models", Viewer, resource::list::definition::semantic_models)
        .get("/semantic-models/{id}", Viewer, resource::overview::get)
        .get("/semantic-models/{id}/downstream", Viewer, resource::downstream::get)
        .get("/saved-queries", Viewer, resource::list::definition::saved_queries)
        .get("/saved-queries/{id}", Viewer, resource::overview::get)
        .get("/saved-queries/{id}/downstream", Viewer, resource::downstream::get)
        .get("/tests", Viewer, resource::list::test::get)
        .get("/tests/{id}", Viewer, resource::overview::get)
        .get("/tests/{id}/code", Viewer, resource::code::get)
        .get("/tests/{id}/runs", Viewer, resource::run::get)
        .get("/macros", Viewer, resource::list::macros::get)
        .get("/macros/{id}", Viewer, resource::macros::get)
        .get("/lineage", Viewer, page::lineage::get)
        .get("/lineage/panel", Viewer, page::lineage::panel)
        .get("/lineage/export.svg", Viewer, page::lineage::svg)
        .get("/lineage/export.csv", Viewer, page::lineage::csv)
        // Building and refreshing.
        .get("/runs", Viewer, page::run::list::get)
        .get("/runs/{id}", Viewer, page::run::show::get)
        .get("/runs/{id}/log", Viewer, page::run::log::get)
        .post("/runs/{id}/cancel", Operator, page::run::act::cancel)
        .post("/runs/{id}/again", Operator, page::run::act::again)
        .post("/runs/{id}/retry", Operator, page::run::act::retry)
        .get("/jobs", Viewer, page::job::list::get)
        .get("/jobs/new", Admin, page::job::form::get_new)
        .post("/jobs/new", Admin, page::job::form::post_new)
        .get("/jobs/{name}", Viewer, page::job::show::get)
        .post("/jobs/{name}/run", Operator, page::job::act::run)
        .post("/jobs/{name}/pause", Admin, page::job::act::pause)
        .get("/jobs/{name}/edit", Admin, page::job::form::get_edit)
        .post("/jobs/{name}/edit", Admin, page::job::form::post_edit)
        .post("/jobs/{name}/remove", Admin, page::job::act::remove)
        .post("/jobs/{name}/secrets", Admin, page::job::secret::post)
        .post("/jobs/{name}/webhook", Admin, page::job::webhook::post)
        .post("/hooks/{secret}", Public, api::hook::post)
        .get("/refreshes", Viewer, page::refresh::list::get)
        .get("/refreshes/{id}", Viewer, page::refresh::show::get)
        .post("/refreshes/{id}/again", Operator, page::refresh::act::again)
        .post("/refreshes/{id}/cancel", Operator, page::refresh::act::cancel)
        .post("/exposures/{id}/refresh", Operator, page::refresh::act::of_exposure)
        .get("/settings/refresh", Viewer, page::settings::refresh::get)
        .post("/settings/refresh", Admin, page::settings::refresh::post)
        // Integrations.
        .get("/integrations", Viewer, page::integration::list::get)
        .get("/integrations/new", Admin, page::integration::wizard::tool)
        .get("/integrations/new/{tool}", Admin, page::integration::wizard::get)
        .post("/integrations/new/{tool}/connection", Admin, page::integration::wizard::connection)
        .post("/integrations/new/{tool}/collections", Admin, page::integration::wizard::collections)
        .post("/integrations/new/{tool}/finish", Admin, page::integration::wizard::finish)
        .post("/integrations/new/{tool}/discard", Admin, page::integration::wizard::discard)
        .get("/integrations/{name}", Viewer, page::integration::overview::get)
        .post("/integrations/{name}/sync", Operator, page::integration::sync::start)
        .post("/integrations/{name}/check", Operator, page::integration::overview::check)
        .post("/integrations/{name}/schedule", Admin, page::integration::overview::schedule)
        .get("/integrations/{name}/collections", Viewer, page::integration::collection::get)
        .post("/integrations/{name}/collections", Admin, page::integration::collection::post)
        .get("/integrations/{name}/connection", Admin, page::integration::connection::get)
        .post("/integrations/{name}/connection", Admin, page::integration::connection::post)
        .get("/integrations/{name}/disconnect", Admin, page::integration::disconnect::get)
        .post("/integrations/{name}/disconnect", Admin, page::integration::disconnect::post)
        .get("/integrations/{name}/diff", Viewer, page::integration::diff::get)
        .get("/integrations/{name}/syncs", Viewer, page::integration::sync::list)
        .get("/integrations/{name}/syncs/{id}", Viewer, page::integration::sync::get)
        .post("/integrations/{name}/syncs/{id}/stop", Operator, page::integration::sync::stop)
        .get("/integrations/{name}/unmatched", Viewer, page::integration::unmatched::get)
        .post("/integrations/{name}/mapping", Operator, page::integration::mapping::apply)
        .post("/integrations/{name}/mapping/remove", Operator, page::integration::mapping::remove)
        // The API.
        .get("/api/openapi.json", Viewer, api::description::get)
        .get("/api/docs", Viewer, api::description::page)
        .get("/graphql", Viewer, graphql::route::get)
        .post("/graphql", Viewer, graphql::route::post)
        .get("/api/v1/summary", Viewer, api::summary::get)
        .get("/api/v1/exposures", Viewer, api::exposure::list)
        .get("/api/v1/exposures/{id}", Viewer, api::exposure::get)
        .add(Method::PATCH, "/api/v1/exposures/{id}/curation", Operator, api::curation::patch)
        .post("/api/v1/exposures/{id}/link", Operator, api::curation::link)
        .post("/api/v1/exposures/{id}/unlink", Operator, api::curation::unlink)
        .post("/api/v1/exposures/{id}/leave-out", Operator, api::curation::leave_out)
        .get("/api/v1/curations", Viewer, api::curation::list)
        .post("/api/v1/curations/bring-in", Operator, api::curation::bring_in)
        .get("/api/v1/resources", Viewer, api::resource::list)
        .get("/api/v1/resources/{id}", Viewer, api::resource::get)
        .get("/api/v1/resources/{id}/exposures", Viewer, api::resource::exposures)
        .get("/api/v1/lineage", Viewer, api::lineage::get)
        .get("/api/v1/complete", Viewer, api::lineage::complete)
        .get("/api/v1/projects", Viewer, api::project::list)
        .get("/api/v1/projects/{project}", Viewer, api::project::get)
        .post("/api/v1/projects", Admin, api::project::create)
        .add(Method::DELETE, "/api/v1/projects/{project}", Admin, api::project::remove)
        .get("/api/v1/projects/{project}/environments", Viewer, api::project::environments)
        .post("/api/v1/projects/{project}/environments", Admin, api::project::create_environment)
        .post("/api/v1/projects/{project}/environments/{environment}/production", Admin, api::project::make_production)
        .add(Method::DELETE, "/api/v1/projects/{project}/environments/{environment}", Admin, api::project::remove_environment)
        .add(Method::PUT, "/api/v1/projects/{project}/environments/{environment}/artifacts", Operator, api::artifact::put.layer(uploads))
        .add(Method::POST, "/api/v1/projects/{project}/environments/{environment}/artifacts", Operator, api::artifact::post.layer(uploads))
        .get("/api/v1/resources/{id}/runs", Viewer, api::history::runs)
        .get("/api/v1/resources/{id}/code", Viewer, api::history::code)
        .get("/api/v1/integrations", Viewer, api::integration::list)
        .get("/api/v1/integrations/{name}", Viewer, api::integration::get)
        .get("/api/v1/integrations/{name}/diff", Viewer, api::diff::get)
        .get("/api/v1/integrations/{name}/syncs", Viewer, api::integration::syncs)
        .get("/api/v1/integrations/{name}/unmatched", Viewer, api::integration::unmatched)
        .post("/api/v1/integrations/{name}/mapping/preview", Operator, api::integration::preview_mapping)
        .post("/api/v1/integrations/{name}/mapping", Operator, api::integration::add_mapping)
        .add(Method::DELETE, "/api/v1/integrations/{name}/mapping/{number}", Operator, api::integration::remove_mapping)
        .get("/api/v1/search", Viewer, api::search::get)
        .get("/api/v1/health", Viewer, api::health::get)
        .get("/api/v1/trees/{tree}", Viewer, api::tree::get)
        .get("/api/v1/macros", Viewer, api::macros::list)
        .get("/api/v1/macros/{id}", Viewer, api::macros::get)
        .post("/api/v1/integrations", Admin, api::connection::create)
        .add(Method::DELETE, "/api/v1/integrations/{name}", Admin, api::connection::remove)
        .get("/api/v1/integrations/{name}/collections", Viewer, api::connection::collections)
        .add(Method::PUT, "/api/v1/integrations/{name}/collections", Admin, api::connection::select)
        .post("/api/v1/integrations/{name}/syncs", Operator, api::sync::start)
        .get("/api/v1/integrations/{name}/syncs/{id}", Viewer, api::sync::get)
        .add(Method::DELETE, "/api/v1/integrations/{name}/syncs/{id}", Operator, api::sync::stop)
        .get("/api/v1/exposures/{id}/curation", Viewer, api::curation::get)
        .get("/api/v1/left-out", Viewer, api::curation::left_out)
        .get("/api/v1/refreshes", Viewer, api::refresh::list)
        .post("/api/v1/refreshes", Operator, api::refresh::ask)
        .get("/api/v1/refreshes/{id}", Viewer, api::refresh::get)
        .post("/api/v1/refreshes/{id}/cancel", Operator, api::refresh::cancel)
        .get("/api/v1/policies", Viewer, api::policy::list)
        .add(Method::PUT, "/api/v1/policies", Admin, api::policy::put)
        .get("/api/v1/jobs", Viewer, api::job::list)
        .post("/api/v1/jobs", Admin, api::job::create)
        .get("/api/v1/jobs/{name}", Viewer, api::job::get)
        .add(Method::PUT, "/api/v1/jobs/{name}", Admin, api::job::put)
        .add(Method::DELETE, "/api/v1/jobs/{name}", Admin, api::job::remove)
        .add(Method::PUT, "/api/v1/jobs/{name}/secrets/{variable}", Admin, api::job::put_secret)
        .post("/api/v1/jobs/{name}/runs", Operator, api::job::run)
        .get("/api/v1/runs", Viewer, api::job_run::list)
        .get("/api/v1/runs/{id}", Viewer, api::job_run::get)
        .get("/api/v1/runs/{id}/log", Viewer, api::job_run::log)
        .get("/api/v1/runs/{id}/artifacts/{step}/{file}", Viewer, api::job_run::artifact)
        .post("/api/v1/runs/{id}/cancel", Operator, api::job_run::cancel)
        .post("/api/v1/runs/{id}/again", Operator, api::job_run::again)
        .get("/api/v1/users", Admin, api::account::users)
        .add(Method::PATCH, "/api/v1/users/{name}", Admin, api::account::change_user)
        .add(Method::DELETE, "/api/v1/users/{name}", Admin, api::account::remove_user)
        .get("/api/v1/tokens", Admin, api::account::tokens)
        .post("/api/v1/tokens", Admin, api::account::make_token)
        .add(Method::DELETE, "/api/v1/tokens/{id}", Admin, api::account::revoke_token)
        .get("/api/v1/audit", Admin, api::account::audit)
}

/// The whole service, below its base path.
pub fn router(app: &App) -> Router {
    let (observed, is_secure) = (app.clone(), app.is_secure());
    routes(app)
        .router
        .fallback(|| async { axum::http::StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(2 << 20))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(move |request, next| {
            operate::observe(observed.clone(), request, next)
        }))
        .layer(from_fn(move |request, next| {
            header::protect(is_secure, request, next)
        }))
        .layer(CompressionLayer::new())
        .with_state(app.clone())
}
