//! What can keep a connector from its work.

use std::time::Duration;

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
    #[error("no trusted TLS connection to {host}: {reason}")]
    Tls {
        /// The server.
        host: String,
        /// The cause.
        reason: String,
    },
    /// No answer came in time.
    #[error("{what}: {host} did not answer in time")]
    TimedOut {
        /// The call.
        what: String,
        /// The server.
        host: String,
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
    /// The server is older than tokens.
    #[error("{server} speaks REST API {version}; personal access tokens need 3.6 (Tableau 2019.4) or later")]
    TooOld {
        /// The address.
        server: String,
        /// The version that it speaks.
        version: String,
    },
    /// Tableau refused the sign-in.
    #[error(
        "{server} refused the sign-in to site {site:?} with token {token_name:?}{}",
        suffix(detail)
    )]
    SignInRefused {
        /// The address.
        server: String,
        /// The site's name in addresses.
        site: String,
        /// The token's name, which is not secret.
        token_name: String,
        /// What Tableau said.
        detail: String,
    },
    /// Something else signs in with the same token again and again.
    #[error("the session was ended by another sign-in with token {token_name:?}, more than once")]
    SessionStolen {
        /// The token's name.
        token_name: String,
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
        matches!(
            self,
            Self::SessionStolen { .. } | Self::SignInRefused { .. } | Self::MetadataOff { .. }
        )
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
            Self::Tableau { .. } => "TW-TABLEAU-REFUSED",
            Self::Malformed { .. } => "TW-TABLEAU-ANSWER",
            Self::MetadataOff { .. } => "TW-TABLEAU-METADATA-OFF",
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
            Self::Setup { .. } => "Check the certificate file and the proxy address of this integration.",
            Self::Unreachable { .. } => {
                "Check the server's address, the network, the name service and, where there is one, the proxy."
            }
            Self::Tls { .. } => {
                "If the server's certificate comes from your own authority, name its file as `ca_file`. Check \
                 that this machine's clock is right."
            }
            Self::TimedOut { .. } | Self::Interrupted { .. } | Self::Server { .. } => {
                "Try again later. If it stays so, look at the server's state."
            }
            Self::TooLarge { .. } => {
                "Check that the address is that of the Tableau server itself and that nothing between changes \
                 its answers."
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
            Self::SignInRefused { .. } => {
                "Tableau does not say which of these is wrong: the token's name, its secret (it dies at its expiry \
                 date and after 15 days without use), the site (the part after `/site/` in the browser's \
                 address, in its exact case; empty for the default site), the user's place on that site, or a \
                 lock after too many attempts."
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
