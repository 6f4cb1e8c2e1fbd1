//! The last pictures that were drawn.
//!
//! A page of the lineage and its canvas ask one question right after the other, and so do the files beside them. A
//! picture of thousands of nodes takes a tenth of a second, so it is drawn once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tailwater_core::picture::Picture;

/// So many are kept: as many people as look at once. The largest weigh a few megabytes.
const KEPT: usize = 8;

/// The last pictures, by what changes whenever the answer may.
#[derive(Debug, Default)]
pub struct Pictures {
    last: Mutex<VecDeque<(String, Arc<Picture>)>>,
}

impl Pictures {
    /// The picture of this question, when it is one of the last.
    pub fn find(&self, key: &str) -> Option<Arc<Picture>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, picture) = last.iter().find(|(known, _)| known == key)?;
        Some(Arc::clone(picture))
    }

    /// Keeps a picture in the place of the oldest.
    pub fn keep(&self, key: String, picture: Arc<Picture>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|(known, _)| *known != key);
        last.truncate(KEPT - 1);
        last.push_front((key, picture));
    }
}

#[cfg(test)]
mod tests {
    use tailwater_core::picture::{PictureQuery, draw};

    use super::*;

    /// What is drawn matters nothing here.
    fn picture() -> Arc<Picture> {
        let universe = tailwater_core::selector::Universe::new([], []);
        let surroundings = tailwater_core::picture::Surroundings {
            health: &|_| tailwater_core::health::HealthState::Unknown,
            state: &|_| None,
            exposure: &|_| None,
            refresh: &|_| None,
            inventory: &|_| None,
            now: chrono::DateTime::UNIX_EPOCH,
        };
        Arc::new(draw(&PictureQuery::default(), &universe, &surroundings).unwrap())
    }

    #[test]
    fn the_last_are_kept_and_the_oldest_goes() {
        let pictures = Pictures::default();
        let kept = picture();
        pictures.keep("0".to_owned(), Arc::clone(&kept));
        assert!(Arc::ptr_eq(&pictures.find("0").unwrap(), &kept));
        for number in 1..KEPT {
            pictures.keep(number.to_string(), Arc::clone(&kept));
        }
        assert!(pictures.find("0").is_some());
        pictures.keep("one more".to_owned(), kept);
        assert!(pictures.find("0").is_none() && pictures.find("1").is_some());
    }
}
