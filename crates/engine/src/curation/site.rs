//! Bringing in a workbook that stands outside the selected collections, which only the site knows.

use std::time::Duration;

use tailwater_bi::AssetTitle;
use tailwater_core::curation::{Change, Choice, KnownAs, Presence, checked_note};
use tailwater_core::id::IntegrationName;
use tailwater_core::manual::normalized_url;
use tailwater_core::relation::fold;
use tailwater_core::selection::join_path;

use super::CuratedAsset;
use super::change::{Target, permitted};
use super::error::CurateError;
use super::subject::MOST_NEAR;
use crate::account::Actor;
use crate::error::Error;
use crate::explain::nearest;
use crate::integration::connector_of;
use crate::session::Use;
use crate::workspace::Workspace;

impl Workspace {
    /// Every workbook that the integration's token can see, imported or not. Asks the site.
    pub async fn site_workbooks(&self, name: &IntegrationName) -> Result<Vec<AssetTitle>, Error> {
        let integration = self.find_integration(name).await?;
        let session = self.enter(&integration, Use::Calls, Duration::ZERO).await?;
        let connector = connector_of(&session)?;
        let titles = session.run(async { Ok(connector.fetch_titles().await?) }).await;
        session.leave(Duration::ZERO).await;
        titles
    }

    /// Brings in a single workbook of the site, whatever collection it stands in. `subject` is its name, its
    /// place and name, its address or its LUID. The next sync imports it.
    pub async fn bring_in(
        &self,
        name: &IntegrationName,
        subject: &str,
        note: Option<&str>,
        actor: &Actor,
    ) -> Result<CuratedAsset, Error> {
        let by = permitted(actor)?;
        let note = checked_note(note).map_err(CurateError::from)?;
        let titles = self.site_workbooks(name).await?;
        let title = find_title(name, &titles, subject.trim())?;
        let before = self.curation_of(name, &title.id).await?;
        let stored = self.store().find_exposure_of(name, &title.id).await?;
        let is_imported = stored.as_ref().is_some_and(|row| row.gone_at.is_none());
        if is_imported && !before.is_left_out() {
            return Err(CurateError::AlreadyImported {
                integration: name.clone(),
                label: title.name.clone(),
            }
            .into());
        }
        let presence = Presence {
            choice: Choice::BroughtIn,
            was_brought_in: false,
            by,
            at: self.clock().now(),
            note,
            known_as: KnownAs {
                unique_id: stored.map(|row| row.exposure.unique_id),
                label: title.name.clone(),
                collection_path: Some(join_path(&title.collection_path)),
                url: title.url.clone(),
            },
        };
        let target = Target {
            integration: name,
            asset: title.id.clone(),
        };
        let changes = [Change::Presence(Some(presence))];
        self.change(target, before, &changes, (actor, "exposure.bring-in"))
            .await
    }
}

/// What is more exact wins: id or address, then place and name, then the name alone.
fn find_title<'t>(
    integration: &IntegrationName,
    titles: &'t [AssetTitle],
    text: &str,
) -> Result<&'t AssetTitle, CurateError> {
    let (folded, address) = (fold(text), normalized_url(text));
    let place = |title: &AssetTitle| {
        let mut path = title.collection_path.clone();
        path.push(title.name.clone());
        join_path(&path)
    };
    let is_address = |title: &AssetTitle| {
        text.contains("://") && title.url.as_deref().map(normalized_url).as_ref() == Some(&address)
    };
    let ways: [&dyn Fn(&AssetTitle) -> bool; 4] = [
        &|title| title.id.as_str() == text || is_address(title),
        &|title| place(title) == text,
        &|title| title.name == text,
        &|title| fold(&title.name) == folded,
    ];
    for is_meant in ways {
        let meant: Vec<&AssetTitle> = titles.iter().filter(|title| is_meant(title)).collect();
        match meant.as_slice() {
            [] => {}
            [title] => return Ok(title),
            several => {
                return Err(CurateError::AmbiguousWorkbook {
                    integration: integration.clone(),
                    subject: text.to_owned(),
                    candidates: several
                        .iter()
                        .map(|title| format!("{} ({})", title.id, place(title)))
                        .collect(),
                });
            }
        }
    }
    let names = titles.iter().map(|title| title.name.clone());
    Err(CurateError::UnknownWorkbook {
        integration: integration.clone(),
        subject: text.to_owned(),
        nearest: nearest(text, names, MOST_NEAR),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(id: &str, path: &[&str], name: &str) -> AssetTitle {
        AssetTitle {
            id: id.into(),
            name: name.to_owned(),
            collection_path: path.iter().map(|part| (*part).to_owned()).collect(),
            url: Some(format!("https://bi.example/#/site/acme/workbooks/{id}")),
        }
    }

    #[test]
    fn a_workbook_is_found_by_what_people_have_at_hand() {
        let titles = [
            title("1", &["Finance"], "Board"),
            title("2", &["Sales"], "Board"),
            title("3", &["Sales"], "Weekly"),
        ];
        let found = |text: &str| find_title(&"main".into(), &titles, text).map(|title| title.id.to_string());
        assert_eq!(found("2").as_deref(), Ok("2"));
        assert_eq!(
            found("https://BI.example/#/site/acme/workbooks/3/views").as_deref(),
            Ok("3")
        );
        assert_eq!(found("Finance/Board").as_deref(), Ok("1"));
        assert_eq!(found("weekly").as_deref(), Ok("3"));
        assert!(matches!(
            found("Board"),
            Err(CurateError::AmbiguousWorkbook { .. })
        ));
        let Err(CurateError::UnknownWorkbook { nearest, .. }) = found("Weeklyy") else {
            panic!("found")
        };
        assert_eq!(nearest, ["Weekly"]);
    }
}
