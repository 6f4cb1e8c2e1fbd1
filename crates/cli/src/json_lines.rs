//! `tailwater sql --jsonl`: one JSON object a line in, one a line out, in the same order. Blank lines are skipped.
//!
//! Lines come and go through fixed buffers, so memory does not grow with their number. Answers are written
//! out whenever the next line is not there yet: a file goes through in large pieces, and a program that
//! sends a line and waits for its answer gets it.

mod question;

use std::io::{self, BufRead, BufReader, Read, Write};

use camino::Utf8Path;
use serde::Serialize;
use serde_json::Value;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, upstream};

use crate::error::Error;
use crate::escape::SafeJson;

/// A longer line is refused, so that a file which is no list of lines cannot fill the memory.
const LONGEST_LINE: usize = 64 << 20;
/// How much is read at once.
const BUFFER: usize = 1 << 16;
/// What some programs put in front of text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What holds for lines that do not say it themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Defaults<'a> {
    /// The dialect.
    pub dialect: Option<Dialect>,
    /// The database of names that have none.
    pub database: Option<&'a str>,
    /// The schema of names that have none.
    pub schema: Option<&'a str>,
}

/// The answer to a line that asks nothing; the same keys as [`tailwater_sql::JsonLine`].
#[derive(Debug, Serialize)]
struct Refusal<'a> {
    id: &'a Value,
    tables: [(); 0],
    columns: [(); 0],
    confidence: (),
    error: &'a str,
}

/// What was read.
enum Piece {
    /// A line, without its line break.
    Line,
    /// The beginning of a line that is longer than [`LONGEST_LINE`]; the rest was skipped.
    TooLong,
    /// Nothing is left.
    End,
}

/// Answers every line of `input`, which is called `path` in errors; says how many could not be read.
pub fn answer(
    path: &Utf8Path,
    input: impl Read,
    output: &mut impl Write,
    defaults: &Defaults<'_>,
) -> Result<usize, Error> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut line = Vec::new();
    let mut failed = 0;
    let mut is_first = true;
    loop {
        if !input.buffer().contains(&b'\n') {
            output.flush().map_err(Error::Output)?;
        }
        let piece = read_line(&mut input, &mut line).map_err(|source| Error::Input {
            path: path.to_owned(),
            source,
        })?;
        let is_answered = match piece {
            Piece::End => break,
            Piece::TooLong => {
                let id = question::id_of(&line);
                line = Vec::new();
                refuse(
                    &id,
                    &format!("the line is longer than {} MiB", LONGEST_LINE >> 20),
                    &mut *output,
                )
            }
            Piece::Line => {
                let text = match line.strip_prefix(BYTE_ORDER_MARK) {
                    Some(rest) if is_first => rest,
                    _ => &line,
                };
                if text.iter().all(u8::is_ascii_whitespace) {
                    Ok(true)
                } else {
                    answer_line(text, output, defaults)
                }
            }
        };
        is_first = false;
        failed += usize::from(!is_answered.map_err(Error::Output)?);
    }
    output.flush().map_err(Error::Output)?;
    Ok(failed)
}

/// Reads up to the next line break or the end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Piece> {
    line.clear();
    let limit = LONGEST_LINE as u64 + 1;
    if input.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(Piece::End);
    }
    if line.ends_with(b"\n") {
        line.pop();
        return Ok(Piece::Line);
    }
    if line.len() <= LONGEST_LINE {
        return Ok(Piece::Line);
    }
    input.skip_until(b'\n')?;
    Ok(Piece::TooLong)
}

/// Answers one line; says whether it asked something.
fn answer_line(line: &[u8], output: &mut impl Write, defaults: &Defaults<'_>) -> io::Result<bool> {
    let question = match question::read(line, defaults) {
        Ok(question) => question,
        Err(refused) => return refuse(&refused.id, &refused.why, output),
    };
    let found = upstream(&Request {
        sql: &question.sql,
        dialect: question.dialect,
        default_database: question.default_database.as_deref().or(defaults.database),
        default_schema: question.default_schema.as_deref().or(defaults.schema),
        known_columns: None,
    });
    write_line(&found.to_json_line(&question.id), output)?;
    Ok(true)
}

/// Answers a line that asks nothing.
fn refuse(id: &Value, why: &str, output: &mut impl Write) -> io::Result<bool> {
    let refusal = Refusal {
        id,
        tables: [],
        columns: [],
        confidence: (),
        error: why,
    };
    write_line(&refusal, output)?;
    Ok(false)
}

