//! Listening, with or without TLS, until told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use camino::Utf8PathBuf;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take once the server is told to stop.
const LONGEST_FAREWELL: Duration = Duration::from_secs(20);

/// Where to listen.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key, to speak TLS.
    pub tls: Option<Tls>,
}

/// The files that TLS takes, in PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate with its chain.
    pub certificate: Utf8PathBuf,
    /// Its private key.
    pub key: Utf8PathBuf,
}

/// Why the server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("cannot use the certificate {certificate} with the key {key}")]
    Certificate {
        /// The certificate.
        certificate: Utf8PathBuf,
        /// The key.
        key: Utf8PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// The server stopped by itself.
    #[error("the server stopped")]
    Stopped {
        /// Why.
        source: std::io::Error,
    },
}

impl tailwater_core::diagnostic::Diagnostic for ServeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "TW-SERVE-LISTEN",
            Self::Certificate { .. } => "TW-SERVE-CERTIFICATE",
            Self::Stopped { .. } => "TW-SERVE-STOPPED",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Listen { .. } => {
                "another program may use the port: choose one with `--listen 127.0.0.1:PORT`".to_owned()
            }
            Self::Certificate { .. } => {
                "both must be PEM files that this user can read, and belong together".to_owned()
            }
            Self::Stopped { .. } => "start it again; the log has what came before".to_owned(),
        })
    }
}

/// Serves until `stop` is cancelled; then requests under way are finished. `on_ready` hears the address listened on.
pub async fn serve(
    service: Router,
    options: ServeOptions,
    stop: CancellationToken,
    on_ready: impl FnOnce(SocketAddr) + Send,
) -> Result<(), ServeError> {
    let address = options.listen;
    let listen = |source| ServeError::Listen { address, source };
    let listener = std::net::TcpListener::bind(address).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    let handle = Handle::new();
    let watcher = tokio::spawn({
        let handle = handle.clone();
        async move {
            stop.cancelled().await;
            handle.graceful_shutdown(Some(LONGEST_FAREWELL));
        }
    });
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    let served = match options.tls {
        None => {
            let server = axum_server::from_tcp(listener).map_err(listen)?;
            on_ready(bound);
            server.handle(handle).serve(service).await
        }
        Some(tls) => {
            let configuration = load_tls(&tls).await?;
            let server = axum_server::from_tcp_rustls(listener, configuration).map_err(listen)?;
            on_ready(bound);
            server.handle(handle).serve(service).await
        }
    };
    watcher.abort();
    served.map_err(|source| ServeError::Stopped { source })
}

async fn load_tls(tls: &Tls) -> Result<RustlsConfig, ServeError> {
    // The program holds two of rustls's providers, since the store's driver brings another one than the rest: it
    // must be told which. One that was chosen before stays.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    RustlsConfig::from_pem_file(&tls.certificate, &tls.key)
        .await
        .map_err(|source| ServeError::Certificate {
            certificate: tls.certificate.clone(),
            key: tls.key.clone(),
            source,
        })
}
