//! `tailwater integration add`: registers a BI site and seals the secret that it is signed in to with.

use camino::Utf8PathBuf;
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::id::{IntegrationName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::integration::{Integration, NewIntegration};
use tailwater_engine::settings::{HttpSettings, ProxyAddress};

use super::secret;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater integration add tableau --name main --token-name tailwater \\
    --server https://10ax.online.tableau.com/#/site/acme/home
  tailwater integration add tableau --name main --token-name tailwater \\
    --server https://tableau.example.com --site acme --secret-env TABLEAU_TOKEN_SECRET
  tailwater integration add tableau --name main --server https://tableau.example.com --site acme \\
    --connected-app CLIENT_ID --secret-id SECRET_ID --user svc@example.com \\
    --secret-env TABLEAU_APP_SECRET
  tailwater integration add tableau --name main --token-name tailwater \\
    --server https://tableau.intern --site acme --ca-file /etc/ssl/acme.pem \\
    --proxy http://proxy.intern:3128

The secret of the token or connected app is asked for, or read from an environment variable, a file or standard input; it is \
never an argument, since arguments are seen by every user of the machine. It is kept sealed in the store. \
Nothing is contacted yet: `tailwater integration test NAME` does that.";

/// Registers a BI site
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, clap::Subcommand)]
enum Tool {
    Tableau(TableauArgs),
}

/// Registers a site of Tableau Server or Tableau Cloud
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct TableauArgs {
    /// What to call the integration
    #[arg(long)]
    name: IntegrationName,

    /// The server's address, or any address of the site copied from the browser
    #[arg(long, value_name = "URL")]
    server: String,

    /// The site's name in addresses; `""` is the default site [default: as in the address]
    #[arg(long)]
    site: Option<String>,

    #[command(flatten)]
    credential: CredentialArgs,

    #[command(flatten)]
    secret: secret::Args,

    /// A dbt project that feeds the site; may be given several times, the first names the exposures
    /// [default: all]
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<ProjectName>,

    /// Allow plain http to another machine, which lets everybody between read what is signed in with
    #[arg(long)]
    allow_http: bool,

    #[command(flatten)]
    way: WayArgs,
}

/// The way to the site, where it is another than `[http]` says for all.
#[derive(Debug, clap::Args)]
struct WayArgs {
    /// A PEM file with certificate authorities that are trusted beside the system's [default: `ca_file` under `[http]`]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<Utf8PathBuf>,

    /// The proxy for every call to the site, without user and password [default: `proxy` under `[http]`]
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,

    /// Hosts that are called without the proxy, with commas between
    #[arg(long, value_name = "HOSTS")]
    no_proxy: Option<String>,
}

impl WayArgs {
    /// Whatever is wrong with the proxy's address, it is not repeated: it may hold a password.
    fn to_settings(&self) -> Result<HttpSettings, Error> {
        let unusable = |message: &str, hint: &str| Error::Usage {
            message: message.to_owned(),
            hint: hint.to_owned(),
        };
        let proxy = self.proxy.as_deref().map(|text| {
            let proxy = ProxyAddress::new(text).ok_or_else(|| {
                unusable(
                    "what `--proxy` says is no address of a proxy",
                    "give one such as `http://proxy.example.com:3128`",
                )
            })?;
            if proxy.has_user() {
                return Err(unusable(
                    "the address of `--proxy` holds a user or a password, and arguments are seen by every user of the machine",
                    "give the whole address in `TAILWATER_HTTP__PROXY`, which counts for all sites that name no other proxy, \
                     or in `[integration.http]` of a site that `tailwater.toml` declares",
                ));
            }
            Ok(proxy)
        });
        // Whoever syncs later may stand in another directory.
        let ca_file = self
            .ca_file
            .as_ref()
            .map(|file| camino::absolute_utf8(file).map_err(|source| Error::WorkingDirectory { source }));
        Ok(HttpSettings {
            ca_file: ca_file.transpose()?,
            proxy: proxy.transpose()?,
            no_proxy: self.no_proxy.clone(),
            ..HttpSettings::default()
        })
    }
}

/// With what is signed in: a token or a connected app.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct CredentialArgs {
    /// The name of the personal access token
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["connected_app", "secret_id", "user"])]
    token_name: Option<String>,

    /// In place of a token: the client id of a connected app, which may have several sessions at once
    #[arg(long, value_name = "CLIENT_ID", requires_all = ["secret_id", "user"])]
    connected_app: Option<String>,

    /// The id of the connected app's secret; the secret itself is never an argument
    #[arg(long, value_name = "ID", requires = "connected_app")]
    secret_id: Option<String>,

    /// The name of the user as whom the connected app signs in
    #[arg(long, value_name = "USER", requires = "connected_app")]
    user: Option<String>,
}

impl CredentialArgs {
    fn to_name(&self) -> CredentialName {
        match &self.connected_app {
            None => CredentialName::Token(self.token_name.clone().unwrap_or_default()),
            Some(client_id) => CredentialName::ConnectedApp(ConnectedApp {
                client_id: client_id.clone(),
                secret_id: self.secret_id.clone().unwrap_or_default(),
                user: self.user.clone().unwrap_or_default(),
            }),
        }
    }
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let Tool::Tableau(args) = &args.tool;
    let http = args.way.to_settings()?;
    // Nobody shall look up a secret for a name that is taken.
    let known = workspace.integrations().await?;
    if known.iter().any(|integration| integration.name == args.name) {
        return Err(tailwater_engine::Error::AlreadyExists {
            what: "integration",
            name: args.name.to_string(),
        }
        .into());
    }
    let credential = args.credential.to_name();
    let integration = workspace
        .add_tableau(NewIntegration {
            name: args.name.clone(),
            server: args.server.clone(),
            site: args.site.clone(),
            secret: secret::read(&args.secret, &args.name, credential.kind_in_words())?,
            credential,
            allow_http: args.allow_http,
            projects: args.projects.clone(),
            http,
        })
        .await?;
    let detail = format!("{} of {}", integration.site, integration.server);
    let event = AuditEvent::new("integration.add", integration.name.as_str(), detail);
    workspace.record_audit(&Actor::CommandLine, event).await?;
    printer.answer(&integration, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(integration: &Integration) -> Document {
    let site = if integration.site.is_empty() {
        "the default site".to_owned()
    } else {
        format!("site {}", integration.site)
    };
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("added integration ")
            .strong(integration.name.as_str())
            .plain(format!(": {site} of {}", integration.server)),
    );
    document.line(format!(
        "next: `tailwater integration test {0}`, then `tailwater collections {0}`",
        integration.name
    ));
    document
}
