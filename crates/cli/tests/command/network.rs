//! The way to a BI site by the real binary: certificate authorities, proxies, limits, by file and by environment.

use std::net::SocketAddr;

use tailwater_tableau_sim::{Certificate, Flaw, Options, Proxy, ProxyOptions, Running, Simulator, SiteFile};

use crate::scene::{Ended, SECRET, SECRET_VARIABLE, Scene, demo};

/// What nobody is to see.
const PASSWORD: &str = "proxy-p@ss-93c1";
const IN_ADDRESS: &str = "ann:proxy-p%40ss-93c1@";

/// A simulated site that speaks TLS as this machine and as `tableau.example`, with the file of its authority.
async fn secured(scene: &Scene, flaw: Option<Flaw>) -> Running {
    let certificate = Certificate::make(&["tableau.example"], flaw).unwrap();
    scene.write("ca.pem", certificate.authority_pem().unwrap());
    let options = Options {
        tls: Some(certificate),
        ..Options::default()
    };
    let file = SiteFile::load(&demo().join("site.toml")).unwrap();
    Simulator::start(file, options).await.unwrap()
}

fn address(running: &Running) -> SocketAddr {
    running.base_url().split_once("://").unwrap().1.parse().unwrap()
}

fn scene() -> Scene {
    Scene::new().with_variable(SECRET_VARIABLE, SECRET)
}

fn declare(scene: &Scene, server: &str, more: &str) {
    let text = format!(
        "{more}\n[[integration]]\nname = \"main\"\nserver = {server:?}\nsite = \"shop\"\ntoken_name = \"tailwater\"\n\
         token_secret_env = \"{SECRET_VARIABLE}\"\ncollections = [\"**\"]\n"
    );
    scene.write("tailwater.toml", &text);
}

