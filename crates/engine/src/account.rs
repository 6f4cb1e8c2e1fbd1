//! Who may do what. The shape that the web crate is written against; `account/` fills it.
#![allow(missing_docs, clippy::all, clippy::pedantic)]
use crate::{Error, Workspace};
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Viewer,
    Operator,
    Admin,
}
impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionId(pub u64);
#[derive(Debug, Clone)]
pub enum Actor {
    Local,
    X,
}
#[derive(Debug, Clone)]
pub struct User {
    pub role: Role,
    pub name: String,
    pub display_name: Option<String>,
}
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub user: User,
    pub csrf_token: String,
}
#[derive(Debug, Clone)]
pub struct ApiToken {
    pub name: String,
    pub role: Role,
}
impl Actor {
    pub fn of_user(_: &User) -> Self {
        Self::X
    }
    pub fn of_token(_: &ApiToken) -> Self {
        Self::X
    }
}
impl Workspace {
    pub async fn find_session(&self, _: &str) -> Result<Option<Session>, Error> {
        Ok(None)
    }
    pub async fn find_api_token(&self, _: &str) -> Result<Option<ApiToken>, Error> {
        Ok(None)
    }
}
