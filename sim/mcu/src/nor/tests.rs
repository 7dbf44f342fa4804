//! The device as a host sees it, each behaviour of the module's table.

use flashstall_cpu::Addr;

use super::*;
use crate::chip::TimingSpec;

const PC: Addr = Addr(0x0800_1234);

/// A host that does nothing but send and receive, a microsecond a byte.
struct Host {
    nor: Nor,
    now: Picos,
}

impl Host {
    fn of(part: NorPart) -> Self {
        let timing = NorTiming::from_spec(&part.timing, TimingSpec::typical);
        Self {
            nor: Nor::new(Arc::new(part), timing),
            now: Picos::ZERO,
        }
    }

    fn new() -> Self {
        Self::of((*NorPart::builtin("w25q64jv").expect("built in")).clone())
    }

    fn byte(&mut self, byte: u8) -> u8 {
        self.now += Picos::from_micros(1);
        self.nor.exchange(self.now, PC, byte.into(), 8) as u8
    }

    /// Sends `bytes`, then reads `count` more.
    fn ask<const N: usize>(&mut self, bytes: &[u8], count: [(); N]) -> [u8; N] {
        self.nor.select(self.now);
        for &byte in bytes {
            self.byte(byte);
        }
        let answer = count.map(|()| self.byte(0xFF));
        self.nor.release(self.now);
        answer
    }

    fn tell(&mut self, bytes: &[u8]) {
        self.ask(bytes, []);
    }

    fn status(&mut self) -> u8 {
        let [byte] = self.ask(&[0x05], [()]);
        byte
    }

