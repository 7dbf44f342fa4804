//! A block of random instructions, laid out in memory, with what each of them needs.

use flashstall_cpu::Extensions;

use super::encodings::{Access, Encoding, It, tables};
use super::pattern::{Fields, fill};
use super::rng::Rng;
use crate::code::Code;

/// One instruction of a block.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Name of its encoding.
    pub name: &'static str,
    /// Index of its encoding in [`tables`](super::encodings::tables); their number stands for IT.
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

/// Name of encoding `index`; their number stands for IT itself.
#[must_use]
pub fn encoding_name(extensions: Extensions, index: usize) -> &'static str {
    tables(extensions)
        .nth(index)
        .map_or("IT", |encoding| encoding.name)
}

/// Makes `count` instructions from `start` on, some of them in IT blocks.
pub fn generate(rng: &mut Rng, extensions: Extensions, start: u32, count: usize) -> Vec<Item> {
    let encodings: Vec<&Encoding> = tables(extensions).collect();
    let mut items = Vec::with_capacity(count + 4);
    let mut addr = start;
    let mut place = |items: &mut Vec<Item>, mut item: Item| {
        item.addr = addr;
        addr += item.code.size();
        items.push(item);
    };
    while items.len() < count {
        if !rng.one_in(8) {
            let item = instruction(rng, &encodings, It::Outside);
            place(&mut items, item);
            continue;
        }
        let length = 1 + rng.below(4);
        place(&mut items, it_instruction(rng, encodings.len(), length));
        for left in (0..length).rev() {
            let item = instruction(rng, &encodings, if left == 0 { It::Last } else { It::Any });
            place(&mut items, item);
        }
    }
    items
}

/// IT, with a random condition and mask for `length` instructions.
fn it_instruction(rng: &mut Rng, encoding: usize, length: u32) -> Item {
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
        encoding,
        addr: 0,
        code,
        access: Access::None,
        it: It::Outside,
    }
}

/// A random instruction for a place where `place` is the most that is allowed.
fn instruction(rng: &mut Rng, encodings: &[&Encoding], place: It) -> Item {
    loop {
        let index = rng.below(encodings.len() as u32) as usize;
        let encoding = encodings[index];
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
    let names_twice = ["REV T2", "REV16 T2", "RBIT T1", "REVSH T2", "CLZ T1"];
    if names_twice.contains(&encoding.name) {
        fields.bits = fields.bits & !(15 << 16) | (fields.bits & 15) << 16;
    }
    // Most lists of registers are too long to be valid.
    if encoding.name.starts_with("VLDM") || encoding.name.starts_with("VSTM") {
        fields.bits = fields.bits & !0xE0 | if fields.bits & 0x1F == 0 { 0x20 } else { 0 };
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
    use super::{Rng, generate};
    use crate::random::encodings::{DSP, FP, NARROW, WIDE, tables};
    use crate::random::pattern::width;
    use flashstall_cpu::CpuModel;

    #[test]
    fn patterns_have_their_width() {
        assert!(NARROW.iter().all(|encoding| width(encoding.pattern) == 16));
        for encoding in WIDE.iter().chain(DSP).chain(FP) {
            assert_eq!(width(encoding.pattern), 32, "{}", encoding.name);
        }
    }

    #[test]
    fn every_encoding_is_made() {
        for extensions in [
            CpuModel::CortexM3.extensions(),
            CpuModel::CortexM4.extensions(),
        ] {
            let mut rng = Rng::new(1);
            let count = tables(extensions).count();
            let mut seen = vec![0u32; count + 1];
            for item in generate(&mut rng, extensions, 0x0800_0000, 20_000) {
                seen[item.encoding] += 1;
            }
            let missing: Vec<_> = (0..=count)
                .filter(|i| seen[*i] == 0)
                .map(|i| super::encoding_name(extensions, i))
                .collect();
            assert!(missing.is_empty(), "never made: {missing:?}");
        }
    }
}
