//! Letters, by SMTP.
//!
//! A letter has plain text and a little HTML. Names of dashboards and what tools say are untrusted: they are one line
//! each before they get here, the header is encoded by the library, and addresses are parsed, so that nothing can
//! begin a header, end the body or add a recipient.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message as Letter, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::{Error, Failure};
use super::message::Message;
use crate::error::tame;

/// How the mail server is reached.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is sealed.
    pub tls: MailTls,
    /// The user, where the server asks for one.
    pub user: Option<String>,
    /// That one's password.
    pub password: Option<SecretString>,
    /// From whom letters come, such as `Tailwater <data@acme.com>`.
    pub from: String,
    /// A PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to the mail server is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MailTls {
    /// In the clear at first, then sealed or not at all (port 587).
    #[default]
    StartTls,
    /// Sealed from the beginning (port 465).
    Implicit,
    /// Never sealed: for a relay on this machine or in a network that is trusted. No password is sent.
    None,
}

/// Sends one letter. `delivery` makes its `Message-ID`, so that a letter that was taken twice is seen to be one.
pub async fn send(
    mail: &Mail,
    to: &[String],
    delivery: &str,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let letter = letter(mail, to, delivery, message, now)?;
    let transport = transport(mail)?;
    transport
        .send(letter)
        .await
        .map(|_| ())
        .map_err(|error| refused(mail, &error))
}

