//! The stage: a workspace on a store of its own, with the demo's dbt project and, when asked, its Tableau site synced.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use camino::{Utf8Path, Utf8PathBuf};
use http_body_util::BodyExt as _;
use secrecy::SecretString;
use tailwater_core::clock::SystemClock;
use tailwater_core::credential::CredentialName;
use tailwater_core::id::{IntegrationName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::bi::NoProgress;
use tailwater_engine::hub::CatalogHub;
use tailwater_engine::integration::NewIntegration;
use tailwater_engine::settings::{HttpSettings, Settings};
use tailwater_engine::sync::SyncOptions;
use tailwater_engine::workspace::Options;
use tailwater_tableau_sim::{Options as SimulatorOptions, Running, Simulator, SiteFile};
use tailwater_web::{App, AppOptions};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// A service on a stage of its own.
pub struct Scene {
    pub app: App,
    pub service: Router,
    pub workspace: Arc<Workspace>,
    pub simulator: Option<Running>,
    pub base: String,
    _directory: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where it sends the visitor.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}

impl Scene {
    /// An empty workspace, where everybody is a local administrator.
    pub async fn empty() -> Self {
        Self::with(AppOptions {
            is_local: true,
            ..AppOptions::default()
        })
        .await
    }

    /// An empty workspace, where everybody has to sign in.
    pub async fn closed() -> Self {
        Self::with(AppOptions::default()).await
    }

    /// An empty workspace, served as the options say.
    pub async fn with(options: AppOptions) -> Self {
        let directory = TempDir::new().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap().to_owned();
        let workspace = Workspace::open(Options {
            root,
            settings: Settings::default(),
            key: None,
            clock: Arc::new(SystemClock),
        });
        let workspace = Arc::new(workspace.await.unwrap());
        let base = options.base_path.clone();
        let hub = CatalogHub::open(Arc::clone(&workspace)).await.unwrap();
        let app = App::new(hub, options);
        Self {
            service: tailwater_web::router::router(&app),
            app,
            workspace,
            simulator: None,
            base,
            _directory: directory,
        }
    }

    /// The demo's dbt project with its artifacts, and no integration yet.
    pub async fn with_project(self) -> Self {
        let target = demo().join("dbt/target");
        let name = ProjectName::new("shop");
        self.workspace.add_project(name, &target).await.unwrap();
        self.app.refresh().await.unwrap();
        self
    }

    /// The demo's dbt project and its Tableau site, synced.
    pub async fn demo() -> Self {
        Self::empty().await.with_project().await.with_tableau().await
    }

    /// The demo's Tableau site, connected as `main` and synced whole.
    pub async fn with_tableau(self) -> Self {
        let site = SiteFile::load(demo().join("site.toml").as_std_path()).unwrap();
        self.with_site(site).await
    }

    /// A Tableau site `shop` with the demo's token, connected as `main` and synced whole.
    pub async fn with_site(mut self, site: SiteFile) -> Self {
        let simulator = Simulator::start(site, SimulatorOptions::default()).await.unwrap();
        let name = IntegrationName::new("main");
        let new = NewIntegration {
            name: name.clone(),
            server: simulator.base_url().to_owned(),
            site: Some("shop".to_owned()),
            credential: CredentialName::token("tailwater"),
            secret: SecretString::from("demo-secret"),
            allow_http: true,
            projects: Vec::new(),
            http: HttpSettings::default(),
        };
        self.workspace.add_tableau(new).await.unwrap();
        let everything = ["**".to_owned()];
        self.workspace
            .select_collections(&name, &everything)
            .await
            .unwrap();
        let cancel = CancellationToken::new();
        self.workspace
            .sync(&name, SyncOptions::default(), &NoProgress, &cancel)
            .await
            .unwrap();
        self.app.refresh().await.unwrap();
        self.simulator = Some(simulator);
        self
    }

    /// A page, as a browser asks for it.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap())
            .await
    }

    /// The text of a page that must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }

    /// A form of a page, sent with the page's own token.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = csrf_token(&self.page(page).await);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &token);
        for (name, value) in fields {
            form.append_pair(name, value);
        }
        let request = self
            .request(Method::POST, action)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.finish())).unwrap()).await
    }

    /// An answer of the API, with a token.
    pub async fn api(&self, method: Method, path: &str, token: Option<&str>, body: Body) -> Answer {
        let mut request = self.request(method, path).header(ACCEPT, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(body).unwrap()).await
    }

    /// The start of a request as a browser on this machine makes it.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(HOST, "localhost")
            .header(ACCEPT, "text/html")
    }

    /// Any request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

/// The token that a page's first form carries.
pub fn csrf_token(page: &str) -> String {
    let start = page.find("name=\"csrf\" value=\"").expect("a form on the page") + 19;
    page[start..].split('"').next().unwrap().to_owned()
}

/// The demo's directory.
pub fn demo() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}
