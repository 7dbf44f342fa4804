//! Option bytes as a programmer sets them, by what they mean.

/// Options that are not as the part leaves the factory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionSettings {
    /// BFB2: each reset starts in system memory, which chooses a bank.
    pub boot_from_bank2: Option<bool>,
    /// Write-protected sectors, counted through all banks from 0.
    pub write_protected: Vec<u32>,
}

impl OptionSettings {
    /// Is everything as the part leaves the factory?
    #[must_use]
    pub fn is_factory(&self) -> bool {
        *self == Self::default()
    }
}

/// Why options cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No model.
    #[error("the options of this part cannot be set")]
    NotModelled,
    /// BFB2 on a part with one bank.
    #[error("BFB2 needs two banks, and this part has one")]
    OneBank,
    /// There is no such sector.
    #[error("there is no sector {0}: the last one is {1}")]
    NoSuchSector(u32, u32),
}
