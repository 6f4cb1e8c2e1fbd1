//! The key that seals secrets, and the sealing.
//!
//! A sealed secret is a line of text:
//!
//! ```text
//! v1.<id of the key>.<base64 of nonce and ciphertext>
//! ```
//!
//! The cipher is XChaCha20-Poly1305: its nonces are long enough to be drawn at random without counting. The
//! name under which a secret is stored is authenticated with it, so that a row copied from one integration
//! to another does not open. The id of the key (half of a hash of it) tells a wrong key from a damaged row.
//!
//! While a key is changed there are several: the first one seals, all of them open. `key_file.rs` keeps them in a
//! file.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The most keys that are read from one text.
const MOST_KEYS: usize = 8;

type Bytes = Zeroizing<[u8; KEY_BYTES]>;

/// The key that seals the secrets of a store, and earlier ones that still open what they sealed. Wiped from
/// memory when dropped; `Debug` does not show it.
#[derive(Clone)]
pub struct SealingKey {
    pub(crate) first: Bytes,
    pub(crate) earlier: Vec<Bytes>,
}

/// Why a sealed text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsealing {
    /// Sealed with another key.
    WrongKey,
    /// Not a sealed text, or changed, or moved to another place.
    Damaged,
}

impl SealingKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self> {
        let mut first = Zeroizing::new([0; KEY_BYTES]);
        fill_randomly(first.as_mut_slice())?;
        Ok(Self {
            first,
            earlier: Vec::new(),
        })
    }

    /// Reads a key from text, such as the value of an environment variable: 32 bytes in base64, either
    /// alphabet, with or without padding. Earlier keys, which only open, may follow after blanks or commas.
    ///
    /// # Errors
    /// When the text is no such key. The error does not repeat it.
    pub fn from_text(text: &str) -> Result<Self> {
        Self::parse("the environment", text)
    }

    /// `place` names the origin of the text in errors.
    pub(crate) fn parse(place: &str, text: &str) -> Result<Self> {
        let refused = |reason| Error::KeyText {
            place: place.to_owned(),
            reason,
        };
        let mut words = text
            .split(|letter: char| letter.is_whitespace() || letter == ',')
            .filter(|word| !word.trim_end_matches('=').is_empty());
        let first = words.next().ok_or_else(|| refused("it is empty"))?;
        let first = decode(first).map_err(refused)?;
        let earlier: Vec<Bytes> = words
            .map(|word| decode(word).map_err(refused))
            .collect::<Result<_>>()?;
        if earlier.len() >= MOST_KEYS {
            return Err(refused("it holds more than eight keys"));
        }
        Ok(Self { first, earlier })
    }

    /// The keys as text, the first one first.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for key in std::iter::once(&self.first).chain(&self.earlier) {
            let line = Zeroizing::new(STANDARD.encode(key.as_slice()));
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// The same key with none of the earlier ones.
    #[must_use]
    pub fn without_earlier(&self) -> Self {
        Self {
            first: self.first.clone(),
            earlier: Vec::new(),
        }
    }

    /// Whether there are earlier keys beside the one that seals.
    pub fn has_earlier(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// The id of the key that seals.
    pub(crate) fn id(&self) -> String {
        id_of(&self.first)
    }

    /// The ids of the earlier keys.
    pub(crate) fn earlier_ids(&self) -> Vec<String> {
        self.earlier.iter().map(id_of).collect()
    }

    /// The key of the given id alone, when it is among these.
    pub(crate) fn led_by(&self, id: &str) -> Option<Self> {
        let mut keys = std::iter::once(&self.first).chain(&self.earlier);
        let first = keys.find(|key| id_of(key) == id)?.clone();
        Some(Self {
            first,
            earlier: Vec::new(),
        })
    }

    /// Whether a text says that it was sealed with the first key.
    pub(crate) fn is_first_of(&self, sealed: &str) -> bool {
        parts(sealed).is_some_and(|(id, _)| id == id_of(&self.first))
    }

    /// Seals a text for one place.
    pub(crate) fn seal(&self, place: &str, text: &SecretString) -> Result<String> {
        let mut sealed = vec![0; NONCE_BYTES];
        fill_randomly(&mut sealed)?;
        let payload = Payload {
            msg: text.expose_secret().as_bytes(),
            aad: place.as_bytes(),
        };
        let encrypted = cipher(&self.first)
            .encrypt(XNonce::from_slice(&sealed), payload)
            // Only a text of 256 GB cannot be encrypted.
            .map_err(|error| Error::Randomness {
                source: error.to_string().into(),
            })?;
        sealed.extend(encrypted);
        Ok(format!("v1.{}.{}", id_of(&self.first), STANDARD.encode(sealed)))
    }

    /// Opens what was sealed for the same place.
    pub(crate) fn unseal(&self, place: &str, sealed: &str) -> std::result::Result<SecretString, Unsealing> {
        let (id, encoded) = parts(sealed).ok_or(Unsealing::Damaged)?;
        let key = std::iter::once(&self.first)
            .chain(&self.earlier)
            .find(|key| id_of(key) == id)
            .ok_or(Unsealing::WrongKey)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| Unsealing::Damaged)?;
        let (nonce, encrypted) = bytes.split_at_checked(NONCE_BYTES).ok_or(Unsealing::Damaged)?;
        let payload = Payload {
            msg: encrypted,
            aad: place.as_bytes(),
        };
        let text = cipher(key)
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| Unsealing::Damaged)?;
        std::str::from_utf8(&text)
            .map(SecretString::from)
            .map_err(|_| Unsealing::Damaged)
    }
}

