//! The same answer as CSV (RFC 4180): one line a node, with the ids of what it reads and what reads it.

use super::Picture;

impl Picture {
    /// The lines, ended by CR and LF; the first has the names of the columns.
    pub fn to_csv(&self) -> String {
        let mut text = format!(
            "id,name,kind,health,{},tool,members,reads,read_by\r\n",
            cell(self.lens.name)
        );
        let ids = |places: &[usize]| {
            let ids: Vec<&str> = places.iter().map(|&at| self.nodes.id[at].as_str()).collect();
            ids.join(" ")
        };
        for row in self.rows() {
            let cells = [
                cell(row.id),
                cell(row.name),
                cell(row.kind),
                cell(row.health),
                cell(row.lens),
                cell(row.tool.unwrap_or_default()),
                row.members.to_string(),
                cell(&ids(&row.upstream)),
                cell(&ids(&row.downstream)),
            ];
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        text
    }
}

/// A cell, quoted where it must be. What a spreadsheet would take for a formula gets an apostrophe in front:
/// names come from outside.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        assert_eq!(cell("a"), "a");
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("+7 models"), "'+7 models");
    }
}
