//! Passwords: what is accepted as one, and their hashes.
//!
//! Argon2id with the parameters that OWASP's password storage cheat sheet recommends (19 MiB, two passes,
//! one lane). A hash keeps its parameters, so that they can be raised later: whoever then signs in is
//! hashed anew. Hashing runs on the threads for blocking work, and only a few at once, since each takes
//! 19 MiB.

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::AccountError;
use crate::error::Error;

/// The shortest password, in characters.
pub const SHORTEST_PASSWORD: usize = 10;
/// The longest password, in bytes.
pub const LONGEST_PASSWORD: usize = 1_000;

/// How many passwords are hashed at once.
static HASHERS: Semaphore = Semaphore::const_new(4);

/// The hash of no password, with today's parameters: verified against for unknown names, so that the time
/// of the answer does not tell whether a name exists.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dGFpbHdhdGVyIG5vYm9keQ$mCsJNPzC4uXFiM5RDpSMCNmyfZ9KqRM/rJYSyiGmUJQ";

/// What came of comparing a password with a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is another password.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and here is its hash with today's parameters.
    RightButOld(String),
}

/// Refuses what is too easily guessed. The length is what counts (NIST SP 800-63B, 5.1.1.2); no mixture of
/// kinds of characters is asked for.
pub(super) fn check(password: &SecretString, name: &str) -> Result<(), Error> {
    let text = password.expose_secret();
    let mut characters = text.chars();
    let first = characters.next();
    let folded = text.trim().to_lowercase();
    let reason = if text.chars().count() < SHORTEST_PASSWORD {
        "it is too short"
    } else if text.len() > LONGEST_PASSWORD {
        "it is longer than 1,000 bytes"
    } else if characters.all(|character| Some(character) == first) {
        "it is one character over and over"
    } else if folded == name.trim().to_lowercase() {
        "it is the name"
    } else if COMMON.contains(&folded.as_str()) {
        "it is among the first that everybody tries"
    } else {
        return Ok(());
    };
    Err(AccountError::Password { reason }.into())
}

/// Of the passwords that are long enough, those at the head of every list of leaked ones.
const COMMON: [&str; 16] = [
    "1234567890",
    "0123456789",
    "0987654321",
    "12345678910",
    "123456789012",
    "password12",
    "password123",
    "password1234",
    "passw0rd123",
    "qwertyuiop",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "iloveyou123",
    "administrator",
    "adminadmin",
    "changeme123",
];

/// The hash of a password, in PHC form.
pub(super) async fn hash(password: &SecretString) -> Result<String, Error> {
    let password = password.clone();
    on_hasher(move || make_hash(&password)).await
}

/// Compares a password with a hash; with `None`, takes as long and says that it is wrong.
pub(super) async fn verify(password: &SecretString, hash: Option<String>) -> Result<Verdict, Error> {
    // No password that was accepted is longer, and hashing a longer one is work for nothing.
    let is_too_long = password.expose_secret().len() > LONGEST_PASSWORD;
    let password = if is_too_long {
        SecretString::from("")
    } else {
        password.clone()
    };
    on_hasher(move || {
        let text = hash.as_deref().unwrap_or(NOBODY);
        let parsed = PasswordHash::new(text).map_err(|source| AccountError::Hash { source })?;
        let answer = Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed);
        let is_right = match answer {
            Ok(()) => hash.is_some() && !is_too_long,
            Err(argon2::password_hash::Error::Password) => false,
            Err(source) => return Err(AccountError::Hash { source }.into()),
        };
        if !is_right {
            return Ok(Verdict::Wrong);
        }
        if is_current(&parsed) {
            return Ok(Verdict::Right);
        }
        Ok(Verdict::RightButOld(make_hash(&password)?))
    })
    .await
}

