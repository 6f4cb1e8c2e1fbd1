//! TLS before the simulator: an authority made at start, or a certificate that is given, and a port that speaks it.
//!
//! ```text
//! client ─TLS─▶ the front's port ─plain─▶ the simulator's own port
//! ```
//!
//! What is made is made for tests: the key of the authority lives as long as the start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::error::Error;

/// A certificate with its key, and who signed it.
#[derive(Clone)]
pub struct Certificate {
    authority: Option<String>,
    chain: String,
    key: String,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Certificate").finish_non_exhaustive()
    }
}

/// What is wrong with a certificate that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// It ended years ago.
    Expired,
    /// It begins in many years.
    NotYetValid,
    /// It is for another host.
    OtherName,
}

impl Certificate {
    /// Makes an authority, and has it sign a certificate for this machine's names and the given ones.
    ///
    /// # Errors
    /// [`Error::Tls`] when a name is none that a certificate can hold.
    pub fn make(names: &[&str], flaw: Option<Flaw>) -> Result<Self, Error> {
        let failed = |error: rcgen::Error| Error::Tls {
            reason: error.to_string(),
        };
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority
            .distinguished_name
            .push(DnType::CommonName, "Authority of the Tableau simulator");
        let authority_key = KeyPair::generate().map_err(failed)?;
        let authority_pem = authority.self_signed(&authority_key).map_err(failed)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let local = ["localhost", "127.0.0.1", "::1"];
        let held: Vec<String> = if flaw == Some(Flaw::OtherName) {
            vec!["somewhere-else.example".to_owned()]
        } else {
            local.iter().chain(names).map(|name| (*name).to_owned()).collect()
        };
        let mut server = CertificateParams::new(held).map_err(failed)?;
        (server.not_before, server.not_after) = match flaw {
            Some(Flaw::Expired) => (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1)),
            Some(Flaw::NotYetValid) => (date_time_ymd(2901, 1, 1), date_time_ymd(2902, 1, 1)),
            Some(Flaw::OtherName) | None => (date_time_ymd(2001, 1, 1), date_time_ymd(2901, 1, 1)),
        };
        server
            .distinguished_name
            .push(DnType::CommonName, "Tableau simulator");
        let key = KeyPair::generate().map_err(failed)?;
        let signed = server.signed_by(&key, &issuer).map_err(failed)?;
        Ok(Self {
            authority: Some(authority_pem),
            chain: signed.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Reads a certificate, with those above it, and its key from PEM files.
    ///
    /// # Errors
    /// [`Error::TlsFile`] for a file that cannot be read.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, Error> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|source| Error::TlsFile {
                path: PathBuf::from(path),
                source,
            })
        };
        Ok(Self {
            authority: None,
            chain: read(chain)?,
            key: read(key)?,
        })
    }

    /// The certificate of the authority that was made, as PEM; `None` where the certificate was given.
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    fn to_acceptor(&self) -> Result<TlsAcceptor, Error> {
        let failed = |error: String| Error::Tls { reason: error };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(self.chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| failed(error.to_string()))?;
        let key =
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|error| failed(error.to_string()))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| failed(error.to_string()))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// A port that speaks TLS and hands on what comes. Dropping it closes the port.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Front {
    /// Speaks TLS at the listener, and hands on to the other address.
    pub(crate) fn start(
        listener: TcpListener,
        behind: SocketAddr,
        certificate: &Certificate,
    ) -> Result<Self, Error> {
        let acceptor = certificate.to_acceptor()?;
        let address = listener
            .local_addr()
            .map_err(|source| Error::Listen { port: 0, source })?;
        let task = tokio::spawn(async move {
            loop {
                let stream = match listener.accept().await {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::debug!(%error, "a connection was not accepted");
                        continue;
                    }
                };
                tokio::spawn(hand_on(stream, acceptor.clone(), behind));
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hand_on(stream: TcpStream, acceptor: TlsAcceptor, behind: SocketAddr) {
    // What fails here the client sees, and that is what a test is about.
    let handed = async {
        let mut outside = acceptor.accept(stream).await?;
        let mut inside = TcpStream::connect(behind).await?;
        copy_bidirectional(&mut outside, &mut inside).await
    };
    if let Err(error) = handed.await {
        tracing::debug!(%error, "a TLS connection ended");
    }
}
