//! Webhooks.

/// A webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {}
