//! A tiny HTTP client and a signed-in session, for tests over the wire.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use tailwater_tableau_sim::{Options, Running, Simulator, SiteFile};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The code in an error answer in JSON.
    pub fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Sends a request and reads the answer to its end.
pub fn send(base_url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(base_url.strip_prefix("http://").unwrap()).unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    request.extend(["Content-Length: ", &body.len().to_string(), "\r\n\r\n", body]);
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // A connection that is cut on purpose leaves what was read.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// A server with someone signed in.
pub struct Client {
    pub running: Running,
    pub token: String,
    pub site: String,
}

pub const NOON: &str = "2025-03-04T12:00:00Z";

/// Starts a server whose clock stands.
pub async fn start(file: SiteFile) -> Running {
    let options = Options {
        clock_stands_at: Some(NOON.parse().unwrap()),
        ..Options::default()
    };
    Simulator::start(file, options).await.unwrap()
}

pub fn small() -> SiteFile {
    SiteFile::from_toml(include_str!("../sites/small.toml")).unwrap()
}

impl Client {
    /// Starts a server and signs in to its first site with the token of that name and the secret
    /// `NAME-secret`.
    pub async fn start(file: SiteFile, token: &str) -> Self {
        let content_url = file.sites[0].content_url.clone();
        let running = start(file).await;
        let mut client = Self {
            running,
            token: String::new(),
            site: String::new(),
        };
        client.sign_in(&content_url, token);
        client
    }

    pub fn sign_in(&mut self, content_url: &str, token: &str) {
        let body = json!({"credentials": {
            "personalAccessTokenName": token,
            "personalAccessTokenSecret": format!("{token}-secret"),
            "site": {"contentUrl": content_url},
        }});
        let headers = [
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
        ];
        let answer = send(
            self.running.base_url(),
            "POST",
            "/api/3.25/auth/signin",
            &headers,
            &body.to_string(),
        );
        assert_eq!(answer.status, 200, "{answer:?}");
        let credentials = &answer.json()["credentials"];
        self.token = credentials["token"].as_str().unwrap().to_owned();
        self.site = credentials["site"]["id"].as_str().unwrap().to_owned();
    }

    /// Calls a route of the site and asks for JSON.
    pub fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = [
            ("X-Tableau-Auth", self.token.as_str()),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
        ];
        let path = format!("/api/3.25/sites/{}/{path}", self.site);
        send(self.running.base_url(), method, &path, &headers, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "")
    }

    /// Calls a route of the site without saying which form is wanted: XML.
    pub fn get_xml(&self, path: &str) -> Answer {
        let path = format!("/api/3.25/sites/{}/{path}", self.site);
        send(
            self.running.base_url(),
            "GET",
            &path,
            &[("X-Tableau-Auth", &self.token), ("Accept", "*/*")],
            "",
        )
    }

    /// Asks the Metadata API.
    pub fn ask(&self, body: &Value) -> Answer {
        let headers = [
            ("X-Tableau-Auth", self.token.as_str()),
            ("Content-Type", "application/json"),
        ];
        send(
            self.running.base_url(),
            "POST",
            "/api/metadata/graphql",
            &headers,
            &body.to_string(),
        )
    }

    /// The whole answer to a query.
    pub fn query(&self, query: &str) -> Value {
        self.ask(&json!({"query": query, "variables": null})).json()
    }

    /// The data of a query that must have no errors.
    pub fn data(&self, query: &str) -> Value {
        let answer = self.query(query);
        assert!(answer.get("errors").is_none(), "{}", answer["errors"]);
        answer["data"].clone()
    }

    /// The codes of the errors of a query.
    pub fn codes(&self, query: &str) -> Vec<String> {
        let answer = self.query(query);
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| {
                error["extensions"]["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }
}