/// Whether a text is an address that a letter can go to.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// Whether a text can stand as a sender.
pub fn is_mailbox(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

fn letter(
    mail: &Mail,
    to: &[String],
    delivery: &str,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<Letter, Failure> {
    let from: Mailbox = mail
        .from
        .parse()
        .map_err(|_| Failure::settings("`from` is no address"))?;
    let domain = from.email.domain().to_owned();
    let mut builder = Letter::builder()
        .from(from)
        .subject(message.headline())
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{delivery}@{domain}>")))
        // No answering machine answers it (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    let mut count = 0;
    for address in to {
        if let Ok(address) = address.trim().parse::<Address>() {
            builder = builder.to(Mailbox::new(None, address));
            count += 1;
        }
    }
    if count == 0 {
        return Err(Failure::settings(
            "none of the addresses is one that a letter can go to",
        ));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(plain(message), html(message)))
        .map_err(|error| Failure::settings(tame(&error.to_string())))
}

fn transport(mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, Failure> {
    let parameters = || -> Result<TlsParameters, Failure> {
        let mut builder = TlsParameters::builder(mail.host.clone());
        if let Some(path) = &mail.ca_file {
            let unusable =
                || Failure::settings(format!("{} holds no readable PEM certificate", path.display()));
            let pem = std::fs::read(path).map_err(|_| unusable())?;
            let certificate = Certificate::from_pem(&pem).map_err(|_| unusable())?;
            builder = builder.add_root_certificate(certificate);
        }
        builder
            .build()
            .map_err(|error| Failure::settings(tame(&error.to_string())))
    };
    let tls = match mail.tls {
        MailTls::StartTls => Tls::Required(parameters()?),
        MailTls::Implicit => Tls::Wrapper(parameters()?),
        MailTls::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
        .port(mail.port)
        .tls(tls)
        .timeout(Some(Duration::from_secs(30)));
    if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
        if mail.tls == MailTls::None {
            return Err(Failure::settings(
                "a password is not sent over a connection that is not sealed",
            ));
        }
        builder = builder.credentials(Credentials::new(
            user.clone(),
            password.expose_secret().to_owned(),
        ));
    }
    Ok(builder.build())
}

fn refused(mail: &Mail, error: &lettre::transport::smtp::Error) -> Failure {
    use std::error::Error as _;
    let mut reason = error.to_string();
    if let Some(source) = error.source() {
        // Writing to a string cannot fail.
        let _ = write!(reason, ": {source}");
    }
    // 530, 534, 535, 538: user and password, which somebody may mend.
    let is_sign_in = error
        .status()
        .is_some_and(|code| code.to_string().starts_with("53"));
    Failure {
        is_final: error.is_permanent() && !is_sign_in,
        wait: None,
        error: Box::new(Error::Mail {
            host: mail.host.clone(),
            reason: tame(&reason),
        }),
    }
}

fn plain(message: &Message) -> String {
    let mut text = String::new();
    for entry in &message.entries {
        text.push_str(&entry.text.headline);
        for line in &entry.text.lines {
            let _ = write!(text, "\n  {line}");
        }
        if let Some(link) = &entry.link {
            let _ = write!(text, "\n  {link}");
        }
        text.push_str("\n\n");
    }
    if message.more > 0 {
        let _ = writeln!(text, "… and {} more", message.more);
    }
    if let Some(catalog) = &message.catalog {
        let _ = writeln!(text, "-- \nTailwater, {catalog}");
    }
    text
}

fn html(message: &Message) -> String {
    let mut text = String::from("<!doctype html><html><body style=\"font-family:sans-serif\">");
    for entry in &message.entries {
        let _ = write!(text, "<p><b>{}</b>", escape(&entry.text.headline));
        for line in &entry.text.lines {
            let _ = write!(text, "<br>{}", escape(line));
        }
        if let Some(link) = &entry.link {
            let _ = write!(text, "<br><a href=\"{}\">Open in Tailwater</a>", escape(link));
        }
        text.push_str("</p>");
    }
    if message.more > 0 {
        let _ = write!(text, "<p>… and {} more</p>", message.more);
    }
    text.push_str("</body></html>");
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_core::signal::{NoticeState, Severity, Text};

    use super::*;
    use crate::outgoing::Entry;

    fn mail(from: &str) -> Mail {
        Mail {
            host: "127.0.0.1".to_owned(),
            port: 25,
            tls: MailTls::None,
            user: None,
            password: None,
            from: from.to_owned(),
            ca_file: None,
        }
    }

    fn message(headline: &str, line: &str) -> Message {
        Message {
            entries: vec![Entry {
                state: NoticeState::Raised,
                severity: Severity::Error,
                text: Text {
                    headline: headline.to_owned(),
                    lines: vec![line.to_owned()],
                    page: None,
                },
                link: Some("https://data.acme.com/exposures/x".to_owned()),
            }],
            more: 0,
            catalog: None,
        }
    }

    fn written(from: &str, to: &[&str], message: &Message) -> Result<String, Failure> {
        let to: Vec<String> = to.iter().map(|&to| to.to_owned()).collect();
        let now = "2026-01-10T06:00:00Z".parse().unwrap();
        letter(&mail(from), &to, "d1", message, now)
            .map(|letter| String::from_utf8(letter.formatted()).unwrap())
    }

    #[rstest]
    #[case("a\r\nBcc: eve@evil.example\r\n\r\nbody")]
    #[case("a\nX-Evil: 1")]
    #[case("=?utf-8?q?x=0D=0ABcc:_eve@evil.example?=")]
    #[case("über \u{1f4a7} \u{0}")]
    fn no_name_begins_a_header(#[case] name: &str) {
        let text = written(
            "Tailwater <data@acme.com>",
            &["ada@acme.com", "bob@acme.com\r\nBcc: eve@evil.example", "nobody"],
            &message(name, name),
        )
        .unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        assert_eq!(
            names,
            [
                "From",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "To",
                "MIME-Version",
                "Content-Type"
            ],
            "{head}"
        );
        assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{head:?}");
        assert!(head.contains("To: ada@acme.com"), "{head}");
        assert!(head.contains("<d1@acme.com>"), "{head}");
    }

    #[test]
    fn names_are_escaped_in_html() {
        let text = html(&message("<script>alert(1)</script>", "\"'&"));
        assert!(text.contains("&lt;script&gt;alert(1)"), "{text}");
        assert!(text.contains("&quot;&#39;&amp;"), "{text}");
    }

    #[rstest]
    #[case("no address", &["ada@acme.com"])]
    #[case("data@acme.com", &["nobody", ""])]
    fn a_letter_without_sender_or_reader_is_given_up(#[case] from: &str, #[case] to: &[&str]) {
        assert!(written(from, to, &message("a", "b")).unwrap_err().is_final);
    }

    #[test]
    fn a_password_is_not_sent_in_the_clear() {
        let open = Mail {
            user: Some("u".to_owned()),
            password: Some("p".into()),
            ..mail("data@acme.com")
        };
        assert!(transport(&open).unwrap_err().is_final);
    }
}