/// Runs a command with everything logged, and sees that the proxy's password is nowhere.
fn run(scene: &Scene, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = scene.command(arguments);
    command.env("TAILWATER_LOG", "trace");
    command.envs(variables.iter().copied());
    let ended = Ended::of(command);
    for text in [&ended.output, &ended.complaints] {
        assert!(!text.contains(PASSWORD) && !text.contains("p%40ss"), "{ended:#?}");
    }
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_ones_own_is_named_in_the_file_or_the_environment() {
    let scene = scene();
    let site = secured(&scene, None).await;
    declare(&scene, site.base_url(), "");
    let ended = run(&scene, &["collections", "main", "--json"], &[]);
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    let told = ended.error();
    assert_eq!(told["code"], "TW-HTTP-TLS");
    assert!(told["hint"].as_str().unwrap().contains("`ca_file`"), "{told}");
    let tested = run(&scene, &["integration", "test", "main"], &[]);
    assert_eq!(tested.code, Some(1));
    assert!(tested.output.contains("ca_file"), "{tested:#?}");

    let by_environment = [("TAILWATER_HTTP__CA_FILE", "ca.pem")];
    let ended = run(&scene, &["integration", "test", "main"], &by_environment);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    // The path starts where the file is.
    declare(&scene, site.base_url(), "[http]\nca_file = \"ca.pem\"\n");
    let ended = run(&scene, &["collections", "main", "--json"], &[]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    declare(&scene, site.base_url(), "[http]\nca_file = \"none.pem\"\n");
    let ended = run(&scene, &["collections", "main", "--json"], &[]);
    let told = ended.error();
    assert_eq!(told["code"], "TW-HTTP-SETUP");
    assert!(told["message"].as_str().unwrap().contains("none.pem"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_told_as_such() {
    let scene = scene();
    let site = secured(&scene, Some(Flaw::Expired)).await;
    declare(&scene, site.base_url(), "[http]\nca_file = \"ca.pem\"\n");
    let told = run(&scene, &["collections", "main", "--json"], &[]).error();
    assert_eq!(told["code"], "TW-HTTP-TLS");
    assert!(
        told["message"].as_str().unwrap().contains("has expired"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_goes_through_a_proxy_of_the_file_or_of_the_environment() {
    let scene = scene();
    let site = secured(&scene, None).await;
    let options = ProxyOptions {
        password: Some(("ann".to_owned(), PASSWORD.to_owned())),
        ..ProxyOptions::default()
    };
    let proxy = Proxy::start(address(&site), options).await.unwrap();
    let through = format!("http://{IN_ADDRESS}{}", proxy.address());
    let test = ["integration", "test", "main"];
    let ca = "[http]\nca_file = \"ca.pem\"\n";
    declare(&scene, "https://tableau.example", ca);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "TAILWATER_HTTP__PROXY"] {
        let passed = proxy.passed();
        let ended = run(&scene, &test, &[(name, &through)]);
        assert_eq!(ended.code, Some(0), "{name}: {ended:#?}");
        assert!(proxy.passed() > passed, "{name}");
    }
    declare(
        &scene,
        "https://tableau.example",
        &format!("{ca}proxy = {through:?}\n"),
    );
    assert_eq!(run(&scene, &test, &[]).code, Some(0));
    let shown = run(&scene, &["integration", "show", "main", "--json"], &[]);
    assert_eq!(shown.code, Some(0), "{shown:#?}");

    // Without the proxy nobody knows the name.
    declare(&scene, "https://tableau.example", ca);
    let passed = proxy.passed();
    let list = ["collections", "main", "--json"];
    let exempt = [("HTTPS_PROXY", through.as_str()), ("NO_PROXY", "tableau.example")];
    assert_eq!(run(&scene, &list, &exempt).error()["code"], "TW-HTTP-UNREACHABLE");
    assert_eq!(proxy.passed(), passed);

    let wrong = format!("http://ann:nothing@{}", proxy.address());
    let told = run(&scene, &list, &[("HTTPS_PROXY", &wrong)]).error();
    assert_eq!(told["code"], "TW-HTTP-PROXY", "{told}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains(&proxy.address().to_string()), "{told}");
    assert!(
        message.contains("user and a password") && !message.contains("nothing"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_set_in_the_file_and_named_when_they_are_reached() {
    let scene = scene();
    let file = SiteFile::load(&demo().join("site.toml")).unwrap();
    let site = Simulator::start(file, Options::default()).await.unwrap();
    site.set_switches(|switches| switches.delay_milliseconds = 600_000);
    declare(&scene, site.base_url(), "[http]\nread_timeout_seconds = 1\n");
    let told = run(&scene, &["collections", "main", "--json"], &[]).error();
    assert_eq!(told["code"], "TW-HTTP-TIMEOUT", "{told}");
    assert!(
        told["message"].as_str().unwrap().contains("nothing came for 1 s"),
        "{told}"
    );
    let all = [
        ("TAILWATER_HTTP__TOTAL_TIMEOUT_SECONDS", "1"),
        ("TAILWATER_HTTP__READ_TIMEOUT_SECONDS", "600"),
    ];
    let told = run(&scene, &["collections", "main", "--json"], &all).error();
    assert!(
        told["message"].as_str().unwrap().contains("not over after 1 s"),
        "{told}"
    );
    assert!(
        told["hint"].as_str().unwrap().contains("`total_timeout_seconds`"),
        "{told}"
    );

    for (wrong, words) in [
        ("read_timeout_seconds = 0", "1 to 3600"),
        ("proxy = \"ftp://ann:secret-93c1@h\"", "no address of a proxy"),
        ("read_timeout = 3", "there is no key `read_timeout`"),
    ] {
        declare(&scene, site.base_url(), &format!("[http]\n{wrong}\n"));
        let ended = run(&scene, &["integration", "list", "--json"], &[]);
        assert_eq!(ended.code, Some(2), "{wrong}: {ended:#?}");
        let told = ended.error();
        assert!(told["message"].as_str().unwrap().contains(words), "{told}");
        assert!(!ended.complaints.contains("secret-93c1"), "{ended:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_added_by_command_has_a_way_of_its_own() {
    let scene = scene();
    let site = secured(&scene, None).await;
    let proxy = Proxy::start(address(&site), ProxyOptions::default())
        .await
        .unwrap();
    let through = format!("http://{}", proxy.address());
    let add = |more: &[&str]| {
        let site = ["--name=main", "--server=https://tableau.example", "--site=shop"];
        let sign_in = ["--token-name=tailwater", "--secret-env", SECRET_VARIABLE];
        let arguments = [
            &["integration", "add", "tableau", "--json"],
            &site[..],
            &sign_in,
            more,
        ]
        .concat();
        run(&scene, &arguments, &[])
    };
    // What cannot be used is told before anything is registered, and a password is not repeated.
    let with_password = format!("--proxy=http://{IN_ADDRESS}{}", proxy.address());
    for (more, code, words) in [
        ("--ca-file=none.pem", "TW-HTTP-SETUP", "none.pem"),
        (with_password.as_str(), "TW-CLI-USAGE", "a user or a password"),
        ("--proxy=ftp://proxy", "TW-CLI-USAGE", "no address of a proxy"),
    ] {
        let ended = add(&[more]);
        assert_eq!(ended.code, Some(2), "{ended:#?}");
        let told = ended.error();
        assert_eq!(told["code"], code, "{told}");
        assert!(told["message"].as_str().unwrap().contains(words), "{told}");
    }
    let ended = add(&[
        "--ca-file=ca.pem",
        "--proxy",
        &through,
        "--no-proxy=intern.example",
    ]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let shown = run(&scene, &["integration", "show", "main"], &[]);
    for part in ["ca.pem", &through, "intern.example"] {
        assert!(shown.output.contains(part), "{shown:#?}");
    }
    // Another directory than that of the command; what is said for all is overruled.
    let elsewhere = scene.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    scene.write("tailwater.toml", "[http]\nproxy = \"http://127.0.0.1:9\"\n");
    let mut command = scene.command(&["integration", "test", "main"]);
    command.current_dir(&elsewhere);
    let ended = Ended::of(command);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(proxy.passed() > 0);
}