fn write_line(answer: &impl Serialize, output: &mut impl Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *output, SafeJson::compact());
    answer.serialize(&mut serializer)?;
    output.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn answers(input: &[u8]) -> (Vec<Value>, usize) {
        let mut output = Vec::new();
        let failed = answer("-".into(), input, &mut output, &Defaults::default()).unwrap();
        let text = String::from_utf8(output).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (lines.collect(), failed)
    }

    #[test]
    fn every_line_is_answered_in_order() {
        let input = json!({ "id": 1, "dialect": "postgres", "sql": "select o.a from s.orders o" }).to_string()
            + "\r\n"
            + &json!({ "id": "two", "dialect": "T-SQL", "sql": "select 1 from [t]", "default_db": "d", "default_schema": "s" })
                .to_string();
        let (lines, failed) = answers(input.as_bytes());
        assert_eq!(failed, 0);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["id"], 1);
        assert_eq!(lines[0]["tables"], json!(["s.orders"]));
        assert_eq!(
            lines[0]["columns"],
            json!([{ "name": "a", "sources": ["s.orders.a"] }])
        );
        assert_eq!(lines[0]["confidence"], "parsed");
        assert_eq!(lines[0]["error"], Value::Null);
        assert_eq!(lines[1]["id"], "two");
        assert_eq!(lines[1]["tables"], json!(["d.s.t"]));
    }

    #[rstest]
    #[case("nonsense", Value::Null, "not JSON")]
    #[case(
        "[1, \"duckdb\", \"select 1 from x.y\", null, null]",
        Value::Null,
        "not an object"
    )]
    #[case("{\"id\": {\"a\": 1}, \"dialect\": \"postgres\", \"sql\": 5}", json!({ "a": 1 }), "`sql` is a number")]
    fn a_line_that_asks_nothing_is_answered_too(#[case] line: &str, #[case] id: Value, #[case] why: &str) {
        let good = json!({ "id": 2, "dialect": "postgres", "sql": "select 1 from a.b" });
        let (lines, failed) = answers(format!("{line}\n{good}\n").as_bytes());
        assert_eq!(failed, 1);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["id"], id);
        assert!(lines[0]["error"].as_str().unwrap().contains(why), "{}", lines[0]);
        assert_eq!(lines[0]["tables"], json!([]));
        assert_eq!(lines[0]["confidence"], Value::Null);
        assert_eq!(lines[1]["tables"], json!(["a.b"]));
    }

    #[test]
    fn blank_lines_are_no_questions() {
        let good = json!({ "id": 2, "dialect": "postgres", "sql": "select 1 from a.b" });
        let (lines, failed) = answers(format!("\u{feff}\n\r\n{good}\n \t\r\n\n{good}\n\n").as_bytes());
        assert_eq!(failed, 0);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["id"], 2);
        assert_eq!(answers(b"\n\n"), (Vec::new(), 0));
    }

    #[test]
    fn broken_bytes_and_byte_order_marks_are_survived() {
        let mut input = BYTE_ORDER_MARK.to_vec();
        input.extend(br#"{"id":1,"dialect":"generic","sql":"select 1 from a.b"}"#);
        input.extend(b"\n{\"id\":2,\"dialect\":\"generic\",\"sql\":\"\xff\"}\n");
        let (lines, failed) = answers(&input);
        assert_eq!(failed, 1);
        assert_eq!(lines[0]["tables"], json!(["a.b"]));
        assert_eq!(lines[1]["id"], 2);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let mut input = io::Cursor::new(b"{\"id\": 7, \"sql\": \"")
            .chain(io::repeat(b' ').take(LONGEST_LINE as u64))
            .chain(&b"\n{}"[..]);
        let mut output = Vec::new();
        let failed = answer("-".into(), &mut input, &mut output, &Defaults::default()).unwrap();
        assert_eq!(failed, 2);
        let output = String::from_utf8(output).unwrap();
        assert!(output.starts_with("{\"id\":7,"), "{output}");
        assert!(output.contains("longer than 64 MiB"), "{output}");
    }

    #[test]
    fn who_waits_for_an_answer_gets_it_before_the_next_line() {
        /// Gives one line, and the next only when the answer to it has been written out.
        struct Asker<'a> {
            written: &'a std::cell::Cell<usize>,
            asked: usize,
        }
        impl Read for Asker<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert_eq!(self.written.get(), self.asked, "asked again without an answer");
                if self.asked == 3 {
                    return Ok(0);
                }
                self.asked += 1;
                let line = b"{}\n";
                buffer[..line.len()].copy_from_slice(line);
                Ok(line.len())
            }
        }
        struct Listener<'a>(&'a std::cell::Cell<usize>);
        impl Write for Listener<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
                self.0.set(self.0.get() + lines);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let written = std::cell::Cell::new(0);
        let asker = Asker {
            written: &written,
            asked: 0,
        };
        let mut output = io::BufWriter::new(Listener(&written));
        assert_eq!(
            answer("-".into(), asker, &mut output, &Defaults::default()).unwrap(),
            3
        );
    }
}
