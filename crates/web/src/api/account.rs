//! `/api/v1/users`, `/api/v1/tokens`, `/api/v1/audit`: who may do what, and who did what. For admins.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tailwater_engine::account::{
    ApiToken, ApiTokenId, AuditCursor, AuditEntry, AuditQuery, NewApiToken, Role, User,
};
use utoipa::{IntoParams, ToSchema};

use super::read::{JsonBody, Parameters};
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// A user. Holds no secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserShape {
    /// The sign-in name.
    pub name: String,
    /// What the person is called on pages.
    pub display_name: Option<String>,
    /// Where mail reaches the person.
    pub email: Option<String>,
    /// `viewer`, `operator` or `admin`.
    pub role: String,
    /// Whether the person may not sign in for now.
    pub is_disabled: bool,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When the person last signed in.
    pub last_signed_in_at: Option<DateTime<Utc>>,
}

/// A change of a user. What is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// `viewer`, `operator` or `admin`.
    pub role: Option<String>,
    /// Whether the person may not sign in for now.
    pub is_disabled: Option<bool>,
}

/// An API token. Holds no secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenShape {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What the program may do.
    pub role: String,
    /// Its last characters.
    pub ending: String,
    /// Whose it is; null when it was made by command.
    pub made_by: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends; never when null.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedToken {
    /// What it is for.
    pub name: String,
    /// `viewer`, `operator` or `admin`; not more than one's own.
    pub role: String,
    /// When it ends; never when left out.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token that was made, with its text, which is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct MadeToken {
    /// What to send: `Authorization: Bearer …`.
    pub text: String,
    /// The token.
    #[serde(flatten)]
    pub token: TokenShape,
}

/// A piece of the audit log, the newest act first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditPiece {
    /// The acts.
    pub items: Vec<ActShape>,
    /// What asks for older ones, as `cursor`; null at the end.
    pub next_cursor: Option<String>,
}

/// An act.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActShape {
    /// Its id.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, in words.
    pub actor: String,
    /// `user`, `token`, `command_line`, `system` or `local`.
    pub actor_kind: String,
    /// What they might do then.
    pub role: String,
    /// What was done, such as `integration.add`.
    pub action: String,
    /// On what.
    pub subject: String,
    /// What else there is to say.
    pub detail: String,
}

/// Which acts.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// How many, 1 to 1000; 100 when left out.
    pub limit: Option<u32>,
    /// `next_cursor` of the piece before.
    pub cursor: Option<String>,
    /// Only acts of whoever has this name or title, in any case.
    pub actor: Option<String>,
    /// Only this action, or with a full stop at the end all that begin so, such as `integration.`.
    pub action: Option<String>,
}

/// Lists the users.
#[utoipa::path(get, path = "/api/v1/users", tag = "accounts", responses((status = 200, body = Vec<UserShape>)))]
pub async fn users(context: Context) -> Result<Json<Vec<UserShape>>, Error> {
    let users = context.app.workspace().users().await?;
    Ok(Json(users.iter().map(user_shape).collect()))
}

/// Gives a user another role, or shuts the account and opens it again.
#[utoipa::path(patch, path = "/api/v1/users/{name}", tag = "accounts", params(("name" = String, Path)), request_body = UserChange,
    responses((status = 200, body = UserShape), (status = 404, description = "there is no such user"),
        (status = 409, description = "it is the last admin")))]
pub async fn change_user(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
    JsonBody(change): JsonBody<UserChange>,
) -> Result<Json<UserShape>, Error> {
    let role = change.role.as_deref().map(read_role).transpose()?;
    let workspace = context.app.workspace();
    let mut user = workspace
        .find_user(&name)
        .await?
        .ok_or_else(|| Error::not_found("user", &name))?;
    if let Some(role) = role {
        user = workspace.set_user_role(&name, role, &principal.actor).await?;
    }
    if let Some(is_disabled) = change.is_disabled {
        user = workspace
            .set_user_disabled(&name, is_disabled, &principal.actor)
            .await?;
    }
    Ok(Json(user_shape(&user)))
}

