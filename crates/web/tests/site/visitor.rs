//! Somebody who is signed in.

use axum::body::Body;
use axum::http::Method;
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use secrecy::ExposeSecret;
use tailwater_engine::account::{Actor, NewApiToken, NewUser, Role};

use crate::scene::{Answer, Scene, csrf_token};

pub const PASSWORD: &str = "correct horse battery";

/// A browser with a session.
#[derive(Debug)]
pub struct Visitor {
    pub name: String,
    cookie: String,
    csrf_token: String,
}

impl Visitor {
    /// Makes a user and signs in by the form.
    pub async fn sign_up(scene: &Scene, name: &str, role: Role) -> Self {
        let new = NewUser {
            name: name.to_owned(),
            display_name: None,
            email: None,
            password: PASSWORD.into(),
            role,
        };
        scene.workspace.add_user(new, &Actor::CommandLine).await.unwrap();
        Self::sign_in(scene, name, PASSWORD).await
    }

    pub async fn sign_in(scene: &Scene, name: &str, password: &str) -> Self {
        let answer = sign_in(scene, name, password, &[]).await;
        let cookie = session_cookie(&answer).unwrap();
        Self::with_cookie(scene, name, &cookie).await
    }

    /// A browser that holds a session's cookie already.
    pub async fn with_cookie(scene: &Scene, name: &str, cookie: &str) -> Self {
        let request = scene
            .request(Method::GET, "/settings/account")
            .header(COOKIE, cookie);
        let page = scene.send(request.body(Body::empty()).unwrap()).await;
        Self {
            name: name.to_owned(),
            cookie: cookie.to_owned(),
            csrf_token: csrf_token(&page.body),
        }
    }

    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub fn csrf_token(&self) -> &str {
        &self.csrf_token
    }

    /// A page as this visitor sees it.
    pub async fn get(&self, scene: &Scene, path: &str) -> Answer {
        let request = scene.request(Method::GET, path).header(COOKIE, &self.cookie);
        scene.send(request.body(Body::empty()).unwrap()).await
    }

    /// A form, sent with the session's token.
    pub async fn post(&self, scene: &Scene, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &self.csrf_token).extend_pairs(fields);
        let request = scene
            .request(Method::POST, path)
            .header(COOKIE, &self.cookie)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        scene.send(request.body(Body::from(form.finish())).unwrap()).await
    }

    pub async fn is_signed_in(&self, scene: &Scene) -> bool {
        self.get(scene, "/settings/account").await.status.is_success()
    }

    /// A token of the user's own.
    pub async fn make_token(&self, scene: &Scene, name: &str, role: Role) -> String {
        let user = scene.workspace.find_user(&self.name).await.unwrap().unwrap();
        let new = NewApiToken {
            name: name.to_owned(),
            role,
            expires_at: None,
        };
        let made = scene.workspace.create_api_token(new, &user.to_actor()).await;
        made.unwrap().0.expose_secret().to_owned()
    }
}

/// The form of the sign-in page, as a browser without a session sends it.
pub async fn sign_in(scene: &Scene, name: &str, password: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("name", name)
        .append_pair("password", password)
        .extend_pairs(more);
    let request = scene
        .request(Method::POST, "/sign-in")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    scene.send(request.body(Body::from(form.finish())).unwrap()).await
}

/// The session's cookie as a browser sends it back.
pub fn session_cookie(answer: &Answer) -> Option<String> {
    let header = answer
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .find(|header| header.starts_with("tailwater_session="))?;
    let pair = header.split(';').next()?;
    (pair != "tailwater_session=").then(|| pair.to_owned())
}
