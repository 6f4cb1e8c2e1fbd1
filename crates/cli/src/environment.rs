//! Every environment variable that Tailwater reads, with what it means. `docs/reference/environment.md`
//! is made of this list.

use std::env;

/// A variable and its meaning.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does, as running text; what stands between backticks is to be typed.
    pub meaning: &'static str,
}

/// Names the configuration file.
pub const CONFIG: Variable = Variable {
    name: "TAILWATER_CONFIG",
    meaning: "The configuration file, when `--config` is not given. Without both, `tailwater.toml` is looked \
              for in the working directory and the directories above it.",
};

/// Holds the key that seals secrets.
pub const KEY: Variable = Variable {
    name: "TAILWATER_KEY",
    meaning: "The text of the key that seals secrets at rest. It wins over the key file, which is then \
              neither read nor made. Earlier keys may follow after a blank: they open what they have sealed.",
};

/// Chooses what is logged.
pub const LOG: Variable = Variable {
    name: "TAILWATER_LOG",
    meaning: "What is logged to standard error, as `LEVEL` or `MODULE=LEVEL,…`, for example \
              `tailwater_bi=debug`. It wins over `-v`.",
};

/// Says how dbt is called.
pub const DBT: Variable = Variable {
    name: "TAILWATER_DBT",
    meaning: "How dbt is called: the name that `tailwater run` looks for among the words of its command, such as \
              `dbtf`. Of several words the last counts. `dbt` when not set.",
};

/// The beginning of variables that stand for settings.
pub const PREFIX: &str = "TAILWATER_";

/// What stands between the parts of a setting's name.
pub const SEPARATOR: &str = "__";

/// `[store] url`.
pub const STORE_URL: Variable = Variable {
    name: "TAILWATER_STORE__URL",
    meaning: "Stands for `url` under `[store]`: `sqlite:PATH` or `postgres://…`. Keeps a database password out \
              of the file.",
};

/// `[security] key_file`.
pub const SECURITY_KEY_FILE: Variable = Variable {
    name: "TAILWATER_SECURITY__KEY_FILE",
    meaning: "Stands for `key_file` under `[security]`.",
};

/// `[http] ca_file`.
pub const HTTP_CA_FILE: Variable = Variable {
    name: "TAILWATER_HTTP__CA_FILE",
    meaning: "Stands for `ca_file` under `[http]`: a PEM file with certificate authorities that are trusted beside the \
              system's.",
};

/// `[http] proxy`.
pub const HTTP_PROXY_SETTING: Variable = Variable {
    name: "TAILWATER_HTTP__PROXY",
    meaning: "Stands for `proxy` under `[http]`: the proxy for calls to BI tools, perhaps with user and password. It wins \
              over `HTTPS_PROXY` and the like.",
};

/// Names a proxy.
pub const HTTPS_PROXY: Variable = Variable {
    name: "HTTPS_PROXY",
    meaning: "The proxy for calls to BI tools, likewise `HTTP_PROXY` and `ALL_PROXY`; in small letters too.",
};

/// Names what needs no proxy.
pub const NO_PROXY: Variable = Variable {
    name: "NO_PROXY",
    meaning: "Hosts that are called without a proxy, with commas between.",
};

/// Switches colour off.
pub const NO_COLOR: Variable = Variable {
    name: "NO_COLOR",
    meaning: "Set to anything but nothing, it switches colour off; `--color` wins over it.",
};

/// Names the terminal.
pub const TERM: Variable = Variable {
    name: "TERM",
    meaning: "`dumb` switches colour off; `--color` wins over it.",
};

/// Gives the width.
pub const COLUMNS: Variable = Variable {
    name: "COLUMNS",
    meaning: "The width of text in columns, where standard output is no terminal (otherwise 100).",
};

/// dbt's switch.
pub const DBT_ACTIVE_EXPOSURES: Variable = Variable {
    name: "DBT_ACTIVE_EXPOSURES",
    meaning: "`1` refreshes the extracts that stand on what dbt has built, `0` does not, where no policy says \
              otherwise.",
};

/// dbt's interval.
pub const DBT_ACTIVE_EXPOSURES_BUILD_AFTER: Variable = Variable {
    name: "DBT_ACTIVE_EXPOSURES_BUILD_AFTER",
    meaning: "The shortest time between two refreshes in minutes, where no policy says otherwise (otherwise 1440).",
};

/// Every variable, in the order in which the reference lists them.
pub const ALL: [Variable; 15] = [
    CONFIG,
    STORE_URL,
    SECURITY_KEY_FILE,
    KEY,
    DBT,
    LOG,
    HTTP_CA_FILE,
    HTTP_PROXY_SETTING,
    HTTPS_PROXY,
    NO_PROXY,
    NO_COLOR,
    TERM,
    COLUMNS,
    DBT_ACTIVE_EXPOSURES,
    DBT_ACTIVE_EXPOSURES_BUILD_AFTER,
];

/// The list as it stands at the end of `tailwater --help`.
pub fn to_help() -> String {
    let lines = ALL.map(|variable| format!("  {}\n          {}\n", variable.name, variable.meaning));
    format!("Environment variables:\n{}", lines.join("\n"))
}

/// The variable's text; `None` when it is not set, empty, or not Unicode.
pub fn text(variable: Variable) -> Option<String> {
    env::var(variable.name).ok().filter(|text| !text.is_empty())
}

/// One of dbt's own variables by its name.
pub fn dbt(name: &str) -> Option<String> {
    [DBT_ACTIVE_EXPOSURES, DBT_ACTIVE_EXPOSURES_BUILD_AFTER]
        .into_iter()
        .find(|variable| variable.name == name)
        .and_then(text)
}

/// Whether nothing in the environment speaks against colour (the convention of <https://no-color.org>).
pub fn allows_colour() -> bool {
    text(NO_COLOR).is_none() && text(TERM).is_none_or(|terminal| terminal != "dumb")
}

/// The width that the environment tells.
pub fn columns() -> Option<usize> {
    text(COLUMNS)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn the_reference_page_is_up_to_date() {
        let mut page = String::from(
            "# Environment variables\n\n\
             This page is generated: `UPDATE=1 cargo test -p tailwater` writes it anew.\n\n\
             | variable | meaning |\n| --- | --- |\n",
        );
        for variable in ALL {
            writeln!(page, "| `{}` | {} |", variable.name, variable.meaning).unwrap();
        }
        page.push_str(
            "\nEvery other setting of the [configuration](../configuration.md) can be given in the same way: \
             `TAILWATER_`, the section, two\nunderscores, the key. Secrets of tokens and connected apps come from whichever variable \
             the integration names with `token_secret_env` or `secret_env`.\n",
        );
        crate::reference::assert_page("reference/environment.md", &page);
    }
}
