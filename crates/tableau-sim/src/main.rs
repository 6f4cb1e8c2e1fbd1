//! `tailwater-tableau-sim`: the simulator as a program.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Parser;
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_tableau_sim::{Certificate, Error, Flaw, Options, Simulator, SiteFile};

/// A Tableau server on loopback, for tests, the demo and development
///
/// Prints `listening on http://127.0.0.1:PORT` when ready, and serves until it is stopped. With `--control-port` a second
/// line follows: `control at http://127.0.0.1:PORT`.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The site file (docs/tableau-simulator.md)
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    /// The port on 127.0.0.1; 0 for any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A port on 127.0.0.1 where `/-/sim/…` is answered also while connections are refused; 0 for any free one
    #[arg(long, value_name = "PORT")]
    control_port: Option<u16>,
    /// Sets a switch, for example `node_limit=50`; may be given several times
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    switches: Vec<String>,
    /// Largest `pageSize` of REST lists
    #[arg(long, value_name = "ROWS")]
    page_size_max: Option<u32>,
    /// Lets the clock stand at this instant until it is moved over /-/sim/clock
    #[arg(long, value_name = "INSTANT")]
    clock: Option<DateTime<Utc>>,
    /// Speaks TLS, with a certificate for localhost of an authority that is made at start
    #[arg(long)]
    tls: bool,
    /// Writes the certificate of that authority to this PEM file
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
    /// Makes a certificate that is not to be trusted
    #[arg(long, value_name = "FLAW", requires = "tls")]
    tls_flaw: Option<Flaw>,
    /// Speaks TLS with the certificate of this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "tls")]
    tls_cert: Option<PathBuf>,
    /// The PEM file with the key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl Arguments {
    fn certificate(&self) -> Result<Option<Certificate>, Error> {
        if let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) {
            return Certificate::load(chain, key).map(Some);
        }
        if !self.tls {
            return Ok(None);
        }
        let made = Certificate::make(&[], self.tls_flaw)?;
        if let (Some(path), Some(pem)) = (&self.ca_out, made.authority_pem()) {
            std::fs::write(path, pem).map_err(|source| Error::TlsFile {
                path: path.clone(),
                source,
            })?;
        }
        Ok(Some(made))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let mut stderr = std::io::stderr();
            // There is nowhere left to say that standard error is closed.
            let _ = writeln!(stderr, "error: {}", failure.reason);
            if let Some(hint) = failure.hint {
                let _ = writeln!(stderr, "\nhint: {hint}");
            }
            ExitCode::from(2)
        }
    }
}

/// Why the program ends, and what to do about it.
struct Failure {
    reason: String,
    hint: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            reason: error.to_string(),
            hint: error.hint(),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self {
            reason: error.to_string(),
            hint: None,
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut file = SiteFile::load(&arguments.site)?;
    for assignment in &arguments.switches {
        file.switches.set(assignment).map_err(|reason| Failure {
            reason: format!("--switch {assignment}: {reason}"),
            hint: Some("docs/tableau-simulator.md lists every switch".to_owned()),
        })?;
    }
    if let Some(rows) = arguments.page_size_max {
        file.switches.page_size_max = rows;
    }
    let options = Options {
        port: arguments.port,
        control_port: arguments.control_port,
        clock_stands_at: arguments.clock,
        tls: arguments.certificate()?,
    };
    let running = Simulator::start(file, options).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on {}", running.base_url())?;
    if let Some(control) = running.control_url() {
        writeln!(stdout, "control at {control}")?;
    }
    stdout.flush()?;
    tokio::select! {
        () = running.serve_forever() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
