//! Scenarios: what is plugged together, what arrives, when it ends, what must hold.
//!
//! [`ScenarioFile`] is the TOML file as it is written, [`Scenario`] adds where it came from, [`Prepared`] is what can be run. Errors
//! carry the place in the file ([`ScenarioError`]). Knows nothing of running.

mod bounds;
mod builder;
mod bursts;
mod can;
mod candump;
mod check_expect;
mod diagnostic;
pub mod expect;
pub mod file;
mod frames;
mod generated;
pub mod host;
mod i2c;
mod located;
mod mix;
pub mod nor;
pub(crate) mod options;
pub mod patch;
mod place;
mod prepare;
mod prepared;
mod quantity;
mod read;
mod timing;
mod traffic;
mod wires;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use bounds::{Bound, Bounds};
pub use builder::{ScenarioBuilder, UartBuilder};
pub use diagnostic::{ScenarioError, Source};
pub use file::{SCHEMA, ScenarioFile};
pub use located::Located;
pub(crate) use prepare::{DEFAULT_MAX_INSTRUCTIONS, change_open, chip_file, open};
pub use prepared::{
    Buffer, Prepared, PreparedHost, PreparedNor, PreparedWire, Trigger, Until, WireSpec,
};
pub use quantity::{Deviation, Frequency, QuantityError, Rate, Time};
pub(crate) use timing::timing;
pub(crate) use traffic::Random;

use crate::firmware::Firmware;

/// A scenario: from a file, from text, or [built](Self::builder).
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(crate) file: ScenarioFile,
    name: String,
    base: PathBuf,
    source: Option<Arc<Source>>,
    firmware: Option<Arc<Firmware>>,
}

impl Scenario {
    /// Reads a file with one firmware.
    ///
    /// # Errors
    /// [`ScenarioError`] with the place, also if the file has several variants.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, ScenarioError> {
        let mut all = Self::all_from_path(path.as_ref())?;
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(only),
            _ => {
                let message = format!("`{}` has several variants", path.as_ref().display());
                Err(ScenarioError::new(message).help("use Scenario::all_from_path"))
            }
        }
    }

    /// Reads a file; one scenario for each `[[variant]]`, or the one there is.
    ///
    /// # Errors
    /// [`ScenarioError`] with the place.
    pub fn all_from_path(path: impl AsRef<Path>) -> Result<Vec<Self>, ScenarioError> {
        let path = path.as_ref();
        let (file, source) = read::read(path)?;
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let stem = path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        Self::split(file, source, &base, &stem)
    }

    /// Reads text. Files that it names are relative to `base`; `path` is for messages.
    ///
    /// # Errors
    /// [`ScenarioError`] with the place.
    pub fn from_toml(text: &str, path: &Path, base: &Path) -> Result<Vec<Self>, ScenarioError> {
        let (file, source) = read::parse(path, text.to_owned())?;
        let stem = path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        Self::split(file, source, base, &stem)
    }

    fn split(
        file: ScenarioFile,
        source: Arc<Source>,
        base: &Path,
        stem: &str,
    ) -> Result<Vec<Self>, ScenarioError> {
        let name = file.name.clone().unwrap_or_else(|| stem.to_owned());
        let scenario = |file, name| Self {
            file,
            name,
            base: base.to_owned(),
            source: Some(Arc::clone(&source)),
            firmware: None,
        };
        if file.variant.is_empty() {
            return Ok(vec![scenario(file, name)]);
        }
        if let Some(table) = &file.firmware {
            return Err(
                ScenarioError::at(&table.elf, "`firmware` and `variant` are both given")
                    .in_source(Some(&source)),
            );
        }
        let variants = file.variant.iter().map(|variant| {
            let mut one = file.clone();
            one.variant = Vec::new();
            one.firmware = Some(file::FirmwareTable {
                elf: variant.elf.clone(),
            });
            scenario(one, format!("{name}:{}", variant.name.value))
        });
        Ok(variants.collect())
    }

    /// Builds one in Rust for a built-in chip.
    #[must_use]
    pub fn builder(chip: &str) -> ScenarioBuilder {
        ScenarioBuilder::new(chip)
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file it came from.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.source.as_ref().map(|s| s.path.as_path())
    }

    /// The file's text, if it came from one.
    pub(crate) fn text(&self) -> Option<&str> {
        self.source.as_ref().map(|s| s.text.as_str())
    }

    /// What it says.
    #[must_use]
    pub const fn file(&self) -> &ScenarioFile {
        &self.file
    }

    /// The folder that paths in it are relative to.
    pub(crate) fn base(&self) -> &Path {
        &self.base
    }

    /// The same with another file, and with the firmware that was read already.
    pub(crate) fn with_file(&self, file: ScenarioFile, firmware: &Arc<Firmware>) -> Self {
        Self {
            file,
            firmware: Some(Arc::clone(firmware)),
            ..self.clone()
        }
    }

    /// One of its wires as `table` has it, made ready as [`prepare`](Self::prepare) does.
    pub(crate) fn prepare_wire(
        &self,
        table: &file::WireTable,
        prepared: &Prepared,
    ) -> Result<PreparedWire, ScenarioError> {
        wires::wire(table, &self.base, &prepared.chip, &prepared.firmware)
            .map_err(|e| e.in_source(self.source.as_ref()))
    }

    /// One of its hosts, which is wire number `wire`, as `table` has it.
    pub(crate) fn prepare_host(
        &self,
        table: &host::HostTable,
        wire: usize,
        prepared: &Prepared,
    ) -> Result<(PreparedWire, PreparedHost), ScenarioError> {
        host::host(table, wire, &self.base, &prepared.chip, &prepared.firmware)
            .map_err(|e| e.in_source(self.source.as_ref()))
    }

    /// The scenario as a TOML file. Relative paths in it are relative to where this one came from.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Tables of plain values: there is nothing in them that TOML cannot hold.
        toml::to_string(&self.file).unwrap_or_default()
    }

    /// Reads what it names and checks all of it.
    ///
    /// # Errors
    /// [`ScenarioError`] with the place of the first thing that is wrong.
    pub fn prepare(&self) -> Result<Prepared, ScenarioError> {
        prepare::prepare(&self.file, &self.name, &self.base, self.firmware.as_ref())
            .map_err(|e| e.in_source(self.source.as_ref()))
    }
}
