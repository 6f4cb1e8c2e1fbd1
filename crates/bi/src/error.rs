//! What can keep a connector from its work.

use std::fmt;
use std::time::Duration;

use tailwater_core::credential::CredentialName;
use tailwater_core::diagnostic::Diagnostic;
use thiserror::Error as ThisError;

/// Why a connector, or a call that it made, failed.
///
/// Texts that came from outside are shortened and freed of control characters before they get here;
/// secrets never do.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum Error {
    /// The text given as a site's address is not one.
    #[error("cannot read {text:?} as the address of a Tableau site: {reason}")]
    Address {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address would send the token in the clear.
    #[error("refused to send a token over plain http to {host}")]
    PlainHttp {
        /// The server.
        host: String,
    },
    /// The address is one of a private network or of this machine, and that is not allowed here.
    #[error("refused to call {host}: it is in a private network")]
    PrivateAddress {
        /// The server.
        host: String,
    },
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {reason}")]
    Setup {
        /// What is wrong.
        reason: String,
    },
    /// The server could not be reached.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The server.
        host: String,
        /// The cause, as the network told it.
        reason: String,
    },
    /// The server's certificate was not accepted.
    #[error("no trusted TLS connection to {host}: {problem} ({reason})")]
    Tls {
        /// The server.
        host: String,
        /// What is wrong, as far as that is known.
        problem: TlsProblem,
        /// The cause in the TLS library's words.
        reason: String,
    },
    /// Plain http was spoken to a server that expects TLS.
    #[error("{host} does not speak plain http")]
    SpeaksTls {
        /// The server.
        host: String,
    },
    /// The proxy between did not let the call through.
    #[error("the proxy {proxy} does not reach {host}: {reason}")]
    Proxy {
        /// The proxy's host and port.
        proxy: String,
        /// The server.
        host: String,
        /// The cause.
        reason: String,
        /// Whether it wants to know who asks.
        asks_for_password: bool,
    },
    /// No answer came in time.
    #[error("{what}: {host} did not answer in time{}", limit.map(|limit| format!(": {limit}")).unwrap_or_default())]
    TimedOut {
        /// The call.
        what: String,
        /// The server.
        host: String,
        /// Which limit was reached; `None` for one that the caller set.
        limit: Option<TimeLimit>,
    },
    /// The connection broke while the answer came.
    #[error("{what}: the answer from {host} broke off: {reason}")]
    Interrupted {
        /// The call.
        what: String,
        /// The server.
        host: String,
        /// The cause.
        reason: String,
    },
    /// The answer is larger than any honest one.
    #[error("{what}: the answer from {host} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The call.
        what: String,
        /// The server.
        host: String,
        /// The cap.
        limit_bytes: usize,
    },
    /// The server points elsewhere.
    #[error("{what}: {host} redirects to {target}")]
    Redirected {
        /// The call.
        what: String,
        /// The server that was asked.
        host: String,
        /// Where it points: scheme and host only.
        target: String,
        /// Whether it is the same host over https.
        is_https_upgrade: bool,
    },
    /// The server asks to wait longer than a call may.
    #[error("{what}: {host} allows no more requests for now{}", wait.map(|wait| format!(", wait {} s", wait.as_secs())).unwrap_or_default())]
    Throttled {
        /// The call.
        what: String,
        /// The server.
        host: String,
        /// How long it asked to wait, if it did.
        wait: Option<Duration>,
    },
    /// The server failed inside.
    #[error("{what}: {host} answered with status {status}{}", suffix(detail))]
    Server {
        /// The call.
        what: String,
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said, when it is worth repeating.
        detail: String,
    },
    /// The host answers, but is not a Tableau server.
    #[error("{server} does not answer like a Tableau server: {reason}")]
    NotTableau {
        /// The address.
        server: String,
        /// What it answered.
        reason: String,
    },
    /// The server is older than what is signed in with.
    #[error("{server} speaks REST API {version}; {needs}")]
    TooOld {
        /// The address.
        server: String,
        /// The version that it speaks.
        version: String,
        /// What needs a newer one, and which.
        needs: &'static str,
    },
    /// Tableau refused the sign-in.
    #[error(
        "{server} refused the sign-in to site {site:?} with {credential}{}",
        suffix(detail)
    )]
    SignInRefused {
        /// The address.
        server: String,
        /// The site's name in addresses.
        site: String,
        /// With what, which is not secret.
        credential: Box<CredentialName>,
        /// What Tableau said.
        detail: String,
    },
    /// Something else ends the session again and again: with a token, another sign-in.
    #[error("the session {} with {credential}, more than once", ended_how(credential))]
    SessionStolen {
        /// With what it was opened.
        credential: Box<CredentialName>,
    },
    /// A session that is new may not do what a call asks.
    #[error(
        "{what}: Tableau refuses a new session of {credential}, as it does where the scope {scope} is missing"
    )]
    ScopeMissing {
        /// The call.
        what: String,
        /// With what the session was opened.
        credential: Box<CredentialName>,
        /// The scope that allows the call.
        scope: &'static str,
    },
    /// Tableau answered with an error of its own.
    #[error("{what}: Tableau answered {code}{}", summary_and_detail(summary, detail))]
    Tableau {
        /// The call.
        what: String,
        /// Tableau's code, such as `403004`.
        code: String,
        /// Its summary; may be empty.
        summary: String,
        /// Its detail; may be empty.
        detail: String,
    },
    /// An answer that is neither what was asked for nor an error that Tableau documents.
    #[error("{what}: {reason}")]
    Malformed {
        /// The call.
        what: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The Metadata API does not answer.
    #[error("the Metadata API of {server} is not available: {reason}")]
    MetadataOff {
        /// The address.
        server: String,
        /// What it answered.
        reason: String,
    },
    /// The Metadata API lets this session read nothing, while the REST API does.
    #[error("the Metadata API of {server} refuses {credential}, which the REST API accepts: {reason}")]
    MetadataForbidden {
        /// The address.
        server: String,
        /// With what the session was opened.
        credential: Box<CredentialName>,
        /// What it answered.
        reason: String,
    },
    /// The Metadata API refused a query.
    #[error("{what}: the Metadata API answered {code}: {message}")]
    Metadata {
        /// The query.
        what: String,
        /// Its code, or `unknown`.
        code: String,
        /// Its message.
        message: String,
    },
}

