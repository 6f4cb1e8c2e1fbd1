//! With which key is sealed: the store says so, not the process that seals.
//!
//! A process may have read the key before it was changed, and write after. So the store keeps the id of the key that
//! its values are sealed with, and the ids of those that were changed away from:
//!
//! ```text
//! setting sealing_keys:   CURRENT RETIRED RETIRED …
//!
//! the writer has CURRENT            sealed with CURRENT
//! the writer has a RETIRED one      refused: it read the key before the change
//! the writer has another            sealed with it: a new key in place of one that was lost
//! ```
//!
//! Both the writer and the change hold that row until their transaction ends, so that neither overtakes the other.

use secrecy::SecretString;

use crate::database::Transaction;
use crate::error::{Error, Result};
use crate::key::SealingKey;

/// The setting's name.
const NAME: &str = "sealing_keys";

/// So many keys are remembered that were changed away from.
const MOST_RETIRED: usize = 64;

/// Seals a text for one place, in the transaction that stores it.
///
/// # Errors
/// [`Error::KeyChanged`] when the key is one that was changed away from.
pub(crate) async fn seal(
    transaction: &mut Transaction<'_>,
    key: &SealingKey,
    place: &str,
    text: &SecretString,
) -> Result<String> {
    let ids = hold(transaction, key).await?;
    let (current, retired) = ids
        .split_first()
        .map_or(("", [].as_slice()), |(first, rest)| (first.as_str(), rest));
    if let Some(key) = key.led_by(current) {
        return key.seal(place, text);
    }
    if retired.contains(&key.id()) {
        return Err(Error::KeyChanged);
    }
    key.seal(place, text)
}

/// Notes that from now on everything is sealed with the first of the keys, and with none of those before it.
pub(crate) async fn change(transaction: &mut Transaction<'_>, key: &SealingKey) -> Result<()> {
    let known = hold(transaction, key).await?;
    let new = key.id();
    let mut ids = vec![new.clone()];
    for id in key.earlier_ids().into_iter().chain(known) {
        if !ids.contains(&id) && ids.len() <= MOST_RETIRED {
            ids.push(id);
        }
    }
    let sql = "update setting set value = $2 where name = $1";
    transaction
        .execute(sql, vec![NAME.into(), ids.join(" ").into()])
        .await?;
    Ok(())
}

/// The ids of the keys, the present one first. Nobody else reads or changes them until the transaction ends.
async fn hold(transaction: &mut Transaction<'_>, key: &SealingKey) -> Result<Vec<String>> {
    // Of several that write first one does, and the others wait for it.
    let sql = "insert into setting (name, value) values ($1, $2) \
               on conflict (name) do update set value = setting.value returning value";
    let rows = transaction.fetch(sql, vec![NAME.into(), key.id().into()]).await?;
    let text = rows
        .first()
        .map(|row| row.text(0))
        .transpose()?
        .unwrap_or_default();
    Ok(text.split_ascii_whitespace().map(ToOwned::to_owned).collect())
}
