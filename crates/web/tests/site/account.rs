//! Signing in and out, one-time links, and the pages of settings.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE};
use axum::http::{Method, StatusCode};
use rstest::rstest;
use secrecy::ExposeSecret;
use tailwater_engine::account::{Actor, NewUser, Role};
use tailwater_web::AppOptions;

use crate::scene::{Answer, Scene};
use crate::visitor::{PASSWORD, Visitor, session_cookie, sign_in};

const NEW_PASSWORD: &str = "another good password";

async fn add(scene: &Scene, name: &str, role: Role) {
    let new = NewUser {
        name: name.to_owned(),
        display_name: None,
        email: None,
        password: PASSWORD.into(),
        role,
    };
    scene.workspace.add_user(new, &Actor::CommandLine).await.unwrap();
}

/// A form from a browser without a session.
async fn post(scene: &Scene, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    let request = scene
        .request(Method::POST, path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    scene.send(request.body(Body::from(form.finish())).unwrap()).await
}

/// The address in a page's notice of something shown once.
fn shown_once(page: &str) -> String {
    let start = page.find("<pre tabindex=\"0\"><code>").unwrap() + 24;
    page[start..].split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn signing_in_leads_back_and_out_again() {
    let scene = Scene::closed().await;
    add(&scene, "ada", Role::Viewer).await;
    let page = scene.page("/sign-in?next=%2Fexposures%3Fq%3D1").await;
    assert!(page.contains("name=\"next\" value=\"/exposures?q=1\""), "{page}");
    assert!(page.contains("autocomplete=\"current-password\""));
    let answer = sign_in(&scene, "ADA", PASSWORD, &[("next", "/exposures?q=1")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), Some("/exposures?q=1"));

    let ada = Visitor::with_cookie(&scene, "ada", &session_cookie(&answer).unwrap()).await;
    let again = ada.get(&scene, "/sign-in?next=/models").await;
    assert_eq!(
        again.location(),
        Some("/models"),
        "who is signed in need not sign in"
    );
    let out = ada.post(&scene, "/sign-out", &[]).await;
    assert_eq!(out.location(), Some("/sign-in"));
    let cookie = out.headers[SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("tailwater_session=;") && cookie.contains("Max-Age=0"),
        "{cookie}"
    );
    assert!(
        !ada.is_signed_in(&scene).await,
        "the cookie is worth nothing any more"
    );
    // Signing out twice harms nobody.
    assert_eq!(post(&scene, "/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[case("https://evil.example/")]
#[case("//evil.example/")]
#[case("/\\evil.example")]
#[case("/\t/evil.example")]
#[case("javascript:alert(1)")]
#[case("evil.example")]
#[case("\\\\evil.example")]
#[tokio::test]
async fn after_signing_in_nobody_is_sent_elsewhere(#[case] next: &str) {
    let scene = Scene::closed().await;
    add(&scene, "ada", Role::Viewer).await;
    let answer = sign_in(&scene, "ada", PASSWORD, &[("next", next)]).await;
    assert_eq!(answer.location(), Some("/"));
    let ada = Visitor::with_cookie(&scene, "ada", &session_cookie(&answer).unwrap()).await;
    let mut address = url::form_urlencoded::Serializer::new(String::new());
    address.append_pair("next", next);
    let answer = ada.get(&scene, &format!("/sign-in?{}", address.finish())).await;
    assert_eq!(answer.location(), Some("/"));
}

#[tokio::test]
async fn a_refused_sign_in_tells_nothing_and_repeats_no_password() {
    let scene = Scene::closed().await;
    add(&scene, "ada", Role::Viewer).await;
    let wrong = "wrong <b>password</b>";
    let known = sign_in(&scene, "ada", wrong, &[]).await;
    let unknown = sign_in(&scene, "bob", wrong, &[]).await;
    let hostile = sign_in(
        &scene,
        "<script>alert(1)</script>\"\u{202e}",
        wrong,
        &[("next", "\"><script>")],
    )
    .await;
    for answer in [&known, &unknown, &hostile] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(session_cookie(answer), None);
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
        assert!(answer.body.contains("role=\"alert\""));
        assert!(
            !answer.body.contains("wrong &lt;b") && !answer.body.contains("<script>"),
            "{}",
            answer.body
        );
    }
    let same = |answer: &Answer| {
        answer
            .body
            .replace("value=\"ada\"", "")
            .replace("value=\"bob\"", "")
    };
    assert_eq!(same(&known), same(&unknown));
}

#[tokio::test]
async fn whoever_guesses_waits() {
    let scene = Scene::closed().await;
    add(&scene, "ada", Role::Viewer).await;
    for _ in 0..6 {
        assert_eq!(
            sign_in(&scene, "ada", "wrong", &[]).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let answer = sign_in(&scene, "ada", PASSWORD, &[]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = answer.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert!(answer.body.contains("try again in"), "{}", answer.body);
    assert_eq!(session_cookie(&answer), None);
}

#[tokio::test]
async fn a_session_that_somebody_else_chose_is_never_taken_over() {
    let scene = Scene::closed().await;
    add(&scene, "ada", Role::Viewer).await;
    let fixed = "tailwater_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let request = scene
        .request(Method::POST, "/sign-in")
        .header(COOKIE, fixed)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = format!("name=ada&password={}", PASSWORD.replace(' ', "+"));
    let answer = scene.send(request.body(Body::from(body)).unwrap()).await;
    let cookie = session_cookie(&answer).unwrap();
    assert_ne!(cookie, fixed);
    let before = scene
        .request(Method::GET, "/settings/account")
        .header(COOKIE, fixed);
    assert_eq!(
        scene.send(before.body(Body::empty()).unwrap()).await.status,
        StatusCode::SEE_OTHER
    );

    // Who signs in where somebody else is signed in ends that session.
    add(&scene, "bob", Role::Viewer).await;
    let ada = Visitor::with_cookie(&scene, "ada", &cookie).await;
    let answer = ada
        .post(&scene, "/sign-in", &[("name", "bob"), ("password", PASSWORD)])
        .await;
    assert_ne!(session_cookie(&answer).unwrap(), cookie);
    assert!(!ada.is_signed_in(&scene).await);
}

#[rstest]
#[case("", None, false)]
#[case("/catalog", Some("https://data.example.com/catalog"), true)]
#[tokio::test]
async fn the_cookie_is_as_narrow_as_can_be(
    #[case] base: &str,
    #[case] public: Option<&str>,
    #[case] is_secure: bool,
) {
    let scene = Scene::with(AppOptions {
        base_path: base.to_owned(),
        public_url: public.map(str::to_owned),
        ..AppOptions::default()
    })
    .await;
    add(&scene, "ada", Role::Viewer).await;
    let answer = sign_in(&scene, "ada", PASSWORD, &[]).await;
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    let parts: Vec<&str> = cookie.split("; ").skip(1).collect();
    assert!(
        parts.contains(&"HttpOnly") && parts.contains(&"SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(parts.contains(&"Secure"), is_secure, "{cookie}");
    let path = if base.is_empty() {
        "Path=/"
    } else {
        "Path=/catalog"
    };
    assert!(parts.contains(&path), "{cookie}");
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert_eq!(
        answer.headers.contains_key("strict-transport-security"),
        is_secure
    );
}

#[tokio::test]
async fn the_first_admin_comes_by_the_set_up_link() {
    let scene = Scene::closed().await;
    assert!(scene.page("/sign-in").await.contains("There is no user yet"));
    let secret = scene.workspace.one_time_link().await.unwrap().unwrap();
    let path = format!("/set-up/{}", secret.expose_secret());
    let page = scene.get(&path).await;
    assert_eq!(page.headers[CACHE_CONTROL], "no-store");
    assert!(page.body.contains("Set up Tailwater"));
    assert_eq!(
        scene.get(&path.replace("set-up", "invite")).await.status,
        StatusCode::GONE
    );

    let differing = [("name", "ada"), ("password", PASSWORD), ("again", "x")];
    let refused = post(&scene, &path, &differing).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("the two passwords differ") && refused.body.contains("value=\"ada\""));
    let weak = post(
        &scene,
        &path,
        &[("name", "ada"), ("password", "x"), ("again", "x")],
    )
    .await;
    assert!(weak.body.contains("too short"), "{}", weak.body);
    let fields = [
        ("name", "ada"),
        ("display_name", "Ada <L>"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let made = post(&scene, &path, &fields).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, Some("/")));
    let ada = Visitor::with_cookie(&scene, "ada", &session_cookie(&made).unwrap()).await;
    let home = ada.get(&scene, "/").await;
    assert!(home.body.contains("Ada &lt;L&gt;"), "{}", home.body);
    assert_eq!(
        ada.get(&scene, "/settings").await.location(),
        Some("/settings/users")
    );

    let again = post(&scene, &path, &fields).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert_eq!(scene.get(&path).await.status, StatusCode::GONE);
    assert_eq!(scene.get("/set-up/x").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn admins_invite_change_and_remove_people() {
    let scene = Scene::closed().await;
    let ada = Visitor::sign_up(&scene, "ada", Role::Admin).await;
    let made = ada
        .post(&scene, "/settings/users/invite", &[("role", "operator")])
        .await;
    assert_eq!(
        (made.status, &made.headers[CACHE_CONTROL]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let address = shown_once(&made.body);
    let path = address.strip_prefix("http://localhost").unwrap();
    assert!(scene.page(path).await.contains("You are invited as"));
    let fields = [
        ("name", "bob"),
        ("role", "admin"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let joined = post(&scene, path, &fields).await;
    let bob = Visitor::with_cookie(&scene, "bob", &session_cookie(&joined).unwrap()).await;
    assert_eq!(
        bob.get(&scene, "/settings").await.location(),
        Some("/settings/account")
    );
    assert_eq!(
        bob.get(&scene, "/settings/users").await.status,
        StatusCode::FORBIDDEN,
        "the link's role counts"
    );

    // A role counts from the next request on, in sessions that are open.
    let changed = ada
        .post(&scene, "/settings/users/bob/role", &[("role", "admin")])
        .await;
    assert_eq!(changed.location(), Some("/settings/users?done=role"));
    assert_eq!(bob.get(&scene, "/settings/users").await.status, StatusCode::OK);
    ada.post(&scene, "/settings/users/bob/role", &[("role", "viewer")])
        .await;
    assert_eq!(
        bob.get(&scene, "/settings/users").await.status,
        StatusCode::FORBIDDEN
    );

    let page = ada.get(&scene, "/settings/users?done=role").await.body;
    assert!(
        page.contains("The role is changed") && page.contains("Role of bob"),
        "{page}"
    );
    let last = ada
        .post(&scene, "/settings/users/ada/role", &[("role", "viewer")])
        .await;
    assert_eq!(last.status, StatusCode::CONFLICT);
    let unknown = ada
        .post(&scene, "/settings/users/nobody/role", &[("role", "viewer")])
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let nonsense = ada
        .post(&scene, "/settings/users/bob/role", &[("role", "owner")])
        .await;
    assert_eq!(nonsense.status, StatusCode::BAD_REQUEST);

    let reset = ada.post(&scene, "/settings/users/bob/link", &[]).await;
    let address = shown_once(&reset.body);
    let path = address.strip_prefix("http://localhost").unwrap();
    let set = post(
        &scene,
        path,
        &[("password", NEW_PASSWORD), ("again", NEW_PASSWORD)],
    )
    .await;
    assert!(session_cookie(&set).is_some());
    assert!(
        !bob.is_signed_in(&scene).await,
        "a new password ends the sessions before"
    );
    let bob = Visitor::sign_in(&scene, "bob", NEW_PASSWORD).await;
    ada.post(&scene, "/settings/users/bob/state", &[("state", "disabled")])
        .await;
    assert!(!bob.is_signed_in(&scene).await);
    assert_eq!(
        sign_in(&scene, "bob", NEW_PASSWORD, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    ada.post(&scene, "/settings/users/bob/state", &[("state", "enabled")])
        .await;
    assert!(
        Visitor::sign_in(&scene, "bob", NEW_PASSWORD)
            .await
            .is_signed_in(&scene)
            .await
    );
    let removed = ada.post(&scene, "/settings/users/bob/remove", &[]).await;
    assert_eq!(removed.location(), Some("/settings/users?done=removed"));
    assert_eq!(scene.workspace.users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn people_change_what_is_theirs() {
    let scene = Scene::closed().await;
    let ada = Visitor::sign_up(&scene, "ada", Role::Viewer).await;
    let elsewhere = Visitor::sign_in(&scene, "ada", PASSWORD).await;
    let profile = [("display_name", "Ada \"<i>\""), ("email", "ada@acme.example")];
    let saved = ada.post(&scene, "/settings/account/profile", &profile).await;
    assert_eq!(saved.location(), Some("/settings/account?done=profile"));
    let page = ada.get(&scene, "/settings/account?done=profile").await.body;
    assert!(
        page.contains("Ada &quot;&lt;i&gt;&quot;") && page.contains("Saved."),
        "{page}"
    );
    let refused = ada
        .post(&scene, "/settings/account/profile", &[("email", "x")])
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("e-mail address"));

    let change = |present: &'static str| {
        [
            ("present", present),
            ("password", NEW_PASSWORD),
            ("again", NEW_PASSWORD),
        ]
    };
    let refused = ada
        .post(&scene, "/settings/account/password", &change("wrong"))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("the present password is wrong"));
    assert!(elsewhere.is_signed_in(&scene).await);
    let changed = ada
        .post(&scene, "/settings/account/password", &change(PASSWORD))
        .await;
    assert_eq!(changed.location(), Some("/settings/account?done=password"));
    assert!(ada.is_signed_in(&scene).await);
    assert!(!elsewhere.is_signed_in(&scene).await);

    let elsewhere = Visitor::sign_in(&scene, "ada", NEW_PASSWORD).await;
    let user = scene.workspace.find_user("ada").await.unwrap().unwrap();
    let sessions = scene.workspace.sessions_of(user.id).await.unwrap();
    assert_eq!(sessions.len(), 2);
    // Of the two, the page offers to end the other one.
    let page = ada.get(&scene, "/settings/account").await.body;
    let path = page.split("/settings/account/sessions/").nth(1).unwrap();
    let id = path.split('/').next().unwrap();
    let bob = Visitor::sign_up(&scene, "bob", Role::Admin).await;
    let path = format!("/settings/account/sessions/{id}/end");
    assert_eq!(
        bob.post(&scene, &path, &[]).await.status,
        StatusCode::NOT_FOUND,
        "it is not bob's"
    );
    assert_eq!(ada.post(&scene, &path, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!elsewhere.is_signed_in(&scene).await && ada.is_signed_in(&scene).await);

    let off = ada
        .post(&scene, "/settings/account/shortcuts", &[("shortcuts", "off")])
        .await;
    assert!(
        off.headers[SET_COOKIE]
            .to_str()
            .unwrap()
            .starts_with("tailwater_shortcuts=off;")
    );
    let cookies = format!("{}; tailwater_shortcuts=off", ada.cookie());
    let request = scene
        .request(Method::GET, "/settings/account")
        .header(COOKIE, cookies);
    let page = scene.send(request.body(Body::empty()).unwrap()).await.body;
    assert!(page.contains("data-shortcuts=\"off\""), "{page}");
}

#[tokio::test]
async fn tokens_are_made_shown_once_and_revoked() {
    let scene = Scene::closed().await;
    let ada = Visitor::sign_up(&scene, "ada", Role::Operator).await;
    let root = Visitor::sign_up(&scene, "root", Role::Admin).await;
    let page = ada.get(&scene, "/settings/tokens").await.body;
    assert!(
        !page.contains("value=\"admin\""),
        "no more than one's own role is offered"
    );
    let wanted = |role: &'static str| [("name", "ci"), ("role", role), ("days", "30")];
    let refused = ada.post(&scene, "/settings/tokens", &wanted("admin")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let made = ada.post(&scene, "/settings/tokens", &wanted("operator")).await;
    assert_eq!(made.headers[CACHE_CONTROL], "no-store");
    let token = shown_once(&made.body);
    assert!(token.starts_with("twt_"));
    let ask = async || {
        scene
            .api(Method::GET, "/api/v1/summary", Some(&token), Body::empty())
            .await
            .status
    };
    assert_eq!(ask().await, StatusCode::OK);
    let page = ada.get(&scene, "/settings/tokens").await.body;
    assert!(page.contains("Revoke ci") && !page.contains(&token), "{page}");

    let id = scene.workspace.api_tokens().await.unwrap()[0].id;
    let path = format!("/settings/tokens/{id}/revoke");
    let eve = Visitor::sign_up(&scene, "eve", Role::Operator).await;
    assert!(
        !eve.get(&scene, "/settings/tokens")
            .await
            .body
            .contains("Revoke ci")
    );
    assert_eq!(eve.post(&scene, &path, &[]).await.status, StatusCode::FORBIDDEN);
    assert!(
        root.get(&scene, "/settings/tokens")
            .await
            .body
            .contains("Revoke ci")
    );
    assert_eq!(root.post(&scene, &path, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
    assert_eq!(root.post(&scene, &path, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_audit_log_is_shown_filtered_and_taken_away() {
    let scene = Scene::closed().await;
    let ada = Visitor::sign_up(&scene, "ada", Role::Admin).await;
    ada.post(&scene, "/settings/users/invite", &[("role", "viewer")])
        .await;
    let page = ada.get(&scene, "/settings/audit").await.body;
    for action in ["user.add", "session.begin", "link.invite"] {
        assert!(page.contains(&format!("<code>{action}</code>")), "{page}");
    }
    let page = ada
        .get(&scene, "/settings/audit?actor=ADA&action=link.")
        .await
        .body;
    assert!(
        page.contains("link.invite") && !page.contains("<code>session.begin"),
        "{page}"
    );
    let csv = ada
        .get(&scene, "/settings/audit?action=user.&format=csv")
        .await
        .body;
    assert!(
        csv.starts_with("at,actor,role,action,subject,detail\n") && csv.contains("user.add,ada,role admin"),
        "{csv}"
    );
    let json = ada.get(&scene, "/settings/audit?format=json").await.body;
    assert!(
        serde_json::from_str::<serde_json::Value>(&json)
            .unwrap()
            .as_array()
            .unwrap()
            .len()
            >= 3
    );
    assert_eq!(
        ada.get(&scene, "/settings/audit?before=x").await.status,
        StatusCode::BAD_REQUEST
    );
    for number in 0..150 {
        let event = tailwater_engine::account::AuditEvent::new("test.act", number.to_string(), "<script>");
        scene.workspace.record_audit(&Actor::System, event).await.unwrap();
    }
    let page = ada.get(&scene, "/settings/audit?action=test.").await.body;
    assert!(page.contains("&lt;script&gt;") && !page.contains("<td><script>"));
    let older = page
        .split("rel=\"next\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let page = ada.get(&scene, &older.replace("&amp;", "&")).await.body;
    assert_eq!(page.matches("<code>test.act</code>").count(), 50);
}
