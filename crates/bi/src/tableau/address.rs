//! Addresses of Tableau: reading them as people copy them from a browser, and making links.
//!
//! | as copied | server | site |
//! | --- | --- | --- |
//! | `https://10ax.online.tableau.com/#/site/acme/home` | `https://10ax.online.tableau.com` | `acme` |
//! | `https://bi.acme.com/#/home` | `https://bi.acme.com` | the default site |
//! | `https://bi.acme.com/t/acme/views/Sales/Overview?:iid=1` | `https://bi.acme.com` | `acme` |
//! | `bi.acme.com/tableau` | `https://bi.acme.com/tableau` | not told |

use std::fmt::Write as _;

use url::Url;

use crate::error::{Error, tame};

/// A Tableau site as an address tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteAddress {
    /// Scheme, host, port and path prefix, without a slash at the end.
    pub server: String,
    /// The site's name in addresses; empty for the default site, `None` when the address does not tell.
    pub site: Option<String>,
}

/// Splits any address of a Tableau page into server and site. Without a scheme, https is meant.
///
/// # Errors
/// [`Error::Address`] for text that is no web address, and for one that holds a user name or password.
pub fn split_address(text: &str) -> Result<SiteAddress, Error> {
    let trimmed = text.trim().trim_matches(['<', '>', '"', '\'']).trim();
    let with_scheme = match trimmed.split_once("://") {
        Some(_) => trimmed.to_owned(),
        None => format!("https://{}", trimmed.trim_start_matches('/')),
    };
    let refused = |reason: &str| Error::Address {
        text: tame(&without_user_info(trimmed)),
        reason: reason.to_owned(),
    };
    let url = Url::parse(&with_scheme).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("only http and https addresses can be called"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it holds a user name or password; leave them out"));
    }
    match url.host_str() {
        None | Some("") => return Err(refused("it names no host")),
        // More is allowed in an address than a host can be called; a quotation mark is one of the copying.
        Some(host)
            if !host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte)) =>
        {
            return Err(refused("no host is called so"));
        }
        Some(_) => {}
    }
    let (prefix, site_in_path) = split_path(url.path());
    let site = match url.fragment() {
        Some(fragment) => site_in_fragment(&percent_decoded(fragment)).or(site_in_path),
        None => site_in_path,
    };
    let origin = url.origin().ascii_serialization();
    let server = format!("{origin}{prefix}");
    if server.ends_with(['\'', '"', '<', '>']) {
        return Err(refused("its server ends in a quotation mark"));
    }
    Ok(SiteAddress { server, site })
}

/// The part of a path before Tableau's own pages, and the site that a page's path names.
fn split_path(path: &str) -> (String, Option<String>) {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    for (at, segment) in segments.iter().enumerate() {
        let next = segments.get(at + 1).map(|next| percent_decoded(next));
        let site = match *segment {
            "t" | "site" if next.is_some() => next,
            "views" if next.is_some() => Some(String::new()),
            "api" if next.is_some() => None,
            _ => continue,
        };
        return (joined(&segments[..at]), site);
    }
    (joined(&segments), None)
}

fn joined(segments: &[&str]) -> String {
    segments.iter().fold(String::new(), |mut path, segment| {
        let _ = write!(path, "/{segment}");
        path
    })
}

/// The site that a fragment such as `/site/acme/home` names; empty for pages of the default site.
fn site_in_fragment(fragment: &str) -> Option<String> {
    let path = fragment.split('?').next().unwrap_or_default();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    match (segments.next()?, segments.next()) {
        ("site", site) => site.map(str::to_owned),
        ("signin" | "login", _) => None,
        _ => Some(String::new()),
    }
}

