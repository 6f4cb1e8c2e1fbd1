//! Pictures of lineage: the rules are [`tailwater_core::picture`]'s, the catalog says what is known.

use tailwater_core::picture::{self, Picture, PictureQuery, Surroundings};

use super::model::Catalog;
use crate::error::Error;

impl Catalog {
    /// What is drawn for a question: the one answer from which graph, table, CSV and SVG are made. Takes up to
    /// some tenths of a second for tens of thousands of resources; no place for an async thread.
    ///
    /// # Errors
    /// A selector that cannot be read or finds nothing, a focus that is not there.
    pub fn picture(&self, query: &PictureQuery) -> Result<Picture, Error> {
        let universe = self.universe();
        let ids = self.graph().ids();
        let exposure_at = |position: usize| self.exposure_at.get(&position).copied();
        let surroundings = Surroundings {
            health: &|position| {
                self.health
                    .get(position)
                    .map(|health| health.state)
                    .unwrap_or_default()
            },
            state: &|position| self.states.get(ids.get(position)?),
            exposure: &|position| self.exposures.get(exposure_at(position)?),
            refresh: &|position| self.refreshes.get(exposure_at(position)?),
            inventory: &|name| Some(self.integration(name.as_str())?.inventory()),
            now: self.built_at,
        };
        Ok(picture::draw(query, &universe, &surroundings)?)
    }
}
