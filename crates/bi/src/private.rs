//! Addresses that are nobody else's: of this machine and of private networks.
//!
//! A webhook's address may come from somebody who may not look into the deployment's network. It is judged twice:
//! as it is written, and, since a name may lead anywhere and change from one look-up to the next, by the very
//! addresses that the connection is then made to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::http::is_loopback;

/// What the resolver says of a name that leads to a private address; looked for in the client's error.
pub(crate) const PRIVATE: &str = "the name leads to an address in a private network";

/// Whether an address as it is written is private.
pub(crate) fn is_private_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_private(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private(IpAddr::V6(address)),
        _ => is_loopback(url),
    }
}

/// Whether an address is not one of the public Internet (RFC 6890 and its successors).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        // Carriers' own (RFC 6598), protocol assignments, benchmarks, and what is reserved.
        || (first == 100 && (64..128).contains(&second))
        || (first, second, third) == (192, 0, 0)
        || (first == 198 && (second == 18 || second == 19))
        || first >= 240
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    // An IPv4 address in another dress: mapped, or by way of a translator.
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_private_v4(inner);
    }
    let segments = address.segments();
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., a, b, c, d] = address.octets();
        return is_private_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Tunnels carry the IPv4 address that they end at (RFC 3056); Teredo hides it.
    if segments[0] == 0x2002 {
        let [_, _, a, b, c, d, ..] = address.octets();
        return is_private_v4(Ipv4Addr::new(a, b, c, d));
    }
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || segments[..2] == [0x2001, 0]
        || (segments[0] & 0xfe00) == 0xfc00
        || (segments[0] & 0xffc0) == 0xfe80
        || (segments[0] & 0xffc0) == 0xfec0
        || segments[..2] == [0x2001, 0xdb8]
        || segments[..4] == [0x64, 0xff9b, 1, 0]
        || segments[..6] == [0; 6]
}

/// Resolves names as the system does, and leaves private addresses out.
#[derive(Debug)]
pub(crate) struct PublicOnly {
    /// The deployment's own way out, which usually is private.
    proxies: BTreeSet<String>,
}

impl PublicOnly {
    pub(crate) fn new() -> Self {
        const VARIABLES: [&str; 6] = [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
        ];
        let host = |variable: &&str| {
            let text = std::env::var(variable).ok()?;
            let url = Url::parse(&text).or_else(|_| Url::parse(&format!("http://{text}")));
            Some(url.ok()?.host_str()?.to_ascii_lowercase())
        };
        Self {
            proxies: VARIABLES.iter().filter_map(host).collect(),
        }
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let is_proxy = self.proxies.contains(&host);
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let (private, public): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.partition(|address| !is_proxy && is_private(address.ip()));
            if public.is_empty() && !private.is_empty() {
                return Err(PRIVATE.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1/", true)]
    #[case("http://localhost/", true)]
    #[case("http://2130706433/", true)]
    #[case("http://0x7f.1/", true)]
    #[case("http://10.1.2.3/", true)]
    #[case("http://172.31.0.1/", true)]
    #[case("http://192.168.0.1/", true)]
    #[case("http://169.254.169.254/latest/meta-data", true)]
    #[case("http://100.64.0.1/", true)]
    #[case("http://0.0.0.0/", true)]
    #[case("http://[::1]/", true)]
    #[case("http://[::ffff:10.0.0.1]/", true)]
    #[case("http://[64:ff9b::7f00:1]/", true)]
    #[case("http://[2002:7f00:1::]/", true)]
    #[case("http://[2002:808:808::1]/", false)]
    #[case("http://[2001:0:4136:e378::1]/", true)]
    #[case("http://[fd00::1]/", true)]
    #[case("http://[fe80::1]/", true)]
    #[case("http://8.8.8.8/", false)]
    #[case("http://172.32.0.1/", false)]
    #[case("http://[2606:4700::1111]/", false)]
    #[case("http://hooks.example.com/", false)]
    fn private_addresses_are_known_in_every_spelling(#[case] url: &str, #[case] is_private: bool) {
        assert_eq!(is_private_host(&Url::parse(url).unwrap()), is_private, "{url}");
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_resolved() {
        let resolver = PublicOnly {
            proxies: BTreeSet::new(),
        };
        let Err(error) = resolver.resolve("localhost".parse().unwrap()).await else {
            panic!("localhost was resolved");
        };
        assert_eq!(error.to_string(), PRIVATE);
        let proxied = PublicOnly {
            proxies: ["localhost".to_owned()].into(),
        };
        assert!(proxied.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
