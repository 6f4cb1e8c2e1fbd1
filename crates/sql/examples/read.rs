//! Reads SQL from standard input and prints what it stands on, as JSON:
//! `cargo run -p tailwater-sql --example read -- snowflake < query.sql`.
//! With `--lines` every line is a statement of its own.

use std::io::Read;
use std::process::ExitCode;

use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, upstream};

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program to try the crate by hand"
)]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let dialect: Dialect = match arguments.next().as_deref().unwrap_or("generic").parse() {
        Ok(dialect) => dialect,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let by_line = arguments.next().as_deref() == Some("--lines");
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        eprintln!("cannot read standard input: {error}");
        return ExitCode::FAILURE;
    }
    let texts: Vec<&str> = if by_line {
        text.lines().filter(|line| !line.trim().is_empty()).collect()
    } else {
        vec![&text]
    };
    for sql in texts {
        let answer = upstream(&Request::new(sql, dialect));
        match serde_json::to_string(&answer) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("cannot write the answer: {error}"),
        }
    }
    ExitCode::SUCCESS
}
