//! From where a request comes: for the limits of signing in, and for the list of one's own sessions.
//!
//! Behind a proxy every connection comes from the proxy. The address that it adds at the end of
//! `X-Forwarded-For` is believed when the connection itself comes from this machine or a private network,
//! where proxies stand; what a visitor wrote into the header before that is not looked at.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use tailwater_engine::account::Client;

/// Who asks, by address and browser.
#[derive(Debug, Clone)]
pub struct Visitor(pub Client);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|peer| peer.0.ip());
        let agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Ok(Self(Client {
            address: peer.map(|peer| visitor_address(peer, &parts.headers)),
            agent: agent.map(str::to_owned),
        }))
    }
}

fn visitor_address(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !is_near(peer) {
        return peer;
    }
    let told = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|header| header.to_str().ok())
        .and_then(|list| list.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok());
    told.unwrap_or(peer)
}

/// Whether an address is of this machine or of a private network.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("203.0.113.7", &["192.0.2.1"], "203.0.113.7")]
    #[case("127.0.0.1", &[], "127.0.0.1")]
    #[case("127.0.0.1", &["192.0.2.1"], "192.0.2.1")]
    #[case("::ffff:10.0.0.3", &["forged, 192.0.2.9, 192.0.2.1"], "192.0.2.1")]
    #[case("fd00::1", &["192.0.2.9", "2001:db8::1"], "2001:db8::1")]
    #[case("10.0.0.3", &["192.0.2.9, unknown"], "10.0.0.3")]
    fn only_a_proxy_nearby_is_believed(#[case] peer: &str, #[case] told: &[&str], #[case] expected: &str) {
        let mut headers = HeaderMap::new();
        for list in told {
            headers.append("x-forwarded-for", list.parse().unwrap());
        }
        let found = visitor_address(peer.parse().unwrap(), &headers);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap());
    }
}
