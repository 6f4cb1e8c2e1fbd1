//! What a form sent. Names may come more than once, as check boxes do.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};

/// The fields of a form, in order.
#[derive(Debug, Default)]
pub struct Posted(Vec<(String, String)>);

impl Posted {
    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let own = self.0.iter().find(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    /// The first value of a name, without blanks around it, when there is something left.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Every value of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.0.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    /// Whether a name came at all, as a check box that is checked does.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Infallible;

    /// What cannot be read as a form has no fields; each handler says what it misses.
    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let bytes = Bytes::from_request(request, state).await.unwrap_or_default();
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}