/// The id of the key and the rest of a sealed text.
fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed.strip_prefix("v1.")?.split_once('.')
}

/// Whether a text has the form of a sealed one.
pub(crate) fn is_sealed(text: &str) -> bool {
    parts(text).is_some_and(|(id, encoded)| {
        id.len() == 16
            && id.bytes().all(|digit| digit.is_ascii_hexdigit())
            && STANDARD
                .decode(encoded)
                .is_ok_and(|bytes| bytes.len() >= NONCE_BYTES)
    })
}

/// The bytes of one key.
fn decode(word: &str) -> std::result::Result<Bytes, &'static str> {
    let uniform = Zeroizing::new(word.trim_end_matches('=').replace('+', "-").replace('/', "_"));
    let bytes = URL_SAFE_NO_PAD.decode(uniform.as_bytes()).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| "it is not base64")?;
    let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| "it is not 32 bytes long")?;
    Ok(Zeroizing::new(key))
}

fn cipher(key: &Bytes) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_slice().into())
}

/// Sixteen hexadecimal digits that name the key and do not give it away.
fn id_of(key: &Bytes) -> String {
    let hash = Sha256::new()
        .chain_update(b"tailwater sealing key id")
        .chain_update(key.as_slice())
        .finalize();
    format!(
        "{:016x}",
        hash[..8]
            .iter()
            .fold(0_u64, |id, byte| id << 8 | u64::from(*byte))
    )
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealingKey(***)")
    }
}

fn fill_randomly(bytes: &mut [u8]) -> Result<()> {
    OsRng.try_fill_bytes(bytes).map_err(|error| Error::Randomness {
        source: Box::new(error),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_in_the_same_place() {
        let key = SealingKey::generate().unwrap();
        let sealed = key.seal("main", &secret("hunter2 💧")).unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(key.unseal("main", &sealed).unwrap().expose_secret(), "hunter2 💧");
        assert_ne!(
            sealed,
            key.seal("main", &secret("hunter2 💧")).unwrap(),
            "nonces differ"
        );

        assert_eq!(key.unseal("other", &sealed).unwrap_err(), Unsealing::Damaged);
        let other = SealingKey::generate().unwrap();
        assert_eq!(other.unseal("main", &sealed).unwrap_err(), Unsealing::WrongKey);
    }

    #[test]
    fn no_changed_character_goes_unnoticed() {
        let key = SealingKey::generate().unwrap();
        let sealed = key.seal("main", &secret("hunter2")).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(key.unseal("main", &changed).is_err(), "{changed}");
            assert!(key.unseal("main", &sealed[..at]).is_err(), "{}", &sealed[..at]);
        }
    }

    #[rstest]
    #[case("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8=")]
    #[case(" AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd_v8\n")]
    fn a_key_is_read_in_both_alphabets(#[case] text: &str) {
        let key = SealingKey::from_text(text).unwrap();
        assert_eq!(key.first[..3], [0, 1, 2]);
        assert_eq!(key.first[30..], [0xfe, 0xff]);
    }

    #[rstest]
    #[case("", "it is empty")]
    #[case("not-a-key!", "it is not base64")]
    #[case("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8= hunter2", "it is not base64")]
    #[case("aHVudGVyMg==", "it is not 32 bytes long")]
    fn what_is_no_key_is_refused_and_not_repeated(#[case] text: &str, #[case] expected: &str) {
        let error = SealingKey::from_text(text).unwrap_err();
        assert_eq!(error.code(), "TW-KEY-TEXT");
        assert_eq!(
            error.to_string(),
            format!("the environment holds no sealing key: {expected}")
        );
        assert!(text.is_empty() || !format!("{error:?}").contains(text));
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        let key = SealingKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "SealingKey(***)");
    }

    #[test]
    fn of_several_keys_the_first_seals_and_all_open() {
        let (old, new) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
        let text = format!("{}, {}", new.to_text().trim(), old.to_text().trim());
        let both = SealingKey::from_text(&text).unwrap();
        assert!(both.has_earlier() && !both.without_earlier().has_earlier());
        let by_old = old.seal("main", &secret("hunter2")).unwrap();
        assert_eq!(both.unseal("main", &by_old).unwrap().expose_secret(), "hunter2");
        assert_eq!(both.unseal("other", &by_old).unwrap_err(), Unsealing::Damaged);
        assert!(!both.is_first_of(&by_old));
        let by_both = both.seal("main", &secret("hunter2")).unwrap();
        assert!(both.is_first_of(&by_both) && is_sealed(&by_both) && !is_sealed("v1.plain.text"));
        assert!(new.unseal("main", &by_both).is_ok());
        assert_eq!(old.unseal("main", &by_both).unwrap_err(), Unsealing::WrongKey);
        assert_eq!(
            SealingKey::from_text(&both.to_text()).unwrap().to_text(),
            both.to_text()
        );
        let many = both.to_text().repeat(5);
        assert_eq!(SealingKey::from_text(&many).unwrap_err().code(), "TW-KEY-TEXT");
    }
}
