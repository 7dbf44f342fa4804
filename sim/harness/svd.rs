//! Names of registers from a CMSIS-SVD file, for those that no model answers for.
//!
//! The file serves for names only: what it says about fields, resets and access changes nothing in a run.

use std::collections::BTreeMap;
use std::path::Path;

use flashstall_cpu::Addr;
use svd_parser::svd::{MaybeArray, RegisterCluster};
use svd_parser::{Config, ValidateLevel};

use crate::scenario::ScenarioError;

/// Register names by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterNames {
    /// `ADC1.CFGR` at the address of its first byte.
    registers: BTreeMap<u32, String>,
    /// Base address and end of each peripheral, with its name.
    blocks: BTreeMap<u32, (u32, String)>,
}

impl RegisterNames {
    /// Reads an SVD file. Small slips in it, of which those of vendors have many, are no errors.
    ///
    /// # Errors
    /// [`ScenarioError`] for a file that cannot be read or is no SVD file.
    pub fn from_path(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| ScenarioError::new(format!("cannot read `{}`: {e}", path.display())))?;
        Self::from_xml(&text).map_err(|e| {
            ScenarioError::new(format!("`{}` is not an SVD file: {e}", path.display()))
        })
    }

    /// Reads the text of an SVD file.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn from_xml(text: &str) -> Result<Self, String> {
        let config = Config::default()
            .validate_level(ValidateLevel::Disabled)
            .ignore_enums(true)
            .expand(true);
        let device = svd_parser::parse_with_config(text, &config).map_err(|e| format!("{e:#}"))?;
        let mut names = Self::default();
        for peripheral in &device.peripherals {
            let MaybeArray::Single(p) = peripheral else {
                continue;
            };
            let Ok(base) = u32::try_from(p.base_address) else {
                continue;
            };
            let length = p.address_block.iter().flatten();
            let length = length.map(|b| b.offset.saturating_add(b.size)).max();
            let end = base.saturating_add(length.unwrap_or(0));
            names.blocks.insert(base, (end, p.name.clone()));
            for register in p.registers.iter().flatten() {
                let RegisterCluster::Register(MaybeArray::Single(r)) = register else {
                    continue;
                };
                // The first of several names for one register is the plain one.
                let at = base.wrapping_add(r.address_offset);
                let name = || format!("{}.{}", p.name, r.name);
                names.registers.entry(at).or_insert_with(name);
            }
        }
        Ok(names)
    }

    /// `ADC1.CFGR`; or `ADC1+0x0c`, where the file has a peripheral but no register.
    #[must_use]
    pub fn name(&self, address: Addr) -> Option<String> {
        let at = address.0;
        if let Some(name) = self.registers.get(&at) {
            return Some(name.clone());
        }
        let (base, (end, name)) = self.blocks.range(..=at).next_back()?;
        (at < *end).then(|| format!("{name}+{:#04x}", at - base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two converters, the second derived from the first, an array of registers, and a gap.
    const SVD: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<device schemaVersion="1.1"><name>PART</name><description>A part</description>
<addressUnitBits>8</addressUnitBits><width>32</width><peripherals>
<peripheral><name>CONV1</name><baseAddress>0x50000000</baseAddress>
<addressBlock><offset>0</offset><size>0x40</size><usage>registers</usage></addressBlock>
<registers>
<register><name>STATUS</name><addressOffset>0</addressOffset></register>
<register><dim>4</dim><dimIncrement>4</dimIncrement><name>RANK%s</name><addressOffset>0x10</addressOffset></register>
</registers></peripheral>
<peripheral derivedFrom="CONV1"><name>CONV2</name><baseAddress>0x50000100</baseAddress></peripheral>
</peripherals></device>"#;

    #[test]
    fn registers_arrays_and_derived_peripherals_have_names() {
        let names = RegisterNames::from_xml(SVD).unwrap();
        let name = |at| names.name(Addr(at));
        assert_eq!(name(0x5000_0000).as_deref(), Some("CONV1.STATUS"));
        assert_eq!(name(0x5000_0018).as_deref(), Some("CONV1.RANK2"));
        assert_eq!(name(0x5000_0110).as_deref(), Some("CONV2.RANK0"));
        assert_eq!(name(0x5000_0008).as_deref(), Some("CONV1+0x08"));
        assert_eq!(name(0x5000_0040), None, "behind the block");
        assert_eq!(name(0x4FFF_FFFC), None);
    }

    #[test]
    fn what_is_no_svd_is_told() {
        assert!(RegisterNames::from_xml("<device>").is_err());
        assert!(RegisterNames::from_xml("no xml at all").is_err());
        let bad = Path::new("no/such.svd");
        let error = RegisterNames::from_path(bad).unwrap_err();
        assert!(error.message.starts_with("cannot read `no/such.svd`"));
    }
}
