//! Signatures of health tiles: an address that shows the health of one exposure to whoever has it, without
//! sign-in, and of no other.
//!
//! A signature is an HMAC-SHA256 over the exposure's id, under a key that is drawn once, and kept sealed in
//! the store. It does not expire, since a tile stands in other people's pages; drawing a new key ends all of
//! them at once.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use tailwater_core::id::NodeId;
use tokio::sync::RwLock;

use super::audit::AuditEvent;
use super::permission::Permission;
use super::{AccountError, Actor, Role, secret};
use crate::error::Error;
use crate::workspace::Workspace;

/// The setting that holds the key, sealed.
const SETTING: &str = "tile_key";

/// The key, once it was read.
#[derive(Default)]
pub(crate) struct TileKeyCell(RwLock<Option<SecretString>>);

impl fmt::Debug for TileKeyCell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TileKeyCell(***)")
    }
}

impl Workspace {
    /// The signature of an exposure's tile: 43 characters that are good in an address.
    pub async fn sign_tile(&self, exposure: &NodeId) -> Result<String, Error> {
        let mac = mac(&self.tile_key().await?, exposure)?;
        Ok(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// Whether a signature is that of the exposure's tile. Takes the same time for all that are not.
    pub async fn is_tile_signature(&self, exposure: &NodeId, signature: &str) -> Result<bool, Error> {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return Ok(false);
        };
        let mac = mac(&self.tile_key().await?, exposure)?;
        Ok(mac.verify_slice(&signature).is_ok())
    }

    /// Draws a new key: every address of a tile that was given out is void. Other processes on the same
    /// store notice when they start anew.
    pub async fn renew_tile_key(&self, actor: &Actor) -> Result<(), Error> {
        actor.require(Role::Admin)?;
        let sealing_key = self.sealing_key()?;
        let mut cell = self.tile_key_cell().0.write().await;
        let drawn = secret::draw()?;
        self.store()
            .put_sealed_setting(SETTING, &drawn, &sealing_key, false)
            .await?;
        *cell = Some(drawn);
        drop(cell);
        self.record_audit(actor, AuditEvent::new("tile.renew_key", "", ""))
            .await
    }

    async fn tile_key(&self) -> Result<SecretString, Error> {
        if let Some(key) = self.tile_key_cell().0.read().await.as_ref() {
            return Ok(key.clone());
        }
        let mut cell = self.tile_key_cell().0.write().await;
        if let Some(key) = cell.as_ref() {
            return Ok(key.clone());
        }
        let sealing_key = self.sealing_key()?;
        let mut found = self.store().find_sealed_setting(SETTING, &sealing_key).await?;
        if found.is_none() {
            // Another process may do the same: the first one's stays, and all read that.
            let drawn = secret::draw()?;
            self.store()
                .put_sealed_setting(SETTING, &drawn, &sealing_key, true)
                .await?;
            found = self.store().find_sealed_setting(SETTING, &sealing_key).await?;
        }
        let key = found.ok_or(AccountError::System {
            what: "key for tiles",
        })?;
        *cell = Some(key.clone());
        Ok(key)
    }
}

fn mac(key: &SecretString, exposure: &NodeId) -> Result<Hmac<Sha256>, Error> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes())
        // HMAC takes keys of any length.
        .map_err(|_| AccountError::System {
            what: "key for tiles",
        })?;
    mac.update(b"tailwater tile\0");
    mac.update(exposure.as_str().as_bytes());
    Ok(mac)
}
