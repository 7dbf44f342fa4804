//! Reading a chip file, and the contradictions that no type can rule out.

use std::ops::Range;

use thiserror::Error;

use super::{Chip, MemoryKind, MemorySpec, extend};

/// Why a chip file was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct ChipError {
    /// Bytes of the text that it is about, where they are known.
    pub span: Option<Range<usize>>,
    /// What is wrong, in lower case.
    pub message: String,
}

impl Chip {
    /// Reads a chip file: a whole one, or one that says how a part differs from a built-in one (`extends`).
    ///
    /// # Errors
    /// [`ChipError`] for text that is not TOML, a key that is unknown or missing, a value of the wrong kind or without its unit, and
    /// figures that contradict each other.
    pub fn from_toml(text: &str) -> Result<Self, ChipError> {
        let chip: Self = match extend::read(text)? {
            Some(chip) => chip,
            None => toml::from_str(text).map_err(|e| ChipError {
                span: e.span(),
                message: e.message().trim_end().to_owned(),
            })?,
        };
        match chip.contradiction() {
            None => Ok(chip),
            Some((about, message)) => Err(ChipError {
                span: span_of(text, &about),
                message,
            }),
        }
    }

    /// The first contradiction: the text to point at, and what is wrong.
    fn contradiction(&self) -> Option<(String, String)> {
        self.flash_contradiction()
            .or_else(|| self.timing_contradiction())
            .or_else(|| self.interrupt_contradiction())
            .or_else(|| self.alias_contradiction())
            .or_else(|| self.gap())
            .or_else(|| self.overlap())
    }

    fn interrupt_contradiction(&self) -> Option<(String, String)> {
        let limit = self.core.irqs;
        if !(1..=240).contains(&limit) {
            return Some((
                "irqs".into(),
                format!("irqs = {limit}, a core has 1 to 240 interrupt lines"),
            ));
        }
        if let Some((name, number)) = self.irqs().find(|&(_, n)| n >= limit) {
            return Some((
                name.to_owned(),
                format!("interrupt {name} has number {number}, the core has {limit} lines"),
            ));
        }
        self.peripherals.iter().find_map(|p| {
            let (_, &irq) = p
                .irqs
                .iter()
                .find(|&(_, &irq)| self.irq_name(irq).is_none())?;
            Some((
                p.name.clone(),
                format!(
                    "{} uses interrupt {irq}, which has no name in [irqs]",
                    p.name
                ),
            ))
        })
    }

    fn alias_contradiction(&self) -> Option<(String, String)> {
        let unknown = self
            .alias
            .mem_mode
            .iter()
            .find(|name| !name.is_empty() && self.memory(name).is_none())?;
        Some((unknown.clone(), format!("no memory is called `{unknown}`")))
    }

    /// SRAM (or CCM) in blocks that do not follow each other.
    fn gap(&self) -> Option<(String, String)> {
        [MemoryKind::Sram, MemoryKind::Ccm].into_iter().find_map(|kind| {
            let mut blocks: Vec<&MemorySpec> =
                self.memories.iter().filter(|m| m.kind == kind).collect();
            blocks.sort_by_key(|m| m.base);
            blocks.windows(2).find_map(|pair| {
                let end = u64::from(pair[0].base.0) + u64::from(pair[0].size);
                (end < u64::from(pair[1].base.0)).then(|| {
                    let (first, second) = (&pair[0].name, &pair[1].name);
                    (
                        second.clone(),
                        format!("{second} does not begin where {first} ends: blocks of one kind must follow each other"),
                    )
                })
            })
        })
    }

    /// Two things at one address.
    fn overlap(&self) -> Option<(String, String)> {
        let memory = |m: &MemorySpec| (m.base.0, m.size, m.name.clone());
        let mut all: Vec<(u32, u32, String)> = self.memories.iter().map(memory).collect();
        all.extend(
            self.peripherals
                .iter()
                .map(|p| (p.base.0, p.size, p.name.clone())),
        );
        all.extend(
            self.unmodelled
                .iter()
                .map(|b| (b.base.0, b.size, b.name.clone())),
        );
        if let Some((_, _, name)) = all.iter().find(|(base, size, _)| {
            *size == 0 || !base.is_multiple_of(4) || !size.is_multiple_of(4)
        }) {
            return Some((
                name.clone(),
                format!("base and size of {name} must be whole words, and the size above 0"),
            ));
        }
        all.sort();
        all.windows(2).find_map(|pair| {
            let ((base, size, name), (next, _, other)) = (&pair[0], &pair[1]);
            (u64::from(*base) + u64::from(*size) > u64::from(*next)).then(|| {
                (
                    other.clone(),
                    format!("{other} at {next:#010x} overlaps {name} at {base:#010x}"),
                )
            })
        })
    }
}

/// The last place in `text` where `word` stands as a word of its own: names are defined after they are listed.
pub(super) fn span_of(text: &str, word: &str) -> Option<Range<usize>> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word)
        .filter(|(at, _)| {
            !is_word(text[..*at].chars().next_back())
                && !is_word(text[at + word.len()..].chars().next())
        })
        .last()
        .map(|(at, _)| at..at + word.len())
}
