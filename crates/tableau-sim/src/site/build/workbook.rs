//! Workbooks and their views.

use super::super::graph::Parameter;
use super::super::{Kind, Ref, Schedule, View, ViewKind, Workbook};
use super::builder::{Builder, freshness, next_index, reference, url_name};
use super::datasource::Home;
use crate::error::Error;
use crate::site_file::{self, DashboardEntry, Sheet, SheetEntry};

impl Builder {
    pub(super) fn add_workbooks(&mut self, file: &site_file::Site) -> Result<(), Error> {
        for entry in &file.workbooks {
            self.add_workbook(entry)?;
        }
        Ok(())
    }

    fn add_workbook(&mut self, entry: &site_file::Workbook) -> Result<(), Error> {
        let subject = format!("workbook `{}`", entry.name);
        if entry.name.is_empty() {
            return Err(self.wrong("a workbook", "has no name"));
        }
        let owner = self.user(&subject, entry.owner.as_deref())?;
        let project = match (entry.personal_space, &entry.project) {
            (true, Some(_)) => {
                return Err(self.wrong(subject, "is both in a project and in a personal space"));
            }
            (true, None) => None,
            (false, path) => Some(self.project(&subject, path.as_ref())?),
        };
        // A personal space is its owner's; a project is one whoever owns what lies in it.
        let place = (
            project,
            if project.is_none() { owner } else { 0 },
            entry.name.clone(),
        );
        if !self.workbook_names.insert(place) {
            return Err(self.wrong(subject, "its project has two workbooks of that name"));
        }
        let luid = self.luid(&subject, entry.luid.as_deref())?;
        let audience = self.audience(&subject, &entry.hidden_from)?;
        let tags = self.tags(&entry.tags);
        let schedule = self.schedule(entry.schedule.as_ref());
        let home = project.map_or_else(
            || format!("~{owner}"),
            |project| self.site.project_path(project).join("\u{0}"),
        );
        let path = format!("{home}\u{0}\u{0}{}", entry.name);
        let mut identity = self.naming.identify("workbook", &path, luid);
        identity.number = entry.vizportal_url_id.unwrap_or(identity.number);
        let content_url = self.content_url("workbook", &entry.name, entry.content_url.as_deref());
        let index = next_index(&self.site.workbooks);
        let times = freshness(entry.created_at, entry.updated_at);
        self.site.workbooks.push(Workbook {
            identity,
            name: entry.name.clone(),
            description: entry.description.clone(),
            content_url,
            project,
            owner,
            tags,
            freshness: times,
            size: entry.size,
            views: Vec::new(),
            datasources: Vec::new(),
            parameters: Vec::new(),
            audience,
            refresh: entry.refresh.clone(),
            schedule,
            in_index: entry.indexed,
            in_rest: !entry.stale,
            null_elements: entry.null_elements.clone(),
        });
        for datasource in &entry.datasources {
            let path = format!("{path}\u{0}{}", datasource.name.as_deref().unwrap_or_default());
            let added =
                self.add_datasource(&subject, Home::Workbook(index), &path, None, datasource, times)?;
            self.site.workbooks[index as usize].datasources.push(added);
        }
        for name in &entry.parameters {
            let parameter = next_index(&self.site.parameters);
            let identity = self
                .naming
                .identify("parameter", &format!("{path}\u{0}{name}"), None);
            self.site.parameters.push(Parameter {
                identity,
                name: name.clone(),
                workbook: index,
            });
            self.site.workbooks[index as usize].parameters.push(parameter);
        }
        self.add_sheets(&subject, index, &path, &entry.sheets)?;
        self.add_dashboards(&subject, index, &path, &entry.dashboards, ViewKind::Dashboard)?;
        self.add_dashboards(&subject, index, &path, &entry.stories, ViewKind::Story)
    }

    fn add_sheets(
        &mut self,
        subject: &str,
        workbook: u32,
        path: &str,
        entries: &[SheetEntry],
    ) -> Result<(), Error> {
        let default = [SheetEntry::Name("Sheet 1".to_owned())];
        let entries = if entries.is_empty() { &default } else { entries };
        for sheet in entries.iter().map(SheetEntry::sheet) {
            let datasources = self.sheet_datasources(subject, workbook, &sheet)?;
            let (fields, tables) = self.sheet_uses(subject, &datasources, &sheet)?;
            let tags = self.tags(&sheet.tags);
            let mut view = self.view(workbook, path, ViewKind::Sheet, &sheet.name);
            view.hidden = sheet.hidden;
            view.usage = sheet.usage;
            view.tags = tags;
            view.fields = fields;
            view.tables = tables;
            view.datasources = datasources;
            self.push_view(view);
        }
        Ok(())
    }

