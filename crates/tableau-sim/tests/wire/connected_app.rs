//! Connected apps over the wire: what Tableau Cloud says of why one is refused, and versions before there were any.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tailwater_tableau_sim::site_file::Hosting;

use crate::support::{Answer, NOON, send, small, start};

const APP: (&str, &str, &str) = ("0c4e3a6a-client", "b1a9-secret-id", "app-secret");

/// Signs claims that are right but for what is changed.
fn signed(change: impl FnOnce(&mut Value, &mut Value, &mut &str)) -> String {
    let now = NOON.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    let (client, id, mut secret) = APP;
    let mut header = json!({"alg": "HS256", "typ": "JWT", "kid": id, "iss": client});
    let mut claims = json!({"iss": client, "sub": "vera", "aud": "tableau", "exp": now + 300, "jti": "1",
                            "scp": ["tableau:content:read"]});
    change(&mut header, &mut claims, &mut secret);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&header), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn sign_in(base_url: &str, token: &str) -> Answer {
    let body = json!({"credentials": {"jwt": token, "site": {"contentUrl": "acme"}}}).to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
    ];
    send(base_url, "POST", "/api/3.16/auth/signin", &headers, &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_says_by_a_number_why_a_sign_in_is_refused() {
    let mut file = small();
    file.server.hosting = Hosting::Cloud;
    let running = start(file).await;
    let why = |token: &str| {
        let answer = sign_in(running.base_url(), token);
        assert_eq!(answer.code(), "401001", "{answer:?}");
        answer.json()["error"]["detail"].as_str().unwrap().to_owned()
    };
    let cloud = |number: u32| format!("Error signing in to Tableau Cloud ({number})");
    assert_eq!(why("nothing"), cloud(10_084));
    assert_eq!(why(&signed(|_, _, secret| *secret = "wrong")), cloud(10_084));
    assert_eq!(
        why(&signed(|header, _, _| header["kid"] = Value::Null)),
        cloud(10_083)
    );
    assert_eq!(
        why(&signed(|header, _, _| header["iss"] = json!("x"))),
        cloud(126)
    );
    assert_eq!(
        why(&signed(|header, _, _| header["kid"] = json!("x"))),
        cloud(127)
    );
    assert_eq!(why(&signed(|_, claims, _| claims["sub"] = json!("x"))), cloud(5));
    assert_eq!(
        why(&signed(|_, claims, _| claims["exp"] = json!(0))),
        cloud(10_084)
    );
    assert_eq!(
        why(&signed(|_, claims, _| claims["exp"] = json!(9_999_999_999_i64))),
        cloud(10_096)
    );
    assert_eq!(
        why(&signed(|_, claims, _| claims["scp"] = json!([]))),
        cloud(10_099)
    );
    assert_eq!(
        why(&signed(|_, claims, _| claims["scp"] = json!("x"))),
        cloud(10_097)
    );
    let token = signed(|_, _, _| {});
    assert_eq!(sign_in(running.base_url(), &token).status, 200);
    assert_eq!(why(&token), cloud(10_091));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_nothing_and_an_old_one_knows_no_apps() {
    let running = start(small()).await;
    let answer = sign_in(running.base_url(), &signed(|_, _, secret| *secret = "wrong"));
    assert_eq!(
        answer.json()["error"]["detail"],
        "Error signing in to Tableau Server"
    );
    for (version, hosting, status) in [
        ("3.16", Hosting::Server, 400),
        ("3.17", Hosting::Server, 200),
        ("3.16", Hosting::Cloud, 200),
    ] {
        let mut file = small();
        file.server.rest_version = version.to_owned();
        file.server.hosting = hosting;
        let running = start(file).await;
        let answer = sign_in(running.base_url(), &signed(|_, _, _| {}));
        assert_eq!(answer.status, status, "{version} {hosting:?} {answer:?}");
    }
}