fn make_hash(password: &SecretString) -> Result<String, Error> {
    let mut salt = [0; 16];
    OsRng
        .try_fill_bytes(&mut salt)
        .map_err(|_| AccountError::System {
            what: "random numbers",
        })?;
    let hashed = SaltString::from_b64(&STANDARD_NO_PAD.encode(salt)).and_then(|salt| {
        Argon2::default()
            .hash_password(password.expose_secret().as_bytes(), &salt)
            .map(|hash| hash.to_string())
    });
    Ok(hashed.map_err(|source| AccountError::Hash { source })?)
}

/// Whether a hash was made with today's parameters.
fn is_current(hash: &PasswordHash<'_>) -> bool {
    let today = Argon2::default();
    hash.algorithm == argon2::ARGON2ID_IDENT
        && argon2::Params::try_from(hash).is_ok_and(|params| {
            let wanted = today.params();
            (params.m_cost(), params.t_cost(), params.p_cost())
                == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
        })
}

async fn on_hasher<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let no_threads = || AccountError::System { what: "threads" };
    let permit = HASHERS.acquire().await.map_err(|_| no_threads())?;
    tokio::task::spawn_blocking(move || {
        // Held by the work itself, which goes on when nobody waits for it any more.
        let _permit = permit;
        work()
    })
    .await
    .map_err(|_| no_threads())?
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let password = SecretString::from("correct horse battery");
        let text = hash(&password).await.unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert_ne!(text, hash(&password).await.unwrap(), "salts differ");
        assert_eq!(
            verify(&password, Some(text.clone())).await.unwrap(),
            Verdict::Right
        );
        let other = SecretString::from("correct horse batterz");
        assert_eq!(verify(&other, Some(text.clone())).await.unwrap(), Verdict::Wrong);
        let long = SecretString::from("x".repeat(LONGEST_PASSWORD + 1));
        assert_eq!(verify(&long, Some(text)).await.unwrap(), Verdict::Wrong);
        assert_eq!(verify(&password, None).await.unwrap(), Verdict::Wrong);
        let error = verify(&password, Some("x".to_owned())).await.unwrap_err();
        assert_eq!(error.code(), "TW-ACCOUNT-HASH");
    }

    #[tokio::test]
    async fn an_old_hash_is_renewed() {
        let old = Argon2::new(
            argon2::Algorithm::Argon2id,
            argon2::Version::V0x13,
            argon2::Params::new(64, 1, 1, None).unwrap(),
        );
        let salt = SaltString::from_b64("c29tZXNhbHRzb21lc2FsdA").unwrap();
        let text = old.hash_password(b"correct horse", &salt).unwrap().to_string();
        let password = SecretString::from("correct horse");
        let Verdict::RightButOld(new) = verify(&password, Some(text)).await.unwrap() else {
            panic!("it has old parameters");
        };
        assert_eq!(verify(&password, Some(new)).await.unwrap(), Verdict::Right);
    }

    /// Otherwise an unknown name would answer sooner or later than a known one.
    #[test]
    fn nobodys_hash_costs_what_todays_do() {
        assert!(is_current(&PasswordHash::new(NOBODY).unwrap()));
        let hash = PasswordHash::new(NOBODY).unwrap().hash.unwrap();
        assert_eq!(hash.len(), 32);
    }

    #[rstest]
    #[case("short", "it is too short")]
    #[case("äöüäöüäöü", "it is too short")]
    #[case("aaaaaaaaaaaaaaaa", "it is one character over and over")]
    #[case("Ada@Acme.example", "it is the name")]
    #[case("Password123", "it is among the first that everybody tries")]
    fn what_is_easily_guessed_is_refused(#[case] password: &str, #[case] reason: &str) {
        let error = check(&password.into(), "ada@acme.example").unwrap_err();
        assert_eq!(error.to_string(), format!("the password is no good: {reason}"));
        assert!(error.hint().is_some());
    }

    #[test]
    fn what_is_long_is_accepted() {
        assert!(check(&"correct horse".into(), "ada").is_ok());
        assert!(check(&"x y".repeat(333).into(), "ada").is_ok());
        assert!(check(&"x y".repeat(334).into(), "ada").is_err());
    }
}