    fn sheet_datasources(&self, subject: &str, workbook: u32, sheet: &Sheet) -> Result<Vec<u32>, Error> {
        let all = &self.site.workbooks[workbook as usize].datasources;
        let Some(names) = &sheet.datasources else {
            return Ok(all.clone());
        };
        names
            .iter()
            .map(|name| {
                let found = all
                    .iter()
                    .copied()
                    .find(|&index| self.site.datasources[index as usize].name == *name);
                found.ok_or_else(|| {
                    self.wrong(
                        subject,
                        format!("the sheet `{}` uses no data source `{name}`", sheet.name),
                    )
                })
            })
            .collect()
    }

    /// The fields a sheet uses and, when it names none and so uses everything, the tables as well.
    fn sheet_uses(
        &self,
        subject: &str,
        datasources: &[u32],
        sheet: &Sheet,
    ) -> Result<(Vec<u32>, Vec<Ref>), Error> {
        if let Some(names) = &sheet.fields {
            let mut fields = Vec::new();
            for name in names {
                let found = datasources
                    .iter()
                    .find_map(|&datasource| self.field_called(datasource, name));
                fields.push(found.ok_or_else(|| {
                    self.wrong(
                        subject,
                        format!("the sheet `{}` uses no known field `{name}`", sheet.name),
                    )
                })?);
            }
            return Ok((fields, Vec::new()));
        }
        let (mut fields, mut tables) = (Vec::new(), Vec::new());
        for &index in datasources {
            let datasource = &self.site.datasources[index as usize];
            fields.extend_from_slice(&datasource.fields);
            let connected = datasource
                .parent
                .map_or(datasource, |parent| &self.site.datasources[parent as usize]);
            if connected.lists_tables {
                let lists = [
                    (Kind::Table, &connected.tables),
                    (Kind::CustomSql, &connected.queries),
                    (Kind::VirtualTable, &connected.virtual_tables),
                ];
                for (kind, list) in lists {
                    tables.extend(list.iter().map(|&table| reference(kind, table)));
                }
            }
        }
        Ok((fields, tables))
    }

    fn add_dashboards(
        &mut self,
        subject: &str,
        workbook: u32,
        path: &str,
        entries: &[DashboardEntry],
        kind: ViewKind,
    ) -> Result<(), Error> {
        for dashboard in entries.iter().map(DashboardEntry::dashboard) {
            let all: Vec<u32> = self.site.views_of(workbook, ViewKind::Sheet).collect();
            let sheets = match &dashboard.sheets {
                None => all,
                Some(names) => names
                    .iter()
                    .map(|name| {
                        let found = all
                            .iter()
                            .copied()
                            .find(|&view| self.site.views[view as usize].name == *name);
                        found.ok_or_else(|| {
                            self.wrong(subject, format!("`{}` shows no sheet `{name}`", dashboard.name))
                        })
                    })
                    .collect::<Result<_, _>>()?,
            };
            let tags = self.tags(&dashboard.tags);
            let mut view = self.view(workbook, path, kind, &dashboard.name);
            view.hidden = dashboard.hidden;
            view.usage = dashboard.usage;
            view.tags = tags;
            view.sheets = sheets;
            self.push_view(view);
        }
        Ok(())
    }

    fn view(&mut self, workbook: u32, path: &str, kind: ViewKind, name: &str) -> View {
        let identity = self.naming.identify("view", &format!("{path}\u{0}{name}"), None);
        let views = &self.site.workbooks[workbook as usize].views;
        let base = url_name(name);
        let taken = views
            .iter()
            .filter(|&&view| self.site.views[view as usize].url_name == base)
            .count();
        View {
            identity,
            kind,
            workbook,
            name: name.to_owned(),
            url_name: if taken == 0 {
                base
            } else {
                format!("{base}_{taken}")
            },
            hidden: false,
            usage: 0,
            tags: Vec::new(),
            position: next_index(views),
            fields: Vec::new(),
            tables: Vec::new(),
            datasources: Vec::new(),
            sheets: Vec::new(),
        }
    }

    fn push_view(&mut self, view: View) {
        let index = next_index(&self.site.views);
        self.site.workbooks[view.workbook as usize].views.push(index);
        self.site.views.push(view);
    }

    /// A schedule with its task.
    pub(super) fn schedule(&mut self, entry: Option<&site_file::Schedule>) -> Option<Schedule> {
        let entry = entry?;
        Some(Schedule {
            identity: crate::site::Naming::new(&self.site.content_url).identify(
                "schedule",
                &entry.name,
                None,
            ),
            task: self.naming.identify("task", &entry.name, None),
            name: entry.name.clone(),
            frequency: entry.frequency.clone(),
            next_run_at: entry.next_run_at.map(|instant| instant.0),
            consecutive_failures: entry.consecutive_failures,
        })
    }
}