const fn ended_how(credential: &CredentialName) -> &'static str {
    match credential {
        CredentialName::Token(_) => "was ended by another sign-in",
        CredentialName::ConnectedApp(_) => "was ended before its time",
    }
}

/// What is wrong with a server's certificate, or with speaking TLS to it at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsProblem {
    /// Nobody who is trusted here has signed it.
    UnknownAuthority,
    /// It is for another name.
    WrongName,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// The server does not speak TLS.
    NotTls,
    /// Something else.
    Other,
}

impl TlsProblem {
    /// Tells the problem by the TLS library's words.
    pub(crate) fn of(reason: &str) -> Self {
        let reason = reason.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        if says(&[
            "unknownissuer",
            "unknown issuer",
            "not trusted",
            "unknownca",
            "selfsigned",
            "self-signed",
        ]) {
            Self::UnknownAuthority
        } else if says(&["not valid for", "notvalidforname"]) {
            Self::WrongName
        } else if says(&["expired"]) {
            Self::Expired
        } else if says(&["not valid yet", "notvalidyet"]) {
            Self::NotYetValid
        } else if says(&["corrupt message", "invalidcontenttype"]) {
            Self::NotTls
        } else {
            Self::Other
        }
    }
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownAuthority => "its certificate is signed by nobody who is trusted here",
            Self::WrongName => "its certificate is for another name",
            Self::Expired => "its certificate has expired",
            Self::NotYetValid => "its certificate is not valid yet",
            Self::NotTls => "what answers there does not speak TLS",
            Self::Other => "the connection was not agreed upon",
        })
    }
}

/// A limit of time that a call reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// Between two pieces of the answer, or before the first.
    Read(Duration),
    /// For one call in all.
    Total(Duration),
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(limit) => write!(formatter, "nothing came for {} s", limit.as_secs_f32()),
            Self::Total(limit) => write!(formatter, "it was not over after {} s", limit.as_secs_f32()),
        }
    }
}

fn suffix(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!(": {detail}")
    }
}

fn summary_and_detail(summary: &str, detail: &str) -> String {
    format!("{}{}", suffix(summary), suffix(detail))
}

impl Error {
    /// Whether no other call can go through either, so that a reading that has come half way
    /// must not go on.
    pub(crate) const fn ends_session(&self) -> bool {
        matches!(self, Self::SessionStolen { .. } | Self::SignInRefused { .. })
    }
}

