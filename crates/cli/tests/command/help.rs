//! `--help` of every command, and the scripts for shells.

use rstest::rstest;

use crate::scene::{Scene, steadily};

#[rstest]
#[case("")]
#[case("init")]
#[case("doctor")]
#[case("project")]
#[case("project add")]
#[case("project list")]
#[case("project remove")]
#[case("integration")]
#[case("integration add")]
#[case("integration add tableau")]
#[case("integration test")]
#[case("integration list")]
#[case("integration show")]
#[case("integration remove")]
#[case("integration map")]
#[case("integration map add")]
#[case("integration map list")]
#[case("integration map remove")]
#[case("collections")]
#[case("collections main select")]
#[case("collections main unselect")]
#[case("sync")]
#[case("diff")]
#[case("exposures")]
#[case("explain")]
#[case("unmatched")]
#[case("lineage")]
#[case("export")]
#[case("user")]
#[case("user add")]
#[case("user list")]
#[case("user role")]
#[case("user password")]
#[case("user disable")]
#[case("user enable")]
#[case("user remove")]
#[case("user link")]
#[case("token")]
#[case("token create")]
#[case("token list")]
#[case("token revoke")]
#[case("audit")]
#[case("store")]
#[case("store check")]
#[case("store migrate")]
#[case("store copy")]
#[case("key")]
#[case("key rotate")]
#[case("sql")]
#[case("completions")]
fn help_explains_every_command(#[case] command: &str) {
    let scene = Scene::new();
    let mut arguments: Vec<&str> = command.split_whitespace().collect();
    arguments.push("-h");
    let help = scene.tell(&arguments);
    let name = format!("help {}", command.replace("main ", "")).replace(' ', "_");
    steadily(|| insta::assert_snapshot!(name.trim_end_matches('_'), help));
}

#[test]
fn the_version_is_told() {
    let told = Scene::new().tell(&["--version"]);
    assert_eq!(told, format!("tailwater {}\n", env!("CARGO_PKG_VERSION")));
}

#[rstest]
#[case("bash", "complete -F _tailwater")]
#[case("zsh", "#compdef tailwater")]
#[case("fish", "complete -c tailwater")]
#[case("powershell", "Register-ArgumentCompleter")]
#[case("elvish", "edit:completion")]
fn shells_learn_every_command(#[case] shell: &str, #[case] mark: &str) {
    let script = Scene::new().tell(&["completions", shell]);
    for wanted in [mark, "unmatched", "select", "jsonl"] {
        assert!(script.contains(wanted), "{shell}: {wanted}");
    }
}

#[test]
fn bash_can_read_its_script() {
    let scene = Scene::new();
    let script = scene.write("completion.bash", &scene.tell(&["completions", "bash"]));
    let checked = std::process::Command::new("bash").arg("-n").arg(script).status();
    assert!(checked.unwrap().success());
}
