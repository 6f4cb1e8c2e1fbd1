//! Forms that change something carry a token that another site cannot know.
//!
//! The session's token is the same for the session's life, and pages are compressed: a page that showed it
//! as it is would let an attacker who can make the visitor load pages guess it from their sizes (BREACH).
//! So each page shows it under a mask of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The name of the form field.
pub const FIELD: &str = "csrf";
/// The name of the header, for requests by script.
pub const HEADER: &str = "x-csrf-token";

/// The token under a fresh mask.
pub fn masked(token: &str) -> String {
    let mut mask = [0_u8; 32];
    rand::rng().fill_bytes(&mut mask);
    let mut shown = mask.to_vec();
    shown.extend(digest(token).iter().zip(mask).map(|(byte, mask)| byte ^ mask));
    URL_SAFE_NO_PAD.encode(shown)
}

/// Whether what a form sent is the session's token under some mask.
pub fn is_valid(sent: &str, token: &str) -> bool {
    let Ok(shown) = URL_SAFE_NO_PAD.decode(sent) else {
        return false;
    };
    if shown.len() != 64 {
        return false;
    }
    let (mask, masked) = shown.split_at(32);
    let unmasked: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    unmasked.ct_eq(digest(token).as_slice()).into()
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_token_is_known_again_and_never_looks_the_same() {
        let (first, second) = (masked("secret"), masked("secret"));
        assert_ne!(first, second);
        assert!(is_valid(&first, "secret") && is_valid(&second, "secret"));
        for wrong in ["", "secret", "AAAA", &first[1..], &format!("{first}A")] {
            assert!(!is_valid(wrong, "secret"), "{wrong}");
        }
        assert!(!is_valid(&first, "another"));
    }
}
