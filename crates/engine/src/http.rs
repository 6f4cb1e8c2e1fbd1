//! `[http]` and `[integration.http]`: the way to BI sites, its proxy, whom it trusts, and its limits.

use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tailwater_bi::TableauSettings;
use tailwater_bi::http::Limits;
use tailwater_store::Way;
use url::Url;

/// What is said of the way to BI sites: of that to all, or to one. What is not said has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// A PEM file with certificate authorities that are trusted beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<Utf8PathBuf>,
    /// The proxy for every call. Without it the usual environment variables count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyAddress>,
    /// Hosts that are called without that proxy, with commas between, as in `NO_PROXY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// Longest time to connect, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout_seconds: Option<Seconds>,
    /// Longest time between two pieces of an answer, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_timeout_seconds: Option<Seconds>,
    /// Longest time for one call in all, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_timeout_seconds: Option<Seconds>,
    /// Largest answer, after decompression, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_answer_megabytes: Option<Megabytes>,
}

impl HttpSettings {
    /// What is said here, and for the rest what is said for all.
    #[must_use]
    pub fn over(&self, all: &Self) -> Self {
        // Exceptions belong to the proxy that they are exceptions from.
        let (proxy, no_proxy) = match &self.proxy {
            Some(proxy) => (Some(proxy.clone()), self.no_proxy.clone()),
            None => (
                all.proxy.clone(),
                self.no_proxy.clone().or_else(|| all.no_proxy.clone()),
            ),
        };
        Self {
            ca_file: self.ca_file.clone().or_else(|| all.ca_file.clone()),
            proxy,
            no_proxy,
            connect_timeout_seconds: self.connect_timeout_seconds.or(all.connect_timeout_seconds),
            read_timeout_seconds: self.read_timeout_seconds.or(all.read_timeout_seconds),
            total_timeout_seconds: self.total_timeout_seconds.or(all.total_timeout_seconds),
            max_answer_megabytes: self.max_answer_megabytes.or(all.max_answer_megabytes),
        }
    }

    /// What of it is kept in the store.
    pub(crate) fn to_way(&self) -> Way {
        Way {
            ca_file: self.ca_file.as_ref().map(ToString::to_string),
            proxy: self.proxy.as_ref().map(ToString::to_string),
            no_proxy: self.no_proxy.clone(),
        }
    }

    /// What was kept there.
    pub(crate) fn from_way(way: Way) -> Self {
        Self {
            ca_file: way.ca_file.map(Utf8PathBuf::from),
            proxy: way.proxy.as_deref().and_then(ProxyAddress::new),
            no_proxy: way.no_proxy,
            ..Self::default()
        }
    }

    /// Says it to a connector. The path of the certificates starts where `path` says.
    pub(crate) fn apply(&self, settings: &mut TableauSettings, path: impl Fn(&Utf8PathBuf) -> Utf8PathBuf) {
        settings.ca_file = self.ca_file.as_ref().map(|file| path(file).into_std_path_buf());
        settings.proxy = self.proxy.as_ref().map(ProxyAddress::to_url);
        settings.no_proxy.clone_from(&self.no_proxy);
        let limits: &mut Limits = &mut settings.limits;
        for (said, limit) in [
            (self.connect_timeout_seconds, &mut limits.connect_timeout),
            (self.read_timeout_seconds, &mut limits.read_timeout),
            (self.total_timeout_seconds, &mut limits.total_timeout),
        ] {
            if let Some(Seconds(seconds)) = said {
                *limit = Duration::from_secs(seconds.into());
            }
        }
        if let Some(Megabytes(size)) = self.max_answer_megabytes {
            limits.max_answer_bytes = usize::try_from(size)
                .unwrap_or(usize::MAX)
                .saturating_mul(1 << 20);
        }
    }
}

/// A time limit in seconds, from 1 to 3,600.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Seconds(u32);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u32::deserialize(deserializer)?;
        if (1..=3_600).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(D::Error::custom("a limit of time is 1 to 3600 seconds"))
        }
    }
}

/// A size in MiB, from 1 to 4,096.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Megabytes(u32);

impl<'de> Deserialize<'de> for Megabytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let size = u32::deserialize(deserializer)?;
        if (1..=4_096).contains(&size) {
            Ok(Self(size))
        } else {
            Err(D::Error::custom("the largest answer is 1 to 4096 MB"))
        }
    }
}

/// A proxy's address, which may hold a user and a password: `Debug` and what is written out show scheme and host alone.
#[derive(Clone)]
pub struct ProxyAddress(SecretString);

