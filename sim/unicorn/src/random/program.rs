//! A block of random instructions, laid out in memory, with what each of them needs.

use super::encodings::{Access, Encoding, It, NARROW, WIDE};
use super::pattern::{Fields, fill};
use super::rng::Rng;
use crate::code::Code;

/// One instruction of a block.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Name of its encoding.
    pub name: &'static str,
    /// Index of its encoding: narrow ones first.
    pub encoding: usize,
    /// Its address.
    pub addr: u32,
    /// Its bits.
    pub code: Code,
    /// What its accesses need.
    pub access: Access,
    /// May it stand at the end of an IT block?
    pub it: It,
}

/// Number of encodings.
pub const ENCODINGS: usize = NARROW.len() + WIDE.len();

/// Name of encoding `index`; [`ENCODINGS`] stands for IT itself.
#[must_use]
pub fn encoding_name(index: usize) -> &'static str {
    NARROW
        .iter()
        .chain(WIDE)
        .nth(index)
        .map_or("IT", |encoding| encoding.name)
}

/// Makes `count` instructions from `start` on, some of them in IT blocks.
pub fn generate(rng: &mut Rng, start: u32, count: usize) -> Vec<Item> {
    let mut items = Vec::with_capacity(count + 4);
    let mut addr = start;
    let mut place = |items: &mut Vec<Item>, mut item: Item| {
        item.addr = addr;
        addr += item.code.size();
        items.push(item);
    };
    while items.len() < count {
        if !rng.one_in(8) {
            let item = instruction(rng, It::Outside);
            place(&mut items, item);
            continue;
        }
        let length = 1 + rng.below(4);
        place(&mut items, it_instruction(rng, length));
        for left in (0..length).rev() {
            let item = instruction(rng, if left == 0 { It::Last } else { It::Any });
            place(&mut items, item);
        }
    }
    items
}

/// IT, with a random condition and mask for `length` instructions.
fn it_instruction(rng: &mut Rng, length: u32) -> Item {
    let cond = rng.below(15);
    // The mask: one bit an instruction after the first, then a 1. AL takes no "else".
    let choices = if cond == 14 { 0 } else { rng.word() };
    let bits = if cond & 1 != 0 { !choices } else { choices };
    let bits = if cond == 14 { 0 } else { bits };
    let mask = (bits << (5 - length) | 1 << (4 - length)) & 0xF;
    let code = Code {
        first: (0xBF00 | cond << 4 | mask) as u16,
        second: None,
    };
    Item {
        name: "IT",
        encoding: ENCODINGS,
        addr: 0,
        code,
        access: Access::None,
        it: It::Outside,
    }
}

/// A random instruction for a place where `place` is the most that is allowed.
fn instruction(rng: &mut Rng, place: It) -> Item {
    loop {
        let index = rng.below(ENCODINGS as u32) as usize;
        let Some(encoding) = NARROW.iter().chain(WIDE).nth(index) else {
            continue;
        };
        let fields = nearby(encoding, fill(encoding.pattern, rng.word()), rng);
        let it = (encoding.it)(&fields);
        let fits = match place {
            It::Any => it == It::Any,
            It::Last => it != It::Outside,
            It::Outside => true,
        };
        if fits && (encoding.valid)(&fields) {
            let code = if fields.size == 2 {
                Code {
                    first: fields.bits as u16,
                    second: None,
                }
            } else {
                Code {
                    first: (fields.bits >> 16) as u16,
                    second: Some(fields.bits as u16),
                }
            };
            let access = (encoding.access)(&fields);
            return Item {
                name: encoding.name,
                encoding: index,
                addr: 0,
                code,
                access,
                it,
            };
        }
    }
}

/// REV and its relatives name their operand twice. Most branches go forward by little, so that the block goes on.
fn nearby(encoding: &Encoding, mut fields: Fields, rng: &mut Rng) -> Fields {
    if encoding.pattern.starts_with("1111101010") {
        fields.bits = fields.bits & !(15 << 16) | (fields.bits & 15) << 16;
    }
    if !rng.one_in(4) {
        let offset = rng.below(12);
        match encoding.name {
            "B T1" => fields.bits = fields.bits & !0xFF | offset,
            "B T2" => fields.bits = fields.bits & !0x7FF | offset,
            "B T3" => fields.bits = fields.bits & !0x043F_2FFF | offset,
            "B T4" | "BL T1" => fields.bits = fields.bits & !0x07FF_2FFF | 0x2800 | offset,
            _ => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{ENCODINGS, Rng, generate};
    use crate::random::encodings::{NARROW, WIDE};
    use crate::random::pattern::width;

    #[test]
    fn patterns_have_their_width() {
        assert!(NARROW.iter().all(|encoding| width(encoding.pattern) == 16));
        for encoding in WIDE {
            assert_eq!(width(encoding.pattern), 32, "{}", encoding.name);
        }
    }

    #[test]
    fn every_encoding_is_made() {
        let mut rng = Rng::new(1);
        let mut seen = vec![0u32; ENCODINGS + 1];
        for item in generate(&mut rng, 0x0800_0000, 20_000) {
            seen[item.encoding] += 1;
        }
        let missing: Vec<_> = (0..=ENCODINGS)
            .filter(|i| seen[*i] == 0)
            .map(super::encoding_name)
            .collect();
        assert!(missing.is_empty(), "never made: {missing:?}");
    }
}
