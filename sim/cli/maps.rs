//! Maps: of the table of a sweep, and of boundaries.

use std::path::{Path, PathBuf};

use flashstall::heatmap::limits::Limits;
use flashstall::heatmap::scene::Scene;
use flashstall::heatmap::{Chosen, HeatMap, MapChoice, chart, page, pictured, png, svg};
use flashstall::vary::Variation;
use flashstall::vary::sweep::{Shard, Table};
use flashstall::{Scenario, ScenarioError, exit};

use crate::args::{HeatArgs, MapArgs, PictureArgs};
use crate::output;

impl PictureArgs {
    fn files(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        let all = [
            ("--svg", &self.svg),
            ("--png", &self.png),
            ("--html", &self.html),
        ];
        all.into_iter()
            .filter_map(|(option, file)| Some((option, file.as_ref()?)))
    }

    /// Is any asked for?
    pub fn any(&self) -> bool {
        self.files().next().is_some()
    }

    /// Whether they can be written at all, before anything runs that may take hours: folders are there, and no file is meant twice or is `table`.
    ///
    /// # Errors
    /// [`ScenarioError`] with the option.
    pub fn check(&self, table: Option<&Path>) -> Result<(), ScenarioError> {
        let mut before: Vec<&Path> = table.into_iter().collect();
        for (option, file) in self.files() {
            let folder = file.parent().filter(|f| !f.as_os_str().is_empty());
            if let Some(folder) = folder
                && !folder.is_dir()
            {
                let message = format!(
                    "{option}: there is no folder `{}` to write to",
                    folder.display()
                );
                return Err(ScenarioError::new(message));
            }
            if file.is_dir() {
                let message = format!("{option}: `{}` is a folder", file.display());
                return Err(ScenarioError::new(message).help("name a file"));
            }
            if before.contains(&file.as_path()) {
                let message = format!("{option}: `{}` is used twice", file.display());
                return Err(ScenarioError::new(message).help("give each file a name of its own"));
            }
            before.push(file);
        }
        Ok(())
    }

    /// Writes them.
    ///
    /// # Errors
    /// [`ScenarioError`] if one cannot be written.
    fn write(
        &self,
        scene: &Scene,
        page: impl FnOnce() -> Result<String, ScenarioError>,
    ) -> Result<(), ScenarioError> {
        if let Some(target) = &self.svg {
            output::file(target, &svg::write(scene))?;
        }
        if let Some(target) = &self.png {
            output::bytes(target, &png::write(scene)?)?;
        }
        if let Some(target) = &self.html {
            output::file(target, &page()?)?;
        }
        Ok(())
    }
}

impl HeatArgs {
    fn choice(&self) -> MapChoice {
        MapChoice {
            x: self.map_x.clone(),
            y: self.map_y.clone(),
            of: self.map_of.clone(),
        }
    }

    /// What a sweep is to draw when it is over; `None` if nothing is.
    ///
    /// # Errors
    /// [`ScenarioError`] for what cannot be drawn: a part of the points, axes or a column that are not there, files that cannot be written.
    pub fn of_sweep(
        &self,
        variation: &Variation,
        shard: Shard,
        table: &Path,
    ) -> Result<Option<Chosen>, ScenarioError> {
        if !self.pictures.any() {
            return Ok(None);
        }
        variation.count()?;
        if shard.of > 1 {
            let message = "a shard has not all points of the map";
            return Err(ScenarioError::new(message).help(
                "put all shards together with `flashstall merge`, and draw that with `flashstall map`",
            ));
        }
        let axes = variation.axes().iter();
        let axes: Vec<(&str, u64)> = axes
            .map(|a| (a.name.as_str(), a.values.count().unwrap_or(0)))
            .collect();
        let chosen = self.choice().resolve(&axes)?;
        self.pictures.check(Some(table))?;
        Ok(Some(chosen))
    }

    /// Draws a table.
    ///
    /// # Errors
    /// [`ScenarioError`] if a file cannot be written, or the scenario is not that of the table.
    pub fn draw(
        &self,
        table: &Table,
        chosen: Chosen,
        scenario: Option<&Scenario>,
    ) -> Result<(), ScenarioError> {
        let subject = scenario.map(|s| s.name().to_owned());
        let map = HeatMap::new(table, chosen, subject);
        self.pictures.write(&chart(&map), || {
            let pictured = match scenario {
                Some(scenario) => pictured(scenario, &map, table, self.timelines)?,
                None => Vec::new(),
            };
            Ok(page(&map, table, &pictured))
        })
    }
}

/// `flashstall map`.
pub fn map(args: &MapArgs) -> Result<u8, ScenarioError> {
    let pictures = &args.heat.pictures;
    if !pictures.any() {
        return Err(ScenarioError::new("no picture is asked for")
            .help("say where it goes: --svg FILE, --png FILE or --html FILE"));
    }
    pictures.check(Some(&args.table))?;
    let scenario = args.scenario.as_ref().map(Scenario::from_path);
    let scenario = scenario.transpose()?;
    let table = Table::read(&args.table)?;
    let axes = table.axes.iter();
    let axes: Vec<(&str, u64)> = axes
        .map(|a| (a.name.as_str(), a.values.len() as u64))
        .collect();
    let chosen = args.heat.choice().resolve(&axes)?;
    args.heat.draw(&table, chosen, scenario.as_ref())?;
    Ok(exit::MET)
}

/// The map of `flashstall boundary`.
pub fn limits(pictures: &PictureArgs, limits: &Limits) -> Result<(), ScenarioError> {
    pictures.write(&limits.chart(), || Ok(limits.page()))
}
