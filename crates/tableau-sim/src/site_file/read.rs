//! Reading a site file.

use std::path::Path;

use super::SiteFile;
use crate::error::Error;

impl SiteFile {
    /// Reads a site file from text in TOML.
    ///
    /// # Errors
    /// [`Error::SiteFileSyntax`] with the line and what is wrong there.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|source| Error::SiteFileSyntax {
            source: Box::new(source),
        })
    }

    /// Reads a site file from disk.
    ///
    /// # Errors
    /// [`Error::SiteFileRead`] when it can not be read, [`Error::SiteFileSyntax`] when it is not a site file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::SiteFileRead {
            path: path.to_owned(),
            source,
        })?;
        Self::from_toml(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site_file::SheetEntry;

    #[test]
    fn the_example_site_is_readable() {
        let file = SiteFile::from_toml(include_str!("../../tests/sites/small.toml")).unwrap();
        assert_eq!(file.sites.len(), 2);
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let text = "[[site]]\n[[site.workbook]]\nname = \"A\"\nsheets = [{ nam = \"S\" }]\n";
        let message = SiteFile::from_toml(text).unwrap_err().to_string();
        assert!(message.contains("nam"), "{message}");
    }

    #[test]
    fn a_sheet_may_be_a_bare_name() {
        let text =
            "[[site]]\n[[site.workbook]]\nname = \"A\"\nsheets = [\"S\", { name = \"T\", hidden = true }]\n";
        let file = SiteFile::from_toml(text).unwrap();
        let sheets: Vec<_> = file.sites[0].workbooks[0]
            .sheets
            .iter()
            .map(SheetEntry::sheet)
            .collect();
        assert_eq!((sheets[0].name.as_str(), sheets[0].hidden), ("S", false));
        assert_eq!((sheets[1].name.as_str(), sheets[1].hidden), ("T", true));
    }

    #[test]
    fn the_smallest_site_of_the_manual_can_be_built() {
        let manual = include_str!("../../../../docs/tableau-simulator.md");
        let example = manual
            .split("```toml")
            .nth(1)
            .and_then(|rest| rest.split("```").next())
            .unwrap();
        let file = SiteFile::from_toml(example).unwrap();
        let site = crate::site::build::build(&file.sites[0], 1).unwrap();
        assert_eq!(site.workbooks.len(), 1);
    }
}