fn without_user_info(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..authority_end];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{host}{}", &rest[authority_end..])
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16)
                .ok()
                .filter(|_| !digits.starts_with('+'))
        });
        match hex {
            Some(decoded) if byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes links to pages of one site (forms as Tableau's own `webpageUrl` has them).
#[derive(Debug, Clone)]
pub(crate) struct Links {
    prefix: String,
}

impl Links {
    pub(crate) fn new(server: &str, site: &str) -> Self {
        let prefix = if site.is_empty() {
            format!("{server}/#")
        } else {
            format!("{server}/#/site/{}", encoded(site))
        };
        Self { prefix }
    }

    /// A workbook's page, by the number that browser addresses have.
    pub(crate) fn workbook(&self, vizportal_url_id: &str) -> String {
        format!("{}/workbooks/{}", self.prefix, encoded(vizportal_url_id))
    }

    /// A dashboard's or sheet's page, by its path `{workbook}/{view}`.
    pub(crate) fn view(&self, path: &str) -> String {
        format!("{}/views/{}", self.prefix, encoded(path))
    }

    /// A published data source's page.
    pub(crate) fn data_source(&self, vizportal_url_id: &str) -> String {
        format!("{}/datasources/{}", self.prefix, encoded(vizportal_url_id))
    }
}

/// Encodes what would break a link out of its place. Letters of any script stay readable, and what is
/// encoded already stays as it is.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || character.is_whitespace() || "\"<>\\^`{|}?#".contains(character) {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(character);
        }
    }
    encoded
}

