//! Pages of lists (facts: default 100 rows, numbered from 1).

use super::{Element, Fault, Query};
use crate::switch::Switches;

/// Which rows of a list are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
    slip: Slip,
}

/// What goes wrong with a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slip {
    /// It holds the rows of the page before it.
    is_repeated: bool,
    /// It holds no rows.
    is_missing: bool,
    /// By how much the total that it tells is wrong.
    drift: i32,
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
        Ok(Self {
            number,
            size,
            slip: Slip::default(),
        })
    }

    /// The same page with what the switches do to it.
    pub(crate) fn slipped(mut self, switches: &Switches) -> Self {
        let is_this = |page: Option<u32>| page.is_some_and(|page| page as usize == self.number);
        self.slip = Slip {
            is_repeated: self.number > 1 && is_this(switches.repeated_page),
            is_missing: is_this(switches.missing_page),
            drift: if self.number > 1 { switches.total_drift } else { 0 },
        };
        self
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
            .with(
                "totalAvailable",
                (total as u64).saturating_add_signed(i64::from(self.slip.drift)),
            );
        let skipped = if self.slip.is_repeated {
            skipped - self.size
        } else {
            skipped
        };
        let taken = if self.slip.is_missing { 0 } else { self.size };
        Ok((pagination, rows.into_iter().skip(skipped).take(taken).collect()))
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
        let bounds = |query: &str| page(query).map(|page| (page.number, page.size));
        assert_eq!(bounds(""), Ok((1, 100)));
        assert_eq!(bounds("pageSize=1000&pageNumber=3"), Ok((3, 1_000)));
        assert_eq!(page("pageSize=1001"), Err(403_014));
        assert_eq!(page("pageSize=0"), Err(400_007));
        assert_eq!(page("pageNumber=x"), Err(400_006));
    }

    #[test]
    fn the_last_page_is_short_and_the_next_one_refused() {
        let rows: Vec<u8> = (0..5).collect();
        let page = |number| page(&format!("pageSize=2&pageNumber={number}")).unwrap();
        assert_eq!(page(3).cut(rows.clone()).unwrap().1, [4]);
        assert_eq!(page(4).cut(rows).unwrap_err().code, 400_006);
        assert!(page(1).cut(Vec::<u8>::new()).unwrap().1.is_empty());
    }

    #[test]
    fn pages_slip_as_the_switches_say() {
        let switches = Switches {
            repeated_page: Some(2),
            missing_page: Some(3),
            total_drift: -2,
            ..Switches::default()
        };
        let cut = |number: usize| {
            let page = page(&format!("pageSize=2&pageNumber={number}")).unwrap();
            let (pagination, rows) = page.slipped(&switches).cut((0..6).collect::<Vec<u8>>()).unwrap();
            (format!("{pagination:?}").contains('6'), rows)
        };
        assert_eq!(cut(1), (true, vec![0, 1]));
        assert_eq!(cut(2), (false, vec![0, 1]));
        assert_eq!(cut(3), (false, vec![]));
    }
}
