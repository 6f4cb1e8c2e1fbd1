//! The address of a site, as people paste it.

use tailwater_bi::split_address;

use super::Target;
use crate::property::{is_short, is_tame_error};

pub const TARGET: Target = Target {
    name: "address",
    run,
    words: &[
        "https://",
        "http://",
        "/#/site/",
        "/t/",
        "/views/",
        "?:iid=1",
        "@",
        ":",
        "[::1]",
        "%2F",
        "%00",
        "..",
        "//",
        "\\",
        "xn--",
        "#",
        "javascript:",
        "。",
        ":443",
        "user:pass@",
    ],
    mutations: 30_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match split_address(&text) {
        Ok(address) => {
            let server = &address.server;
            assert!(
                server.starts_with("https://") || server.starts_with("http://"),
                "{server}"
            );
            assert!(
                !server.ends_with('/') && !server.contains(['#', '?', ' ', '"', '<', '\\']),
                "{server}"
            );
            assert!(
                server.is_ascii() && !server.contains(|letter: char| letter.is_control()),
                "{server:?}"
            );
            if !text.contains("://") {
                assert!(
                    server.starts_with("https://"),
                    "{text} was not told to be in the clear"
                );
            }
            let again = split_address(server);
            assert!(
                again.as_ref().is_ok_and(|again| again.server == *server),
                "{server} ≠ {again:?}"
            );
        }
        Err(error) => {
            is_tame_error(&error);
            is_short(&error.to_string());
        }
    }
}
