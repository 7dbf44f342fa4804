//! I2C with SR1 and SR2 (F1, L1, F4).
//!
//! Sources: svd/STM32F103.svd (offsets, bits), reference/i2c_spi_qspi.md §1, RM0008 ch. 26 (§26.3.4 on errors was read \[S\]; the rest from memory \[M\]).
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | offsets, bits, reset values | SVD | `registers_read_back_what_exists` |
//! | an own address is acknowledged if ACK is 1; ADDR after its ninth bit, SCL held until SR1 then SR2 are read | RM0008 §26.3.2, §26.6.6 | `addr_holds_scl_until_sr1_and_sr2_are_read` |
//! | OAR1 and OAR2 with ENDUAL (DUALF), general call with ENGC (GENCALL), 10-bit addresses with ADDMODE | RM0008 §26.6.3, .4, .7 | `second_address_and_general_call`, `ten_bit_addresses` |
//! | TRA is the last bit of the address; BUSY from START to STOP, whoever is spoken to | RM0008 §26.6.7 | `busy_while_others_speak` |
//! | RXNE after the ninth bit of a byte, cleared by reading DR | RM0008 §26.3.2, §26.6.6 | `bytes_arrive_in_dr` |
//! | a second byte while RXNE is 1: BTF, SCL held until DR is read; nothing is lost | RM0008 §26.3.2 | `two_bytes_wait_and_scl_is_held` |
//! | NOSTRETCH: OVR instead, the new byte is lost, though it was acknowledged | RM0008 §26.3.4 \[S\] | `without_stretching_a_byte_is_overrun` |
//! | TXE after ADDR is cleared, and whenever DR is empty; SCL held until DR is written; BTF if that is after a byte | RM0008 §26.3.2 (EV3-1, EV3) | `a_read_waits_for_data` |
//! | NOSTRETCH and nothing in DR: OVR, the same byte goes out again | RM0008 §26.3.4 \[S\] | `without_stretching_the_same_byte_goes_out_again` |
//! | a byte that the master does not acknowledge: AF, lines released, no STOPF; AF is cleared by writing 0 | RM0008 §26.3.4 \[S\], §26.6.6 | `a_read_waits_for_data` |
//! | STOPF after STOP if we were a receiver that acknowledged, cleared by a read of SR1 and a write of CR1 | RM0008 §26.6.6 | `stopf_is_cleared_by_sr1_then_cr1` |
//! | EV: SB, ADDR, BTF, ADD10, STOPF with ITEVTEN, RXNE and TXE with ITBUFEN too; ER: errors with ITERREN | RM0008 §26.4 | `interrupts_are_levels` |
//! | DMAEN: requests while RXNE, TXE | RM0008 §26.3.7 | `dma_requests_are_levels` |
//! | PE 0 clears ACK, START, STOP and all flags; ACK cannot be set then | RM0008 §26.6.1 | `ack_needs_pe` |
//! | SWRST: everything at its reset value while it is 1 | RM0008 §26.6.1 | `software_reset` |
//! | master: START when the bus is free sets SB; SR1 then DR sends the address; ADDR or AF; TXE and BTF, RXNE and BTF; SCL is low while it waits for firmware | RM0008 §26.3.3 | `a_master_writes`, `a_master_reads_three`, `nobody_answers` |
//! | STOP and START come after the byte in progress, and are cleared when they are out | RM0008 §26.6.1 | `a_master_reads_one`, `a_repeated_start` |
//! | ACK is looked at in the ninth bit; with POS as it was one byte before | RM0008 §26.6.1 (the two-byte method) | `a_master_reads_two` |
//! | SCL from CCR, F/S and DUTY | RM0008 §26.6.8 | `scl_follows_ccr` |
//! | without clock, pins or PE it hears nothing; a finding | RM0008 ch. 7, 9 | `a_bus_that_does_not_reach_it` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | a 10-bit address as master | no device here has one | finding; nobody answers |
//! | LAST: the end of DMA refuses the last byte | no scenario uses it | firmware's ACK counts |
//! | SMBus, PEC, ARP, alert, TIMEOUT | no scenario uses them | unmodelled; finding |
//! | BERR and ARLO | the host makes no misplaced START or STOP; arbitration is left out | they stay 0; a finding if a host speaks while the chip is master |
//! | PE cleared in mid-transfer | the manual lets the transfer end first; firmware is not to do it | the lines are let go at once, what was not read is lost |
//! | a byte that was received with ACK 0 | the manual does not say whether RXNE comes | it does \[D\]: a master reads its last byte so |
//! | a byte in DR that the master did not want | the manual does not say what becomes of it | it is forgotten when the read ends \[D\]: EV3-1 finds DR empty each time |
//! | setup time of data behind a stretch, FLTR | below 1 us | SCL rises at once; FLTR keeps its bits |