/// A link as it came from the server, when it is one that a browser may follow.
pub(crate) fn trusted_link(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    let text = text.trim();
    // As it came where that does no harm. The rest is written as a browser understands it: `https:x` would be relative
    // on a page of ours.
    let has_authority = text.starts_with("https://") || text.starts_with("http://");
    let is_plain = has_authority && !text.contains(char::is_control);
    (is_web && url.password().is_none()).then(|| if is_plain { text.to_owned() } else { url.into() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://bi.acme.com/#/home", "https://bi.acme.com", Some(""))]
    #[case("https://bi.acme.com/#/workbooks/17/views", "https://bi.acme.com", Some(""))]
    #[case("https://bi.acme.com/#/site/acme/home", "https://bi.acme.com", Some("acme"))]
    #[case("https://bi.acme.com/#/site/acme", "https://bi.acme.com", Some("acme"))]
    #[case(
        "https://bi.acme.com/#/site/Acme-EU/workbooks/3?order=name:asc",
        "https://bi.acme.com",
        Some("Acme-EU")
    )]
    #[case(
        "https://10ax.online.tableau.com/#/site/acme/home",
        "https://10ax.online.tableau.com",
        Some("acme")
    )]
    #[case(
        "https://prod-useast-b.online.tableau.com/#/site/acme/explore",
        "https://prod-useast-b.online.tableau.com",
        Some("acme")
    )]
    #[case("10az.online.tableau.com", "https://10az.online.tableau.com", None)]
    #[case(
        "  https://10AZ.Online.Tableau.com/  ",
        "https://10az.online.tableau.com",
        None
    )]
    #[case(
        "https://bi.acme.com/t/acme/views/Sales/Overview",
        "https://bi.acme.com",
        Some("acme")
    )]
    #[case("https://bi.acme.com/t/acme", "https://bi.acme.com", Some("acme"))]
    #[case(
        "https://bi.acme.com/views/Sales/Overview?:iid=1",
        "https://bi.acme.com",
        Some("")
    )]
    #[case(
        "https://bi.acme.com/#/views/Sales/Overview?:iid=1",
        "https://bi.acme.com",
        Some("")
    )]
    #[case(
        "https://acme.com/tableau/#/site/eu/home",
        "https://acme.com/tableau",
        Some("eu")
    )]
    #[case(
        "https://acme.com/tableau/t/eu/views/A/B",
        "https://acme.com/tableau",
        Some("eu")
    )]
    #[case("bi.acme.com:8443/#/site/acme/home", "https://bi.acme.com:8443", Some("acme"))]
    #[case("http://localhost:8080", "http://localhost:8080", None)]
    #[case(
        "http://127.0.0.1:8080/#/site/demo/home",
        "http://127.0.0.1:8080",
        Some("demo")
    )]
    #[case("http://[::1]:8080/", "http://[::1]:8080", None)]
    #[case("https://bi.acme.com:443/", "https://bi.acme.com", None)]
    #[case("//bi.acme.com/#/home", "https://bi.acme.com", Some(""))]
    #[case("\"https://bi.acme.com/#/home\"", "https://bi.acme.com", Some(""))]
    #[case("https://bi.acme.com/#/signin?redirect=%2Fhome", "https://bi.acme.com", None)]
    #[case("https://bi.acme.com/#", "https://bi.acme.com", None)]
    #[case(
        "https://bi.acme.com/#%2Fsite%2Facme%2Fhome",
        "https://bi.acme.com",
        Some("acme")
    )]
    #[case("https://bi.acme.com/api/3.19/auth/signin", "https://bi.acme.com", None)]
    #[case("https://bi.acme.com/views", "https://bi.acme.com/views", None)]
    fn browser_addresses_split(#[case] text: &str, #[case] server: &str, #[case] site: Option<&str>) {
        let expected = SiteAddress {
            server: server.to_owned(),
            site: site.map(str::to_owned),
        };
        assert_eq!(split_address(text), Ok(expected));
    }

    #[rstest]
    #[case("")]
    #[case("   ")]
    #[case("ftp://bi.acme.com")]
    #[case("https://")]
    #[case("https:///#/site/acme")]
    #[case("not a host")]
    #[case("file:///etc/passwd")]
    #[case("bi.acme.com'?a=1")]
    #[case("https://bi\".acme.com")]
    #[case("https://bi&acme,com")]
    fn other_text_is_refused(#[case] text: &str) {
        assert!(
            matches!(split_address(text), Err(Error::Address { .. })),
            "{text}"
        );
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        let error = split_address("https://ann:hunter2@bi.acme.com/#/site/acme").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        assert!(error.to_string().contains("bi.acme.com"));
    }

    #[test]
    fn links_have_the_forms_of_tableau() {
        let links = Links::new("https://bi.acme.com", "acme");
        assert_eq!(
            links.workbook("17"),
            "https://bi.acme.com/#/site/acme/workbooks/17"
        );
        assert_eq!(
            links.view("Sales/Über"),
            "https://bi.acme.com/#/site/acme/views/Sales/Über"
        );
        let links = Links::new("https://bi.acme.com", "");
        assert_eq!(links.data_source("4"), "https://bi.acme.com/#/datasources/4");
        assert_eq!(links.view("a b/c\"d"), "https://bi.acme.com/#/views/a%20b/c%22d");
    }

    #[rstest]
    #[case("https://bi.acme.com/#/workbooks/1", true)]
    #[case("javascript:alert(1)", false)]
    #[case("https://a:b@bi.acme.com/", false)]
    #[case("", false)]
    fn only_web_links_are_kept(#[case] text: &str, #[case] is_kept: bool) {
        assert_eq!(trusted_link(text).is_some(), is_kept);
    }

    #[test]
    fn a_link_holds_no_control_characters() {
        for text in [
            "https://bi.acme.com/#/work\u{1f}books/1\u{0}7\u{85}",
            "https://bi.acme.com/a\nb",
            "https://bi.acme.com/\u{1b}[31m?a=\u{9b}",
            "https:bi.acme.com/a",
            "HTTPS:/\\bi.acme.com/a",
        ] {
            let link = trusted_link(text).unwrap();
            assert!(
                link.starts_with("https://bi.acme.com/") && !link.contains(char::is_control),
                "{link:?}"
            );
        }
        let plain = "https://bi.acme.com/#/views/Über uns/1";
        assert_eq!(trusted_link(plain).as_deref(), Some(plain));
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_refused(text in ".{0,80}") {
            if let Ok(address) = split_address(&text) {
                prop_assert!(!address.server.ends_with('/'));
                let again = split_address(&address.server).map(|again| again.server);
                prop_assert_eq!(again, Ok(address.server));
            }
        }
    }
}
