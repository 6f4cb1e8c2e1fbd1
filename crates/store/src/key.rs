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

use std::fmt;
use std::io::{ErrorKind, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use camino::Utf8Path;
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

/// The key that seals the secrets of a store. Wiped from memory when dropped; `Debug` does not show it.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; KEY_BYTES]>);

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
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        fill_randomly(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// Reads a key from text, such as the value of an environment variable: 32 bytes in base64, either
    /// alphabet, with or without padding.
    ///
    /// # Errors
    /// When the text is no such key. The error does not repeat it.
    pub fn from_text(text: &str) -> Result<Self> {
        Self::parse("the environment", text)
    }

    /// `place` names the origin of the text in errors.
    fn parse(place: &str, text: &str) -> Result<Self> {
        let refused = |reason| Error::KeyText {
            place: place.to_owned(),
            reason,
        };
        let uniform: Zeroizing<String> = Zeroizing::new(
            text.trim()
                .trim_end_matches('=')
                .replace('+', "-")
                .replace('/', "_"),
        );
        if uniform.is_empty() {
            return Err(refused("it is empty"));
        }
        let bytes = URL_SAFE_NO_PAD.decode(uniform.as_bytes()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| refused("it is not base64"))?;
        let key =
            <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| refused("it is not 32 bytes long"))?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Reads the key from a file, which only its owner may be able to read; makes the file, and its
    /// directory, when it is missing. Of several processes that make it at once all get the same key.
    ///
    /// # Errors
    /// When the file cannot be read or made, is open to others, or holds no key.
    pub fn load_or_create(path: &Utf8Path) -> Result<Self> {
        match load(path) {
            Err(Error::KeyFile { source, .. }) if source.kind() == ErrorKind::NotFound => {
                create(path)?;
                load(path)
            }
            loaded => loaded,
        }
    }

    /// Seals a text for one place.
    pub(crate) fn seal(&self, place: &str, text: &SecretString) -> Result<String> {
        let mut sealed = vec![0; NONCE_BYTES];
        fill_randomly(&mut sealed)?;
        let payload = Payload {
            msg: text.expose_secret().as_bytes(),
            aad: place.as_bytes(),
        };
        let encrypted = self
            .cipher()
            .encrypt(XNonce::from_slice(&sealed), payload)
            // Only a text of 256 GB cannot be encrypted.
            .map_err(|error| Error::Randomness {
                source: error.to_string().into(),
            })?;
        sealed.extend(encrypted);
        Ok(format!("v1.{}.{}", self.id(), STANDARD.encode(sealed)))
    }

    /// Opens what was sealed for the same place.
    pub(crate) fn unseal(&self, place: &str, sealed: &str) -> std::result::Result<SecretString, Unsealing> {
        let (id, encoded) = sealed
            .strip_prefix("v1.")
            .and_then(|rest| rest.split_once('.'))
            .ok_or(Unsealing::Damaged)?;
        if id != self.id() {
            return Err(Unsealing::WrongKey);
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| Unsealing::Damaged)?;
        let (nonce, encrypted) = bytes.split_at_checked(NONCE_BYTES).ok_or(Unsealing::Damaged)?;
        let payload = Payload {
            msg: encrypted,
            aad: place.as_bytes(),
        };
        let text = self
            .cipher()
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| Unsealing::Damaged)?;
        std::str::from_utf8(&text)
            .map(SecretString::from)
            .map_err(|_| Unsealing::Damaged)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.as_slice().into())
    }

    /// Sixteen hexadecimal digits that name the key and do not give it away.
    fn id(&self) -> String {
        let hash = Sha256::new()
            .chain_update(b"tailwater sealing key id")
            .chain_update(self.0.as_slice())
            .finalize();
        format!(
            "{:016x}",
            hash[..8]
                .iter()
                .fold(0_u64, |id, byte| id << 8 | u64::from(*byte))
        )
    }
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

fn load(path: &Utf8Path) -> Result<SealingKey> {
    let refused = |source| Error::KeyFile {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if !metadata.is_file() {
        return Err(refused(std::io::Error::other("it is not a file")));
    }
    // Asked of the open file, so that it cannot be exchanged in between.
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::KeyFileOpen {
                path: path.to_owned(),
                mode,
            });
        }
    }
    let mut text = Zeroizing::new(String::new());
    // A key is 44 characters; what is much longer is not one.
    Read::by_ref(&mut file)
        .take(1_024)
        .read_to_string(&mut text)
        .map_err(refused)?;
    SealingKey::parse(&format!("the key file `{path}`"), &text)
}

/// Writes a new key beside the path and moves it there whole, unless somebody else was quicker.
fn create(path: &Utf8Path) -> Result<()> {
    let refused = |source| Error::KeyFile {
        path: path.to_owned(),
        source,
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(refused)?;

    let key = SealingKey::generate()?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(key.0.as_slice())));
    // `tempfile` makes files that only their owner can read.
    let mut file = tempfile::Builder::new()
        .prefix(".key-")
        .tempfile_in(directory)
        .map_err(refused)?;
    file.write_all(text.as_bytes()).map_err(refused)?;
    file.as_file().sync_all().map_err(refused)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(error.error)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn directory() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        (directory, path)
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
        assert_eq!(key.0[..3], [0, 1, 2]);
        assert_eq!(key.0[30..], [0xfe, 0xff]);
    }

    #[rstest]
    #[case("", "it is empty")]
    #[case("not a key!", "it is not base64")]
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
        let key = SealingKey(Zeroizing::new([7; KEY_BYTES]));
        assert_eq!(format!("{key:?}"), "SealingKey(***)");
    }

    #[test]
    fn a_missing_key_file_is_made_once_for_the_owner_alone() {
        let (_guard, directory) = directory();
        let path = directory.join("deep/er/key");
        let one = SealingKey::load_or_create(&path).unwrap();
        let two = SealingKey::load_or_create(&path).unwrap();
        assert_eq!(one.0, two.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Utf8Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(&directory.join("deep")), 0o700);
        }
        let left: Vec<_> = std::fs::read_dir(directory.join("deep/er")).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file is left");
    }

    #[test]
    fn all_who_make_the_key_file_at_once_get_the_same_key() {
        let (_guard, directory) = directory();
        let path = directory.join("key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| SealingKey::load_or_create(&path).unwrap().0))
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[cfg(unix)]
    #[rstest]
    #[case(0o640)]
    #[case(0o604)]
    #[case(0o620)]
    fn a_key_file_open_to_others_is_refused(#[case] mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let (_guard, directory) = directory();
        let path = directory.join("key");
        SealingKey::load_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = SealingKey::load_or_create(&path).unwrap_err();
        assert_eq!(error.code(), "TW-KEY-OPEN-TO-OTHERS");
        assert_eq!(error.hint().unwrap(), format!("run `chmod 600 {path}`"));
    }

    #[test]
    fn a_directory_or_a_broken_file_is_no_key_file() {
        let (_guard, directory) = directory();
        assert_eq!(
            SealingKey::load_or_create(&directory).unwrap_err().code(),
            "TW-KEY-FILE"
        );
        let path = directory.join("key");
        SealingKey::load_or_create(&path).unwrap();
        std::fs::write(&path, "hunter2").unwrap();
        assert_eq!(
            SealingKey::load_or_create(&path).unwrap_err().code(),
            "TW-KEY-TEXT"
        );
        let below = path.join("key");
        assert_eq!(
            SealingKey::load_or_create(&below).unwrap_err().code(),
            "TW-KEY-FILE"
        );
    }
}