/// Removes a user with the sessions and tokens.
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "accounts", params(("name" = String, Path)),
    responses((status = 204), (status = 404, description = "there is no such user"), (status = 409, description = "it is the last admin")))]
pub async fn remove_user(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<StatusCode, Error> {
    context
        .app
        .workspace()
        .remove_user(&name, &principal.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists every token.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "accounts", responses((status = 200, body = Vec<TokenShape>)))]
pub async fn tokens(context: Context) -> Result<Json<Vec<TokenShape>>, Error> {
    let tokens = context.app.workspace().api_tokens().await?;
    Ok(Json(tokens.iter().map(token_shape).collect()))
}

/// Makes a token. A token cannot make one; this is for a signed-in person's scripts.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "accounts", request_body = WantedToken,
    responses((status = 201, body = MadeToken), (status = 403, description = "a token asks, or wants more than its maker may")))]
pub async fn make_token(
    context: Context,
    principal: Principal,
    JsonBody(wanted): JsonBody<WantedToken>,
) -> Result<(StatusCode, Json<MadeToken>), Error> {
    let new = NewApiToken {
        name: wanted.name,
        role: read_role(&wanted.role)?,
        expires_at: wanted.expires_at,
    };
    let workspace = context.app.workspace();
    let (text, token) = workspace.create_api_token(new, &principal.actor).await?;
    let made = MadeToken {
        text: text.expose_secret().to_owned(),
        token: token_shape(&token),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Ends a token at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "accounts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "there is no such token")))]
pub async fn revoke_token(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let parsed: ApiTokenId = id.parse().map_err(|_| Error::not_found("token", &id))?;
    let workspace = context.app.workspace();
    workspace.revoke_api_token(parsed, &principal.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who changed what, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "accounts", params(AuditFilter),
    responses((status = 200, body = AuditPiece), (status = 400, description = "a parameter makes no sense")))]
pub async fn audit(
    context: Context,
    Parameters(filter): Parameters<AuditFilter>,
) -> Result<Json<AuditPiece>, Error> {
    let limit = filter.limit.unwrap_or(100);
    if limit == 0 || limit > 1_000 {
        return Err(Error::bad_request(format!("`limit` is {limit}")).with_hint("give 1 to 1000"));
    }
    let before = filter
        .cursor
        .map(|cursor| cursor.parse::<AuditCursor>())
        .transpose()
        .map_err(|_| {
            Error::bad_request("`cursor` is none of ours").with_hint("hand `next_cursor` back as it came")
        })?;
    let query = AuditQuery {
        before,
        limit,
        actor: filter.actor,
        action: filter.action,
    };
    let page = context.app.workspace().audit_log(query).await?;
    Ok(Json(AuditPiece {
        items: page.entries.iter().map(act_shape).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
    }))
}

fn read_role(word: &str) -> Result<Role, Error> {
    Role::from_name(word).ok_or_else(|| {
        Error::bad_request(format!("there is no role `{word}`"))
            .with_hint("the roles are viewer, operator and admin")
    })
}

fn user_shape(user: &User) -> UserShape {
    UserShape {
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        role: user.role.name().to_owned(),
        is_disabled: user.is_disabled,
        created_at: user.created_at,
        last_signed_in_at: user.last_signed_in_at,
    }
}

fn token_shape(token: &ApiToken) -> TokenShape {
    TokenShape {
        id: token.id.to_string(),
        name: token.name.clone(),
        role: token.role.name().to_owned(),
        ending: token.ending.clone(),
        made_by: token.made_by.clone(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    }
}

fn act_shape(entry: &AuditEntry) -> ActShape {
    ActShape {
        id: entry.id.to_string(),
        at: entry.at,
        actor: entry.actor.title().into_owned(),
        actor_kind: entry.actor.kind().to_owned(),
        role: entry.actor.role().name().to_owned(),
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        detail: entry.detail.clone(),
    }
}