impl Diagnostic for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "TW-TABLEAU-ADDRESS",
            Self::PlainHttp { .. } => "TW-HTTP-PLAIN",
            Self::PrivateAddress { .. } => "TW-HTTP-PRIVATE",
            Self::Setup { .. } => "TW-HTTP-SETUP",
            Self::Unreachable { .. } => "TW-HTTP-UNREACHABLE",
            Self::Tls { .. } => "TW-HTTP-TLS",
            Self::SpeaksTls { .. } => "TW-HTTP-SPEAKS-TLS",
            Self::Proxy { .. } => "TW-HTTP-PROXY",
            Self::TimedOut { .. } => "TW-HTTP-TIMEOUT",
            Self::Interrupted { .. } => "TW-HTTP-INTERRUPTED",
            Self::TooLarge { .. } => "TW-HTTP-TOO-LARGE",
            Self::Redirected { .. } => "TW-HTTP-REDIRECT",
            Self::Throttled { .. } => "TW-HTTP-THROTTLED",
            Self::Server { .. } => "TW-HTTP-SERVER",
            Self::NotTableau { .. } => "TW-TABLEAU-NOT-TABLEAU",
            Self::TooOld { .. } => "TW-TABLEAU-TOO-OLD",
            Self::SignInRefused { .. } => "TW-TABLEAU-SIGN-IN",
            Self::SessionStolen { .. } => "TW-TABLEAU-SESSION-STOLEN",
            Self::ScopeMissing { .. } => "TW-TABLEAU-SCOPE",
            Self::Tableau { .. } => "TW-TABLEAU-REFUSED",
            Self::Malformed { .. } => "TW-TABLEAU-ANSWER",
            Self::MetadataOff { .. } => "TW-TABLEAU-METADATA-OFF",
            Self::MetadataForbidden { .. } => "TW-TABLEAU-METADATA-FORBIDDEN",
            Self::Metadata { .. } => "TW-TABLEAU-METADATA",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Address { .. } => {
                "Give the address that the browser shows when the site is open, such as \
                 `https://10ax.online.tableau.com/#/site/acme/home`."
            }
            Self::PlainHttp { .. } => {
                "Use an https address. If the server really has none and the network can be trusted, set \
                 `allow_http = true`."
            }
            Self::PrivateAddress { .. } => {
                "If the server is one of yours and is meant, set `allow_private = true` where its address stands."
            }
            Self::Setup { .. } => {
                "Check `ca_file`, a PEM file with certificates, and `proxy`, both under `[http]` or `[integration.http]`."
            }
            Self::Unreachable { .. } => {
                "Check the server's address, the network and the name service. `connect_timeout_seconds` under `[http]` \
                 says how long a connection is waited for."
            }
            Self::Tls { problem, .. } => match problem {
                TlsProblem::UnknownAuthority => {
                    "If the certificate comes from your own authority, name the PEM file with that authority's \
                     certificate as `ca_file` under `[http]` (or in `TAILWATER_HTTP__CA_FILE`). If it comes from a public \
                     one, the server does not send the certificates between."
                }
                TlsProblem::WrongName => {
                    "Give the server's address with a name that its certificate holds, or have the certificate made for \
                     this name."
                }
                TlsProblem::Expired => {
                    "Have the server's certificate renewed. If it is not too old, this machine's clock is wrong."
                }
                TlsProblem::NotYetValid => "Check that this machine's clock is right.",
                TlsProblem::NotTls => {
                    "Check the port. If the server really speaks plain http and the network can be trusted, give its \
                     address with http and set `allow_http = true`."
                }
                TlsProblem::Other => {
                    "If the server's certificate comes from your own authority, name its file as `ca_file` under \
                     `[http]`. Check that this machine's clock is right, and that the server speaks TLS 1.2 or later."
                }
            },
            Self::SpeaksTls { .. } => "Give the server's address with https.",
            Self::Proxy {
                asks_for_password: true,
                ..
            } => {
                "Give user and password in the proxy's address, `http://user:password@proxy.example.com:3128`, best in \
                 the environment: `TAILWATER_HTTP__PROXY`, or `HTTPS_PROXY`."
            }
            Self::Proxy { .. } => {
                "Check the proxy: `proxy` under `[http]`, else the environment variables `HTTPS_PROXY`, `HTTP_PROXY` and \
                 `ALL_PROXY`. Hosts that need none are named in `no_proxy`, else in `NO_PROXY`."
            }
            Self::TimedOut {
                limit: Some(TimeLimit::Read(_)),
                ..
            } => {
                "Try again later. If the server is only slow, allow more with `read_timeout_seconds` under `[http]` (or \
                 in `TAILWATER_HTTP__READ_TIMEOUT_SECONDS`)."
            }
            Self::TimedOut {
                limit: Some(TimeLimit::Total(_)),
                ..
            } => {
                "Try again later. If the server is only slow, allow more with `total_timeout_seconds` under `[http]` (or \
                 in `TAILWATER_HTTP__TOTAL_TIMEOUT_SECONDS`)."
            }
            Self::TimedOut { limit: None, .. } | Self::Interrupted { .. } | Self::Server { .. } => {
                "Try again later. If it stays so, look at the server's state."
            }
            Self::TooLarge { .. } => {
                "Check that the address is that of the Tableau server itself and that nothing between changes \
                 its answers. If it is meant, allow more with `max_answer_megabytes` under `[http]`."
            }
            Self::Redirected {
                is_https_upgrade: true,
                ..
            } => {
                "Give the server's address with https: a redirect from http would turn the sign-in into another \
                 kind of request."
            }
            Self::Redirected { .. } => {
                "Redirects to other hosts are not followed. Give the address that the browser ends up at; a \
                 sign-in page before the server must let API calls through."
            }
            Self::Throttled { .. } => "Wait for the time named, then sync again.",
            Self::NotTableau { .. } => {
                "Give the address that the browser shows when Tableau is open. On Tableau Cloud that includes the \
                 pod, such as `10ax.online.tableau.com`."
            }
            Self::TooOld { .. } => "Upgrade Tableau Server.",
            Self::SignInRefused {
                credential, detail, ..
            } if credential.connected_app().is_some() => return Some(crate::tableau::advice_for_app(detail)),
            Self::SignInRefused { .. } => {
                "Tableau does not say which of these is wrong: the token's name, its secret (it dies at its expiry \
                 date and after 15 days without use), the site (the part after `/site/` in the browser's \
                 address, in its exact case; empty for the default site), the user's place on that site, or a \
                 lock after too many attempts."
            }
            Self::SessionStolen { credential } if credential.connected_app().is_some() => {
                "Ask an administrator of the site what ends its sessions: the connected app or its secret may have been \
                 taken back, or the server may be starting again and again."
            }
            Self::ScopeMissing { scope, .. } => {
                return Some(format!(
                    "Tailwater asks for `{scope}` when it signs in. See that the connected app and its user may have it, \
                     and that this version of Tableau knows it; or use a personal access token, which needs no scopes."
                ));
            }
            Self::SessionStolen { .. } => {
                "A Tableau token has one session. Make a token that nothing else uses: no second copy of \
                 Tailwater, no other tool."
            }
            Self::Tableau { code, .. } => return tableau_hint(code),
            Self::Malformed { .. } => "Try again. If it stays so, report it with the line above.",
            Self::MetadataOff { .. } => {
                "On Tableau Server an administrator turns it on with `tsm maintenance metadata-services enable`. \
                 A proxy before the server must let `/api/metadata/graphql` through."
            }
            Self::MetadataForbidden { credential, .. } if credential.connected_app().is_some() => {
                "The connected app needs the scope `tableau:content:read`, and its user a role that may read the \
                 Metadata API: Site Administrator Explorer sees everything. A proxy before the server must let \
                 `/api/metadata/graphql` through with its headers."
            }
            Self::MetadataForbidden { .. } => {
                "Give the token's user a role that may read the Metadata API: Site Administrator Explorer sees \
                 everything. A proxy before the server must let `/api/metadata/graphql` through with its headers."
            }
            Self::Metadata { .. } => "Check the role of the token's user with `integration test`.",
        };
        Some(hint.to_owned())
    }
}