impl ProxyAddress {
    /// The address, when it is one of a proxy that can be used.
    pub fn new(text: &str) -> Option<Self> {
        const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];
        let text = text.trim();
        // As in the environment variables, an address without a scheme is one of http.
        let whole = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url = Url::parse(&whole).ok()?;
        let is_usable = SCHEMES.contains(&url.scheme()) && url.has_host();
        is_usable.then(|| Self(SecretString::from(String::from(url))))
    }

    /// Whether it holds a user or a password.
    pub fn has_user(&self) -> bool {
        let url = self.to_url();
        !url.username().is_empty() || url.password().is_some()
    }

    fn to_url(&self) -> Url {
        #[expect(clippy::expect_used, reason = "it was written by `Url` itself")]
        Url::parse(self.0.expose_secret()).expect("an address")
    }
}

impl PartialEq for ProxyAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for ProxyAddress {}

/// Scheme, host and port, without user and password.
impl fmt::Display for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.to_url();
        // Neither fails for an address with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        formatter.write_str(url.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProxyAddress({self})")
    }
}

impl Serialize for ProxyAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ProxyAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The text is not repeated: it may hold a password.
        Self::new(&text).ok_or_else(|| {
            D::Error::custom(
                "`proxy` is no address of a proxy, such as http://user:password@proxy.example.com:3128",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://ann:pa%20ss@proxy.acme.com:3128", "http://proxy.acme.com:3128")]
    #[case("proxy.acme.com:3128", "http://proxy.acme.com:3128")]
    #[case("https://proxy.acme.com", "https://proxy.acme.com")]
    #[case("socks5h://u:p@10.0.0.1:1080", "socks5h://10.0.0.1:1080")]
    fn a_proxy_shows_neither_user_nor_password(#[case] text: &str, #[case] shown: &str) {
        let proxy = ProxyAddress::new(text).unwrap();
        assert_eq!(proxy.to_string(), shown);
        assert_eq!(serde_json::to_value(&proxy).unwrap(), shown);
        assert_eq!(format!("{proxy:?}"), format!("ProxyAddress({shown})"));
        assert_eq!(proxy.has_user(), text.contains('@'));
        let http = HttpSettings {
            proxy: Some(proxy),
            ca_file: Some("/ca.pem".into()),
            no_proxy: Some("a".to_owned()),
            ..HttpSettings::default()
        };
        // Kept are all of these but user and password.
        let kept = HttpSettings::from_way(http.to_way());
        assert_eq!(kept.to_way(), http.to_way());
        assert!(!kept.proxy.unwrap().has_user());
    }

    #[rstest]
    #[case("")]
    #[case("ftp://proxy")]
    #[case("http://")]
    #[case("file:///etc/passwd")]
    #[case("http://:secret-of-nobody@")]
    fn other_text_is_no_proxy_and_is_not_repeated(#[case] text: &str) {
        let error = toml::from_str::<HttpSettings>(&format!("proxy = {text:?}")).unwrap_err();
        assert!(!error.message().contains("secret-of-nobody"), "{error}");
        assert!(error.message().contains("no address of a proxy"), "{error}");
    }

    #[rstest]
    #[case("connect_timeout_seconds = 0", "1 to 3600")]
    #[case("read_timeout_seconds = 3601", "1 to 3600")]
    #[case("total_timeout_seconds = -1", "u32")]
    #[case("max_answer_megabytes = 0", "1 to 4096")]
    #[case("timeout = 3", "unknown field")]
    fn nonsense_is_refused(#[case] text: &str, #[case] words: &str) {
        let error = toml::from_str::<HttpSettings>(text).unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }

    #[test]
    fn what_is_said_of_one_site_goes_before_what_is_said_of_all() {
        let all: HttpSettings = toml::from_str(
            "ca_file = 'all.pem'\nproxy = 'http://all'\nno_proxy = 'a'\nread_timeout_seconds = 9\nmax_answer_megabytes = 2",
        )
        .unwrap();
        let one: HttpSettings =
            toml::from_str("proxy = 'http://one'\nread_timeout_seconds = 3\ntotal_timeout_seconds = 4")
                .unwrap();
        let both = one.over(&all);
        let expected: HttpSettings = toml::from_str(
            "ca_file = 'all.pem'\nproxy = 'http://one'\nread_timeout_seconds = 3\ntotal_timeout_seconds = 4\n\
             max_answer_megabytes = 2",
        )
        .unwrap();
        assert_eq!(both, expected);
        assert_eq!(HttpSettings::default().over(&all), all);
    }
}
