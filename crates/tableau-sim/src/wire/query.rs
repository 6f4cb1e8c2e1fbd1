//! Query strings.

/// The parameters of a request's query string, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string; broken escapes stay as they are.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        });
        Self(pairs.collect())
    }

    /// The value of a parameter; the last one when given twice.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Undoes percent encoding, and in query strings `+` for a space.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = (byte == b'%')
            .then(|| {
                let mut ahead = rest.clone();
                let high = char::from(ahead.next()?).to_digit(16)?;
                let low = char::from(ahead.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()
            })
            .flatten();
        match escaped {
            Some(value) => {
                bytes.push(value);
                rest.next();
                rest.next();
            }
            None if byte == b'+' && plus_is_space => bytes.push(b' '),
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_own_encoding_is_read() {
        let query = Query::parse("sort=name%3Aasc&filter=projectName%3Aeq%3AMy+%26+Proj&pageNumber=1");
        assert_eq!(query.get("sort"), Some("name:asc"));
        assert_eq!(query.get("filter"), Some("projectName:eq:My & Proj"));
        assert_eq!(query.get("pageSize"), None);
    }

    #[test]
    fn broken_escapes_stay() {
        assert_eq!(decode("100%", true), "100%");
        assert_eq!(decode("%zz%4", true), "%zz%4");
    }
}
