//! Long random secrets and the digests that the store holds of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::AccountError;
use crate::error::Error;
use crate::ingest::hexadecimal;

/// 256 bits: nobody guesses one, so a plain SHA-256 is enough for the store.
const BYTES: usize = 32;

/// Draws a secret: 43 characters that are good in addresses, headers and cookies.
pub(crate) fn draw() -> Result<SecretString, Error> {
    let mut bytes = [0; BYTES];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| AccountError::System {
            what: "random numbers",
        })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// SHA-256 of a secret in hexadecimal digits.
pub(crate) fn digest(secret: &str) -> String {
    hexadecimal(&Sha256::digest(secret))
}

/// What stands in the forms of a session: only who has the session's secret can tell it, and it tells
/// nothing about the secret.
pub(super) fn csrf_token(session_secret: &SecretString) -> String {
    let hash = Sha256::new()
        .chain_update(b"tailwater form\0")
        .chain_update(session_secret.expose_secret())
        .finalize();
    URL_SAFE_NO_PAD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_fit_for_cookies() {
        let (one, two) = (draw().unwrap(), draw().unwrap());
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(one.expose_secret().len(), 43);
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        assert!(one.expose_secret().chars().all(is_plain));
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_form_token_belongs_to_its_session_alone() {
        let (one, two) = (draw().unwrap(), draw().unwrap());
        assert_eq!(csrf_token(&one), csrf_token(&one));
        assert_ne!(csrf_token(&one), csrf_token(&two));
        assert_ne!(csrf_token(&one), digest(one.expose_secret()));
    }
}