/// Advice for Tableau's own error codes (Tableau REST API, "Handling errors").
fn tableau_hint(code: &str) -> Option<String> {
    let hint = match code {
        "405000" => {
            "On Tableau Cloud give the address with the pod, such as `10ax.online.tableau.com`; on Tableau \
             Server give it with https."
        }
        "403037" | "404001" => "Upgrade Tableau Server, or report the version that it speaks.",
        "404000" => "Check the site: the part after `/site/` in the browser's address.",
        _ if code.starts_with("429") => "Wait for the time that Tableau names, then sync again.",
        _ if code.starts_with("403") => {
            "Give the token's user the right that the call needs; Site Administrator Explorer sees everything."
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// Text from outside as it may stand in a message: one line, no control characters, not long.
pub(crate) fn tame(text: &str) -> String {
    const LONGEST: usize = 300;
    let mut tamed = String::new();
    for word in text.split_whitespace() {
        if !tamed.is_empty() {
            tamed.push(' ');
        }
        tamed.extend(word.chars().filter(|character| !character.is_control()));
        if tamed.len() > LONGEST {
            let end = tamed.floor_char_boundary(LONGEST);
            tamed.truncate(end);
            tamed.push('…');
            break;
        }
    }
    tamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_becomes_one_short_line() {
        assert_eq!(tame("a\n  b\u{1b}[31m c"), "a b[31m c");
        let long = tame(&"é".repeat(1000));
        assert!(long.len() < 310 && long.ends_with('…'));
    }

    #[test]
    fn a_refusal_names_code_and_detail() {
        let error = Error::Tableau {
            what: "Query Projects".into(),
            code: "403004".into(),
            summary: "Forbidden".into(),
            detail: String::new(),
        };
        assert_eq!(
            error.to_string(),
            "Query Projects: Tableau answered 403004: Forbidden"
        );
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("Site Administrator Explorer"))
        );
    }
}
