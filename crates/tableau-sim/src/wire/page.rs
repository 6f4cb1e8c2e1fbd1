//! Pages of lists (facts: default 100 rows, numbered from 1).

use super::{Element, Fault, Query};

/// Which rows of a list are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

impl Page {
    /// Reads `pageNumber` and `pageSize`.
    ///
    /// # Errors
    /// 400006 and 400007 for values that are no counts, 403014 above the maximum size.
    pub(crate) fn of(query: &Query, size_max: u32) -> Result<Self, Fault> {
        let number = match query.get("pageNumber") {
            None => 1,
            Some(text) => text.parse().ok().filter(|&number| number >= 1).ok_or_else(|| {
                Fault::bad_request(
                    400_006,
                    format!("Page number '{text}' is not a positive whole number."),
                )
            })?,
        };
        let size = match query.get("pageSize") {
            None => 100.min(size_max as usize),
            Some(text) => text.parse().ok().filter(|&size| size >= 1).ok_or_else(|| {
                Fault::bad_request(
                    400_007,
                    format!("Page size '{text}' is not a positive whole number."),
                )
            })?,
        };
        if size > size_max as usize {
            return Err(Fault::forbidden(
                403_014,
                format!("Page size {size} is larger than the maximum of {size_max}."),
            ));
        }
        Ok(Self { number, size })
    }

    /// Cuts the page out of all rows, and says which page it is.
    ///
    /// # Errors
    /// 400006 for a page beyond the end.
    pub(crate) fn cut<T>(self, rows: Vec<T>) -> Result<(Element, Vec<T>), Fault> {
        let total = rows.len();
        let skipped = (self.number - 1).saturating_mul(self.size);
        if skipped > 0 && skipped >= total {
            return Err(Fault::bad_request(
                400_006,
                format!("Page number {} is beyond the last page.", self.number),
            ));
        }
        let pagination = Element::new("pagination")
            .with("pageNumber", self.number as u64)
            .with("pageSize", self.size as u64)
            .with("totalAvailable", total as u64);
        Ok((
            pagination,
            rows.into_iter().skip(skipped).take(self.size).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<Page, u32> {
        Page::of(&Query::parse(query), 1_000).map_err(|fault| fault.code)
    }

    #[test]
    fn bounds_have_their_own_codes() {
        assert_eq!(page(""), Ok(Page { number: 1, size: 100 }));
        assert_eq!(
            page("pageSize=1000&pageNumber=3"),
            Ok(Page {
                number: 3,
                size: 1_000
            })
        );
        assert_eq!(page("pageSize=1001"), Err(403_014));
        assert_eq!(page("pageSize=0"), Err(400_007));
        assert_eq!(page("pageNumber=x"), Err(400_006));
    }

    #[test]
    fn the_last_page_is_short_and_the_next_one_refused() {
        let rows: Vec<u8> = (0..5).collect();
        let page = |number| Page { number, size: 2 };
        assert_eq!(page(3).cut(rows.clone()).unwrap().1, [4]);
        assert_eq!(page(4).cut(rows).unwrap_err().code, 400_006);
        assert!(page(1).cut(Vec::<u8>::new()).unwrap().1.is_empty());
    }
}
