//! The contradictions of a chip file that are about its flash.

use super::{Chip, EepromSpec, FlashSpec, MemoryKind, OptionLayout};

/// The text to point at, and what is wrong.
type Contradiction = (String, String);

/// Parallelisms that a controller can be set to.
const PARALLELISMS: [u8; 4] = [8, 16, 32, 64];

impl Chip {
    pub(super) fn flash_contradiction(&self) -> Option<Contradiction> {
        let f = &self.flash;
        banks(f)
            .or_else(|| pages(f))
            .or_else(|| wait_states(f))
            .or_else(|| option_bytes(f))
            .or_else(|| self.memory_contradiction(MemoryKind::Flash, Some((f.base.0, f.size))))
            .or_else(|| eeprom(f.eeprom.as_ref(), f.banks))
            .or_else(|| {
                let given = f.eeprom.as_ref().map(|e| (e.base.0, e.size));
                self.memory_contradiction(MemoryKind::Eeprom, given)
            })
    }

    /// The list of memories and the table of the array must agree.
    fn memory_contradiction(
        &self,
        kind: MemoryKind,
        given: Option<(u32, u32)>,
    ) -> Option<Contradiction> {
        let (name, table) = if kind == MemoryKind::Flash {
            ("flash", "[flash]")
        } else {
            ("eeprom", "[flash.eeprom]")
        };
        let mut listed = self.memories.iter().filter(|m| m.kind == kind);
        match (listed.next(), listed.next(), given) {
            (None, _, None) => None,
            (Some(m), None, Some(given)) if (m.base.0, m.size) == given => None,
            (Some(m), None, Some(_)) => Some((
                m.name.clone(),
                format!("the memory of kind `{name}` differs from {table} in base or size"),
            )),
            _ => Some((
                "memory".to_owned(),
                format!("exactly one memory must be of kind `{name}` if the part has any"),
            )),
        }
    }

    pub(super) fn timing_contradiction(&self) -> Option<Contradiction> {
        let t = &self.flash.timing;
        let missing = |what: &str| Some(("timing".to_owned(), format!("{what} is missing")));
        if self.flash.sectors.is_empty() {
            if t.page_erase.is_none() {
                return missing("page_erase");
            }
        } else if t.parallel.is_empty() {
            return missing("parallel: a part with sectors needs their erase times, which");
        }
        for p in &t.parallel {
            if !PARALLELISMS.contains(&p.bits) {
                return Some((
                    "bits".to_owned(),
                    format!("bits = {}: parallelism is 8, 16, 32 or 64", p.bits),
                ));
            }
            for run in &self.flash.sectors {
                if !p.sectors.iter().any(|s| s.size == run.size) {
                    return missing(&format!(
                        "the erase time of a sector of {} bytes at {} bits",
                        run.size, p.bits
                    ));
                }
            }
        }
        t.all().find_map(|(name, t)| {
            let ordered = t.shortest().0 > 0
                && t.shortest() <= t.typ.unwrap_or(t.shortest())
                && t.typ.unwrap_or(t.shortest()) <= t.max;
            let place = name.split(' ').next().unwrap_or_default().to_owned();
            (!ordered).then(|| {
                (
                    place,
                    format!("{name}: min, typ and max must be above 0 and in this order"),
                )
            })
        })
    }
}

fn banks(f: &FlashSpec) -> Option<Contradiction> {
    let wrong = |at: &str, what: String| Some((at.to_owned(), what));
    if !(1..=2).contains(&f.banks) {
        return wrong("banks", format!("{} banks: a part has 1 or 2", f.banks));
    }
    if !f.bank_sizes.is_empty() && f.bank_sizes.len() != usize::from(f.banks) {
        return wrong(
            "bank_sizes",
            format!("{} sizes for {} banks", f.bank_sizes.len(), f.banks),
        );
    }
    let sum: u64 = if f.bank_sizes.is_empty() {
        u64::from(f.size / u32::from(f.banks) * u32::from(f.banks))
    } else {
        f.bank_sizes.iter().map(|&size| u64::from(size)).sum()
    };
    if sum != u64::from(f.size) {
        return wrong(
            "banks",
            format!("{} banks do not divide the flash into whole pages", f.banks),
        );
    }
    if f.erased != 0 && f.erased != 0xFF {
        return wrong("erased", "an erased byte is 0x00 or 0xFF".to_owned());
    }
    None
}

fn pages(f: &FlashSpec) -> Option<Contradiction> {
    let wrong = |at: &str, what: String| Some((at.to_owned(), what));
    if f.protection_unit == 0 {
        return wrong("protection_unit", "protection_unit is 0".to_owned());
    }
    if !f.sectors.is_empty() {
        if f.page != 0 {
            return wrong("page", "`page` and `sectors` are both given".to_owned());
        }
        if f.sectors
            .iter()
            .any(|run| run.count == 0 || run.size == 0 || run.size % 8 != 0)
        {
            return wrong("sectors", "a sector has a multiple of 8 bytes".to_owned());
        }
        let bytes: u64 = f
            .sectors
            .iter()
            .map(|run| u64::from(run.count) * u64::from(run.size))
            .sum();
        return f.bank_ranges().iter().find_map(|&(first, end)| {
            let size = u64::from(end - first);
            (size != bytes).then(|| {
                (
                    "sectors".to_owned(),
                    format!("the sectors have {bytes} bytes, a bank has {size}"),
                )
            })
        });
    }
    if f.page == 0 || f.size == 0 || !f.size.is_multiple_of(f.page) || !f.page.is_multiple_of(8) {
        return wrong(
            "page",
            format!(
                "flash of {} bytes is not a whole number of {}-byte pages",
                f.size, f.page
            ),
        );
    }
    if f.bank_ranges()
        .iter()
        .any(|&(first, end)| !(end - first).is_multiple_of(f.page))
    {
        return wrong(
            "banks",
            format!("{} banks do not divide the flash into whole pages", f.banks),
        );
    }
    if !f.protection_unit.is_multiple_of(f.page) {
        return wrong(
            "protection_unit",
            "protection_unit is not a whole number of pages".to_owned(),
        );
    }
    None
}

fn wait_states(f: &FlashSpec) -> Option<Contradiction> {
    let steps = &f.read.wait_states;
    (steps.is_empty() || !steps.is_sorted_by_key(|s| s.up_to)).then(|| {
        (
            "wait_states".to_owned(),
            "wait_states must be listed by rising frequency".to_owned(),
        )
    })
}

fn option_bytes(f: &FlashSpec) -> Option<Contradiction> {
    let options = &f.option_bytes;
    let wrong = |at: &str, what: String| Some((at.to_owned(), what));
    if options.layout == OptionLayout::Words {
        if options.words.is_empty() || !options.factory.is_empty() {
            return wrong(
                "option_bytes",
                "layout `words` asks for `words`, and no `factory`".to_owned(),
            );
        }
    } else if options.factory.len() != 8 || !options.words.is_empty() {
        return wrong(
            "factory",
            format!(
                "8 option bytes are needed, {} are given",
                options.factory.len()
            ),
        );
    }
    None
}

fn eeprom(spec: Option<&EepromSpec>, banks: u8) -> Option<Contradiction> {
    let size = spec?.size;
    (size == 0 || size % (4 * u32::from(banks)) != 0).then(|| {
        (
            "eeprom".to_owned(),
            "the EEPROM is not a whole number of words in each bank".to_owned(),
        )
    })
}