    fn wait(&mut self) {
        while self.status() & 1 != 0 {
            self.now += Picos::from_micros(10);
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.tell(&[0x06]);
        self.tell(bytes);
        self.wait();
    }

    /// `bits` bits of `word` on `lines`, most significant first.
    fn send(&mut self, lines: Lines, word: u32, bits: u8) {
        let width = lines.bits();
        for n in (0..bits / width).rev() {
            let undriven = 0xF & !((1 << width) - 1);
            let io = (word >> (n * width)) as u8 & ((1 << width) - 1) | undriven;
            self.nor.clock(self.now, PC, io);
        }
    }

    fn receive(&mut self, lines: Lines) -> u8 {
        let width = lines.bits();
        (0..8 / width).fold(0, |byte, _| {
            let io = self.nor.clock(self.now, PC, 0xF);
            let bits = if lines == Lines::One {
                io >> 1 & 1
            } else {
                io & ((1 << width) - 1)
            };
            byte << width | bits
        })
    }

    fn array<const N: usize>(&mut self, address: u32) -> [u8; N] {
        let [_, a, b, c] = address.to_be_bytes();
        self.ask(&[0x03, a, b, c], [(); N])
    }

    fn refusals(&self) -> Vec<(u8, NorRefusal)> {
        self.nor
            .log
            .ignored
            .kept
            .iter()
            .map(|i| (i.opcode, i.why))
            .collect()
    }
}

#[test]
fn ids_are_those_of_the_part() {
    let mut h = Host::new();
    assert_eq!(h.ask(&[0x9F], [(); 3]), [0xEF, 0x40, 0x17]);
    assert_eq!(h.ask(&[0x90, 0, 0, 0], [(); 3]), [0xEF, 0x16, 0xEF]);
    assert_eq!(h.ask(&[0x90, 0, 0, 1], [(); 2]), [0x16, 0xEF]);
    assert_eq!(h.ask(&[0xAB, 0, 0, 0], [(); 2]), [0x16, 0x16]);
    assert_eq!(h.ask(&[0x4B, 0, 0, 0, 0], [(); 3]), [0xD1, 0x64, 0x46]);
    assert_eq!(&h.ask(&[0x5A, 0, 0, 0, 0], [(); 5]), b"SFDP\x05");
    assert_eq!(h.ask(&[0x5A, 0, 0, 0x80, 0], [(); 2]), [0xE5, 0x20]);
    assert_eq!(h.ask(&[0x5A, 0, 0, 0x40, 0], [()]), [0xFF]);
    assert_eq!(h.refusals(), []);
    assert_eq!(h.nor.log.commands[&0x90], 2);
}

#[test]
fn wel_is_needed_and_goes_with_the_operation() {
    let mut h = Host::new();
    h.tell(&[0x02, 0, 0, 0, 0x12]);
    assert_eq!(h.refusals(), [(0x02, NorRefusal::WriteDisabled)]);
    assert_eq!(h.array(0), [0xFF]);
    h.tell(&[0x06]);
    assert_eq!(h.status(), 0x02);
    h.tell(&[0x04]);
    assert_eq!(h.status(), 0x00);
    h.tell(&[0x06]);
    let start = h.now + Picos::from_micros(5);
    h.tell(&[0x02, 0, 0, 0, 0x12]);
    assert_eq!(h.status(), 0x03);
    assert_eq!(
        h.nor.busy_until(h.now),
        Some(start + Picos::from_micros(30))
    );
    h.wait();
    assert_eq!((h.status(), h.array(0)), (0x00, [0x12]));
    let [done] = h.nor.log.operations.kept[..] else {
        panic!("one operation")
    };
    assert_eq!(
        (done.opcode, done.address, done.length, done.pc),
        (0x02, 0, 1, PC)
    );
    assert_eq!(
        (done.start, done.end),
        (start, start + Picos::from_micros(30))
    );
}

#[test]
fn a_program_wraps_in_its_page() {
    let mut h = Host::new();
    // Four bytes from 0x0011FE: two at the end of the page, two at its beginning.
    h.write(&[0x02, 0x00, 0x11, 0xFE, 1, 2, 3, 4]);
    assert_eq!(h.array(0x11FE), [1, 2, 0xFF], "the next page is untouched");
    assert_eq!(h.array(0x1100), [3, 4, 0xFF]);
    // 258 bytes: the last two take the place of the first two.
    let mut long = vec![0x02, 0, 0x20, 0];
    long.extend((0..258).map(|n| n as u8));
    h.write(&long);
    assert_eq!(h.array(0x2000), [0, 1, 2]);
    let mut other = vec![0x02, 0, 0x30, 0];
    other.extend([0x00; 256]);
    other.extend([0xAA]);
    h.write(&other);
    assert_eq!(
        h.array(0x3000),
        [0xAA, 0x00],
        "the buffer, not the array, is written over"
    );
    // Bits go to 0 only.
    h.write(&[0x02, 0, 0x11, 0xFE, 0xFE]);
    assert_eq!(h.array(0x11FE), [0x00]);
}

#[test]
fn erases_take_the_block_around_the_address() {
    let mut h = Host::new();
    let marks = [
        0x0F_FFFF, 0x10_0000, 0x10_0FFF, 0x10_1000, 0x10_7FFF, 0x10_8000, 0x10_FFFF, 0x11_0000,
    ];
    let mut left = |opcode: &[u8], typ: Picos| {
        for at in marks {
            assert!(h.nor.load(at, &[0]));
        }
        h.write(opcode);
        let last = *h.nor.log.operations.kept.last().expect("an erase");
        assert_eq!(last.end - last.start, typ);
        marks.map(|at| h.array::<1>(at)[0] != 0xFF)
    };
    let sector = left(&[0x20, 0x10, 0x03, 0x21], Picos::from_millis(45));
    assert_eq!(sector, [true, false, false, true, true, true, true, true]);
    let half = left(&[0x52, 0x10, 0x73, 0x21], Picos::from_millis(120));
    assert_eq!(half, [true, false, false, false, false, true, true, true]);
    let block = left(&[0xD8, 0x10, 0x73, 0x21], Picos::from_millis(150));
    assert_eq!(
        block,
        [true, false, false, false, false, false, false, true]
    );
    let all = left(&[0xC7], Picos(20 * Picos::SECOND.0));
    assert_eq!(all, [false; 8]);
}

#[test]
fn while_busy_only_status_suspend_and_reset_are_heeded() {
    let mut h = Host::new();
    assert!(h.nor.load(0, &[0x55]));
    h.tell(&[0x06]);
    h.tell(&[0x20, 0, 0x10, 0]);
    let until = h.nor.busy_until(h.now).expect("busy");
    assert_eq!(h.array(0), [0xFF], "the lines float");
    assert_eq!(h.ask(&[0x9F], [(); 2]), [0xFF, 0xFF]);
    h.tell(&[0x06]);
    h.tell(&[0xB9]);
    assert_eq!(h.status(), 0x03);
    assert_eq!(h.ask(&[0x35], [()]), [0x02]);
    let busy = NorRefusal::Busy { until };
    assert_eq!(
        h.refusals(),
        [0x03, 0x9F, 0x06, 0xB9].map(|opcode| (opcode, busy))
    );
    h.wait();
    assert_eq!(h.array(0), [0x55]);
    // A status read that began while it was busy sees the end of it.
    h.tell(&[0x06]);
    h.tell(&[0x20, 0, 0x10, 0]);
    h.nor.select(h.now);
    h.byte(0x05);
    assert_eq!(h.byte(0), 0x03);
    h.now += Picos::from_millis(45);
    assert_eq!(h.byte(0), 0x00);
}

#[test]
fn an_instruction_that_is_cut_short_is_void() {
    let mut h = Host::new();
    h.nor.select(h.now);
    // The upper seven bits of 06h.
    h.nor.exchange(h.now, PC, 0x03, 7);
    h.nor.release(h.now);
    assert_eq!(h.status(), 0, "seven bits of a write enable");
    h.tell(&[0x06, 0x00]);
    assert_eq!(h.status(), 0, "a byte too many");
    h.tell(&[0x06]);
    h.tell(&[0x20, 0, 0x10]);
    h.tell(&[0x20, 0, 0x10, 0, 0]);
    h.tell(&[0x02, 0, 0x10, 0]);
    h.nor.select(h.now);
    h.nor.exchange(h.now, PC, 0x0200_1000, 32);
    h.nor.exchange(h.now, PC, 0, 12);
    h.nor.release(h.now);
    assert_eq!(h.status(), 0x02, "nothing began, and WEL stays");
    let opcodes = [0x03, 0x06, 0x20, 0x20, 0x02, 0x02];
    assert_eq!(
        h.refusals(),
        opcodes.map(|opcode| (opcode, NorRefusal::CutShort))
    );
    // A read may end anywhere.
    h.nor.select(h.now);
    h.nor.exchange(h.now, PC, 0x0300_1000, 32);
    h.nor.exchange(h.now, PC, 0, 3);
    h.nor.release(h.now);
    assert_eq!(h.refusals().len(), 6);
}

#[test]
fn status_registers_are_written_for_good_or_until_reset() {
    let mut h = Host::new();
    h.tell(&[0x50]);
    assert_eq!(h.status(), 0, "no WEL");
    h.tell(&[0x01, 0x04]);
    assert_eq!(h.status(), 0x04, "at once");
    h.tell(&[0x01, 0x08]);
    assert_eq!(
        h.refusals(),
        [(0x01, NorRefusal::WriteDisabled)],
        "50h is good for one write"
    );
    h.tell(&[0x06]);
    h.tell(&[0x01, 0x10, 0x40]);
    assert_eq!(h.status(), 0x07, "busy with the old value");
    h.wait();
    assert_eq!(h.status(), 0x10);
    assert_eq!(h.ask(&[0x35], [()]), [0x42], "QE stays");
    let record = h.nor.log.operations.kept[0];
    assert_eq!(record.end - record.start, Picos::from_millis(10));
    h.write(&[0x11, 0x00]);
    assert_eq!(h.ask(&[0x15], [()]), [0x00]);
    h.tell(&[0x50]);
    h.tell(&[0x31, 0x00]);
    assert_eq!(h.ask(&[0x35], [()]), [0x02]);
    h.tell(&[0x66]);
    h.tell(&[0x99]);
    h.now += Picos::from_micros(30);
    assert_eq!((h.status(), h.ask(&[0x35], [()])), (0x10, [0x42]));
}

#[test]
fn protected_addresses_are_not_written() {
    let mut h = Host::new();
    h.write(&[0x01, 0x04]);
    h.tell(&[0x06]);
    h.tell(&[0x02, 0x7E, 0, 0, 0]);
    h.tell(&[0x20, 0x7F, 0, 0]);
    h.tell(&[0xC7]);
    let refused = [0x02, 0x20, 0xC7].map(|opcode| (opcode, NorRefusal::Protected));
    assert_eq!(h.refusals(), refused);
    h.write(&[0x02, 0x7D, 0xFF, 0xFF, 0]);
    assert_eq!(h.array(0x7D_FFFF), [0, 0xFF]);
}

#[test]
fn four_lines_need_qe() {
    let mut part = (*NorPart::builtin("w25q64jv").expect("built in")).clone();
    part.status.registers[1] = 0;
    part.status.qe_fixed = false;
    let mut h = Host::of(part);
    h.tell(&[0x6B, 0, 0, 0, 0]);
    assert_eq!(h.refusals(), [(0x6B, NorRefusal::QuadDisabled)]);
    h.write(&[0x31, 0x02]);
    h.tell(&[0x6B, 0, 0, 0, 0]);
    assert_eq!(h.refusals().len(), 1);
}

#[test]
fn reads_on_two_and_four_lines() {
    let mut h = Host::new();
    h.tell(&[0x06]);
    h.nor.select(h.now);
    h.send(Lines::One, 0x3200_1234, 32);
    h.send(Lines::Four, 0xA55A_0F96, 32);
    h.nor.release(h.now);
    h.wait();
    assert_eq!(
        h.array(0x1234),
        [0xA5, 0x5A, 0x0F, 0x96],
        "quad page program"
    );
    assert_eq!(h.ask(&[0x0B, 0, 0x12, 0x34, 0], [(); 2]), [0xA5, 0x5A]);
    // Opcode, lines of the address, of the data; dummy clocks.
    for (opcode, address, data, dummy) in [
        (0x3B, Lines::One, Lines::Two, 8),
        (0x6B, Lines::One, Lines::Four, 8),
        (0xBB, Lines::Two, Lines::Two, 0),
        (0xEB, Lines::Four, Lines::Four, 4),
    ] {
        h.nor.select(h.now);
        h.send(Lines::One, opcode, 8);
        h.send(address, 0x1234, 24);
        if address != Lines::One {
            h.send(address, 0xFF, 8);
        }
        h.send(Lines::One, 0, dummy);
        assert_eq!(
            [(); 3].map(|()| h.receive(data)),
            [0xA5, 0x5A, 0x0F],
            "{opcode:#x}"
        );
        h.nor.release(h.now);
    }
    // A host that leaves two dummy clocks out is two clocks early.
    h.nor.select(h.now);
    h.send(Lines::One, 0xEB, 8);
    h.send(Lines::Four, 0x1234, 24);
    h.send(Lines::Four, 0xFF, 8);
    h.send(Lines::One, 0, 2);
    assert_eq!([(); 2].map(|()| h.receive(Lines::Four)), [0xFF, 0xA5]);
    h.nor.release(h.now);
}

#[test]
fn continuous_read_needs_no_opcode() {
    let mut h = Host::new();
    assert!(h.nor.load(0x40, &[0x12, 0x34]));
    for (opcode, mode) in [(Some(0xEB), 0xA0), (None, 0x20), (None, 0x00)] {
        h.nor.select(h.now);
        if let Some(opcode) = opcode {
            h.send(Lines::One, opcode, 8);
        }
        h.send(Lines::Four, 0x40, 24);
        h.send(Lines::Four, mode, 8);
        h.send(Lines::One, 0, 4);
        assert_eq!([(); 2].map(|()| h.receive(Lines::Four)), [0x12, 0x34]);
        h.nor.release(h.now);
    }
    assert_eq!(h.ask(&[0x9F], [()]), [0xEF], "mode bits 00 ended it");
}

#[test]
fn a_burst_wraps() {
    let mut h = Host::new();
    assert!(h.nor.load(0x40, &[1, 2, 3, 4, 5, 6, 7, 8, 9]));
    let read = |h: &mut Host| {
        h.nor.select(h.now);
        h.send(Lines::One, 0xEB, 8);
        h.send(Lines::Four, 0x46, 24);
        h.send(Lines::Four, 0xFF, 8);
        h.send(Lines::One, 0, 4);
        let bytes = [(); 3].map(|()| h.receive(Lines::Four));
        h.nor.release(h.now);
        bytes
    };
    let set = |h: &mut Host, w: u32| {
        h.nor.select(h.now);
        h.send(Lines::One, 0x77, 8);
        h.send(Lines::Four, w, 32);
        h.nor.release(h.now);
    };
    assert_eq!(read(&mut h), [7, 8, 9]);
    set(&mut h, 0x00);
    assert_eq!(read(&mut h), [7, 8, 1], "in eight bytes");
    set(&mut h, 0x10);
    assert_eq!(read(&mut h), [7, 8, 9]);
}

#[test]
fn a_suspended_erase_goes_on_where_it_was() {
    let mut h = Host::new();
    assert!(h.nor.load(0x1000, &[0x11]) && h.nor.load(0x2000, &[0x22]));
    h.tell(&[0x75]);
    h.tell(&[0x7A]);
    let nothing = [(0x75, NorRefusal::Nothing), (0x7A, NorRefusal::Nothing)];
    assert_eq!(h.refusals(), nothing);
    h.tell(&[0x06]);
    h.tell(&[0x20, 0, 0x10, 0]);
    let start = h.now;
    h.now += Picos::from_millis(10);
    h.tell(&[0x75]);
    let suspended = h.now + Picos::from_micros(20);
    assert_eq!(h.status() & 1, 1, "not yet");
    h.now = suspended;
    assert_eq!(h.status() & 1, 0);
    assert_eq!(h.ask(&[0x35], [()]), [0x82], "SUS");
    assert_eq!(h.array(0x2000), [0x22]);
    assert_eq!(h.array(0x1000), [0xFF], "undefined");
    assert_eq!(h.nor.log.undefined_reads, 1);
    h.write(&[0x02, 0, 0x20, 1, 0x33]);
    assert_eq!(h.array(0x2000), [0x22, 0x33], "programming elsewhere goes");
    h.tell(&[0x06]);
    h.tell(&[0x02, 0, 0x10, 0, 0]);
    h.tell(&[0x20, 0, 0x30, 0]);
    let refused = [(0x02, NorRefusal::Suspended), (0x20, NorRefusal::Suspended)];
    assert_eq!(h.refusals()[2..], refused);
    h.tell(&[0x7A]);
    let end = h.now + (Picos::from_millis(45) - (suspended - start));
    assert_eq!(h.nor.busy_until(h.now), Some(end));
    assert_eq!(h.ask(&[0x35], [()]), [0x02]);
    h.wait();
    assert_eq!(h.array(0x1000), [0xFF]);
    let erase = h.nor.log.operations.kept[0];
    assert_eq!((erase.start, erase.end, erase.suspended), (start, end, 1));
    // A suspend that comes too late changes nothing.
    h.tell(&[0x06]);
    h.tell(&[0x20, 0, 0x20, 0]);
    h.now += Picos::from_millis(45) - Picos::from_micros(10);
    h.tell(&[0x75]);
    h.now += Picos::from_micros(20);
    assert_eq!((h.status(), h.array(0x2000)), (0, [0xFF]));
}

#[test]
fn a_reset_needs_both_and_cuts_short() {
    let mut h = Host::new();
    h.tell(&[0x99]);
    h.tell(&[0x66]);
    h.status();
    h.tell(&[0x99]);
    let alone = (0x99, NorRefusal::ResetNotEnabled);
    assert_eq!(h.refusals(), [alone, alone], "a status read came between");
    h.tell(&[0x06]);
    h.tell(&[0x20, 0, 0x10, 0]);
    h.tell(&[0x66]);
    h.tell(&[0x99]);
    let cut = h.nor.log.operations.kept[0];
    assert!(cut.cut_short && cut.end == h.now);
    let until = h.now + Picos::from_micros(30);
    assert_eq!(h.status(), 0xFF, "deaf for tRST");
    assert_eq!(h.refusals()[2..], [(0x05, NorRefusal::NotReady { until })]);
    h.now = until;
    assert_eq!(h.status(), 0x00);
}

#[test]
fn power_down_heeds_release_only() {
    let mut h = Host::new();
    h.tell(&[0xB9]);
    h.now += Picos::from_micros(3);
    assert_eq!(h.ask(&[0x9F], [()]), [0xFF]);
    assert_eq!(h.refusals(), [(0x9F, NorRefusal::PowerDown)]);
    h.tell(&[0xAB]);
    let until = h.now + Picos::from_micros(3);
    assert_eq!(h.ask(&[0x9F], [()]), [0xFF]);
    assert_eq!(h.refusals()[1..], [(0x9F, NorRefusal::NotReady { until })]);
    h.now = until;
    assert_eq!(h.ask(&[0x9F], [()]), [0xEF]);
}

#[test]
fn reads_go_round_the_end() {
    let mut h = Host::new();
    assert!(h.nor.load(0, &[0x01]) && h.nor.load(0x7F_FFFF, &[0x99]));
    assert_eq!(h.array(0x7F_FFFF), [0x99, 0x01]);
    assert_eq!(h.array(0xFF_FFFF), [0x99, 0x01], "A23 is not looked at");
    assert!(!h.nor.load(0x7F_FFFF, &[0, 0]), "an image must fit");
}

#[test]
fn what_the_array_holds_is_seen_without_touching_it() {
    let mut h = Host::new();
    assert!(h.nor.load(0x1000, &[0x11]));
    h.tell(&[0x06]);
    h.tell(&[0x20, 0, 0x10, 0]);
    assert_eq!(h.nor.contents(h.now, 0x1000, 1), [0x11], "still at it");
    let later = h.now + Picos::from_millis(45);
    assert_eq!(h.nor.contents(later, 0x1000, 1), [0xFF]);
    assert!(h.nor.busy_until(h.now).is_some(), "and it still is");
}

#[test]
fn an_instruction_that_is_not_there_is_told() {
    let mut h = Host::new();
    h.tell(&[0x36, 0, 0, 0]);
    assert_eq!(h.refusals(), [(0x36, NorRefusal::Unknown)]);
    assert_eq!(
        (command_name(0x36), command_name(0x20)),
        (None, Some("sector erase"))
    );
}
