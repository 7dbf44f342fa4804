//! The chip files that are part of the program.

use std::sync::{Arc, OnceLock};

use super::Chip;

/// Name and text of each embedded file.
const FILES: &[(&str, &str)] = &[
    ("stm32f100xb", include_str!("../../chips/stm32f100xb.toml")),
    ("stm32f103x8", include_str!("../../chips/stm32f103x8.toml")),
    ("stm32f103xb", include_str!("../../chips/stm32f103xb.toml")),
    ("stm32f103xe", include_str!("../../chips/stm32f103xe.toml")),
    ("stm32f103xg", include_str!("../../chips/stm32f103xg.toml")),
    ("stm32f303x8", include_str!("../../chips/stm32f303x8.toml")),
    ("stm32f303xc", include_str!("../../chips/stm32f303xc.toml")),
    ("stm32f303xe", include_str!("../../chips/stm32f303xe.toml")),
    ("stm32f405xg", include_str!("../../chips/stm32f405xg.toml")),
    ("stm32f407xg", include_str!("../../chips/stm32f407xg.toml")),
    ("stm32f429xi", include_str!("../../chips/stm32f429xi.toml")),
    ("stm32f446xe", include_str!("../../chips/stm32f446xe.toml")),
    ("stm32f469xi", include_str!("../../chips/stm32f469xi.toml")),
    ("stm32l100xc", include_str!("../../chips/stm32l100xc.toml")),
    ("stm32l151x6", include_str!("../../chips/stm32l151x6.toml")),
    ("stm32l151x8", include_str!("../../chips/stm32l151x8.toml")),
    ("stm32l151xb", include_str!("../../chips/stm32l151xb.toml")),
    (
        "stm32l151xba",
        include_str!("../../chips/stm32l151xba.toml"),
    ),
    ("stm32l151xc", include_str!("../../chips/stm32l151xc.toml")),
    ("stm32l151xd", include_str!("../../chips/stm32l151xd.toml")),
    ("stm32l151xe", include_str!("../../chips/stm32l151xe.toml")),
    ("stm32l152xb", include_str!("../../chips/stm32l152xb.toml")),
    ("stm32l152xc", include_str!("../../chips/stm32l152xc.toml")),
    ("stm32l152xe", include_str!("../../chips/stm32l152xe.toml")),
    ("stm32l451xe", include_str!("../../chips/stm32l451xe.toml")),
    ("stm32l452xe", include_str!("../../chips/stm32l452xe.toml")),
    ("stm32l476xg", include_str!("../../chips/stm32l476xg.toml")),
];

/// The text of the embedded file `name`.
pub(super) fn text(name: &str) -> Option<&'static str> {
    let file = FILES.iter().find(|(file, _)| *file == name)?;
    Some(file.1)
}

impl Chip {
    /// The embedded chip `name` (`stm32f303xc`), read once.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Arc<Self>> {
        static CHIPS: OnceLock<Vec<Option<Arc<Chip>>>> = OnceLock::new();
        let chips = CHIPS.get_or_init(|| {
            // A test reads each of them, so none is missing in a build that passed.
            FILES
                .iter()
                .map(|(_, text)| Chip::from_toml(text).ok().map(Arc::new))
                .collect()
        });
        let slot = FILES.iter().position(|(file, _)| *file == name)?;
        chips.get(slot)?.clone()
    }

    /// Names of the embedded chips, in alphabetical order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }
}