mod bits;
mod master;
mod registers;
mod slave;

use super::lines::Lines;
use super::master::{MASTER, MasterBus};
use super::port::{I2cAnswer, I2cPort, I2cStep};
use crate::chip::PeripheralSpec;
use crate::log::Fate;
use crate::periph::build::{BuildError, int};
use crate::periph::registers::name_of;
use crate::periph::{Cx, Peripheral, Refusal, Register};
use crate::wire::I2cDevice;
use bits::{Cr1, Cr2, NAMES, Sr1, Sr2, TRISE_RESET};
use master::Master;
use slave::{Role, Slave};

/// An I2C controller of the older kind.
#[derive(Clone, Debug)]
pub(in crate::periph) struct I2cV1 {
    lines: Lines,
    /// FLTR exists (F4 from the F42x on).
    has_fltr: bool,
    cr1: Cr1,
    cr2: Cr2,
    oar1: u32,
    oar2: u32,
    /// What a read of DR shows.
    dr: u8,
    sr1: Sr1,
    sr2: Sr2,
    ccr: u32,
    trise: u32,
    fltr: u32,
    /// Flags that the last read of SR1 showed, for the sequences that clear them.
    seen: Sr1,
    slave: Slave,
    master: Master,
    bus: MasterBus,
}

impl I2cV1 {
    pub(in crate::periph) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Ok(Self {
            lines: Lines::build(spec)?,
            has_fltr: int(spec, "fltr")?.is_some_and(|n| n != 0),
            cr1: Cr1::empty(),
            cr2: Cr2::empty(),
            oar1: 0,
            oar2: 0,
            dr: 0,
            sr1: Sr1::empty(),
            sr2: Sr2::empty(),
            ccr: 0,
            trise: TRISE_RESET,
            fltr: 0,
            seen: Sr1::empty(),
            slave: Slave::default(),
            master: Master::default(),
            bus: MasterBus::new(),
        })
    }

    /// PE becomes 0: the lines are let go, flags go, settings stay.
    fn disable(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        self.drop_slave(cx, fate);
        self.drop_master(cx, fate);
        (self.sr1, self.sr2, self.seen) = (Sr1::empty(), Sr2::empty(), Sr1::empty());
    }

    fn reset_state(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        self.disable(cx, fate);
        (self.cr1, self.cr2) = (Cr1::empty(), Cr2::empty());
        (self.oar1, self.oar2, self.dr) = (0, 0, 0);
        (self.ccr, self.trise, self.fltr) = (0, TRISE_RESET, 0);
    }

    fn drive(&mut self, cx: &mut Cx<'_>) {
        let on = |enable| self.cr2.contains(enable);
        let buffer = on(Cr2::ITBUFEN) && self.sr1.intersects(Sr1::BUFFER);
        let event = on(Cr2::ITEVTEN) && (self.sr1.intersects(Sr1::EVENTS) || buffer);
        let error = on(Cr2::ITERREN) && self.sr1.intersects(Sr1::ERRORS);
        let rx = on(Cr2::DMAEN) && self.sr1.contains(Sr1::RXNE);
        let tx = on(Cr2::DMAEN) && self.sr1.contains(Sr1::TXE);
        let hold = self.slave_hold();
        self.lines.drive(cx, (event, error), (rx, tx), hold);
    }
}

impl I2cPort for I2cV1 {
    fn attach(&mut self, device: I2cDevice) {
        self.bus.attach(device);
    }

    fn devices(&self) -> &[I2cDevice] {
        self.bus.devices()
    }

    fn step(&mut self, cx: &mut Cx<'_>, step: I2cStep) -> I2cAnswer {
        if self.is_master() {
            return self.lines.two_masters(cx);
        }
        let deaf = self.deaf(cx);
        if let (Some(why), I2cStep::Start) = (deaf, step) {
            self.lines.tell_deaf(cx, why);
        }
        // A transfer that has begun goes on; a START that is not heard begins none.
        let lost = deaf.is_some() && matches!(step, I2cStep::Start);
        if lost {
            self.slave.role = Role::Idle;
            return I2cAnswer::default();
        }
        let mut answer = self.slave_step(cx, step);
        if !answer.acknowledged {
            answer.why = deaf.or(answer.why);
        }
        self.advance(cx);
        self.drive(cx);
        answer.hold = self.slave_hold();
        answer
    }
}

impl Peripheral for I2cV1 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        let value = self.read_register(cx, reg.offset)?;
        self.advance(cx);
        self.drive(cx);
        Ok(value)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let result = self.write_register(cx, reg, value);
        self.advance(cx);
        self.drive(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        if token == MASTER {
            self.master_event(cx);
        }
        self.advance(cx);
        self.drive(cx);
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.reset_state(cx, Fate::Reset);
        self.drive(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn i2c(&mut self) -> Option<&mut dyn I2cPort> {
        Some(self)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
