//! I2C with ISR and ICR (F3, L4).
//!
//! Sources: svd/STM32F303.svd (offsets, bits), RM0316 ch. 28; the sections on data transfer and overrun were read in RM0440 §41.4.7 and RM0091 §23 (same
//! block) \[S proxy\], the rest is from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | offsets, bits, reset values | SVD | `registers_read_back_what_exists` |
//! | an own address is acknowledged; ADDR, DIR and ADDCODE after its ninth bit, SCL held until ADDRCF | RM0316 §28.4.8, §28.7.7 | `addr_holds_scl_until_it_is_cleared` |
//! | OA1 with 7 or 10 bits, OA2 with its mask (reserved addresses never match through it), GCEN | RM0316 §28.7.3, .4, .1 | `addresses_and_masks`, `ten_bit_addresses` |
//! | a byte goes to RXDR after its eighth bit if RXNE is 0; else SCL is held between the eighth and the ninth bit until RXDR is read | RM0440 §41.4.7 \[S proxy\] | `a_second_byte_waits_before_its_acknowledgement` |
//! | NOSTRETCH: OVR instead, the new byte is lost, and not acknowledged | RM0091 §23 \[S proxy\] | `without_stretching_a_byte_is_overrun_and_refused` |
//! | TXDR goes to the shift register after the ninth bit; SCL held while there is nothing in it | RM0440 §41.4.7 \[S proxy\] | `a_read_waits_for_data` |
//! | NOSTRETCH and nothing in TXDR: OVR, 0xFF goes out; OVR also if STOPF is still set | RM0091 §23 \[S proxy\] | `without_stretching_ones_go_out` |
//! | what a master did not want stays in TXDR; writing 1 to TXE throws it away | RM0316 §28.4.8 | `what_was_not_wanted_stays_in_txdr` |
//! | NACKF when the master wants no more; STOPF at STOP if we were addressed | RM0316 §28.7.7 | `a_read_waits_for_data` |
//! | CR2.NACK refuses the next byte | RM0316 §28.7.2 | `nack_refuses_the_next_byte` |
//! | master: START sends START and address, and is cleared; TXIS for each byte, RXNE after each; SCL is low while it waits for firmware | RM0316 §28.4.9 | `a_master_writes`, `a_master_reads` |
//! | NBYTES: RELOAD leads to TCR, AUTOEND to STOP, else TC until START or STOP; the last byte of a read is refused | RM0316 §28.4.9 | `reload_and_restart`, `a_master_reads` |
//! | a refusal sets NACKF and sends STOP | RM0316 §28.4.9 | `nobody_answers` |
//! | SCL from TIMINGR, with two clocks of synchronisation in each phase | RM0316 §28.4.10; the delay of the filters is left out | `a_master_writes` |
//! | SBC with RELOAD: TCR after NBYTES bytes, SCL held before the ninth bit until NBYTES is written | RM0316 §28.4.8 | `slave_byte_control` |
//! | TIMEOUTA, TIMEOUTB: TIMEOUT, and the lines are let go | RM0316 §28.4.13 | `timeouts_let_the_lines_go` |
//! | EV: TXIS, RXNE, ADDR, NACKF, STOPF, TC and TCR with their enables; ER: errors with ERRIE | RM0316 §28.6 | `interrupts_are_levels` |
//! | RXDMAEN, TXDMAEN: requests while RXNE, TXIS | RM0316 §28.4.16 | `dma_requests_are_levels` |
//! | PE 0: flags and requests take their reset values, settings stay | RM0316 §28.4.6 | `switching_off_is_a_software_reset` |
//! | NOSTRETCH, filters and own addresses cannot be changed while on | RM0316 §28.7.1, .3 | `some_settings_are_frozen` |
//! | it hears nothing without clock, kernel clock, pins or PE; a finding | RM0316 ch. 9, 11 | `a_bus_that_does_not_reach_it` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | 10-bit addresses as master, HEAD10R | no device here has one | finding; the low seven bits go out |
//! | TIMEOUTA and TIMEOUTB as master | no device here holds SCL | never |
//! | SMBus host and device addresses, PEC, alert, wake-up, idle detection | no scenario uses them | unmodelled; finding |
//! | BERR and ARLO | the host makes no misplaced START or STOP; arbitration is left out | they stay 0; a finding if a host speaks while the chip is master |
//! | SBC while it transmits | no scenario uses it | bytes are not counted |
//! | SCLDEL and SDADEL behind a stretch, PE that is low for less than three clocks | below 1 us | SCL rises at once; PE 0 resets at once |

mod bits;
mod master;
mod registers;
mod slave;
mod timeouts;

use super::lines::Lines;
use super::master::{MASTER, MasterBus};
use super::port::{I2cAnswer, I2cPort, I2cStep};
use crate::Hertz;
use crate::chip::PeripheralSpec;
use crate::log::Fate;
use crate::periph::build::{BuildError, int};
use crate::periph::registers::name_of;
use crate::periph::{Cx, Peripheral, Refusal, Register};
use crate::wire::I2cDevice;
use bits::{Cr1, Cr2, Isr, NAMES};
use master::Master;
use slave::{Role, Slave};
use timeouts::{TIMEOUT, Timeouts};

/// An I2C controller of the newer kind.
#[derive(Clone, Debug)]
pub(in crate::periph) struct I2cV2 {
    lines: Lines,
    /// Index of its clock in [`ClockTree::i2c`](crate::ClockTree::i2c).
    kernel: usize,
    cr1: Cr1,
    cr2: Cr2,
    oar1: u32,
    oar2: u32,
    timingr: u32,
    timeoutr: u32,
    isr: Isr,
    addcode: u32,
    rxdr: u8,
    /// Bytes until TCR.
    left: u32,
    slave: Slave,
    master: Master,
    bus: MasterBus,
    timeouts: Timeouts,
}

impl I2cV2 {
    pub(in crate::periph) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let kernel = match int(spec, "kernel")? {
            Some(n @ 1..=4) => n as usize - 1,
            _ => return Err(BuildError::missing(spec, "`kernel`, 1 to 4")),
        };
        Ok(Self {
            lines: Lines::build(spec)?,
            kernel,
            cr1: Cr1::empty(),
            cr2: Cr2::empty(),
            oar1: 0,
            oar2: 0,
            timingr: 0,
            timeoutr: 0,
            isr: Isr::empty(),
            addcode: 0,
            rxdr: 0,
            left: 0,
            slave: Slave::default(),
            master: Master::default(),
            bus: MasterBus::new(),
            timeouts: Timeouts::default(),
        })
    }

    fn rate(&self, cx: &Cx<'_>) -> Hertz {
        let rates = cx.shared.clocks.i2c;
        rates.get(self.kernel).copied().unwrap_or(Hertz::STOPPED)
    }

    /// PE becomes 0: the lines are let go, flags and requests go, settings stay.
    fn software_reset(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        self.drop_slave(cx, fate);
        self.drop_master(cx, fate);
        self.forget_timeout(cx);
        self.isr = Isr::empty();
        self.addcode = 0;
        self.cr2.remove(Cr2::REQUESTS);
    }

    fn drive(&mut self, cx: &mut Cx<'_>) {
        let any = |pairs: &[(Cr1, Isr)]| {
            pairs
                .iter()
                .any(|(enable, flags)| self.cr1.contains(*enable) && self.isr.intersects(*flags))
        };
        let event = any(&[
            (Cr1::TXIE, Isr::TXIS),
            (Cr1::RXIE, Isr::RXNE),
            (Cr1::ADDRIE, Isr::ADDR),
            (Cr1::NACKIE, Isr::NACKF),
            (Cr1::STOPIE, Isr::STOPF),
            (Cr1::TCIE, Isr::TC.union(Isr::TCR)),
        ]);
        let error = any(&[(Cr1::ERRIE, Isr::ERRORS)]);
        let rx = any(&[(Cr1::RXDMAEN, Isr::RXNE)]);
        let tx = any(&[(Cr1::TXDMAEN, Isr::TXIS)]);
        let hold = self.slave_hold();
        self.lines.drive(cx, (event, error), (rx, tx), hold);
    }
}

impl I2cPort for I2cV2 {
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
            self.slave.role = Role::Idle;
            return I2cAnswer::default();
        }
        let mut answer = self.slave_step(cx, step);
        if !answer.acknowledged {
            answer.why = deaf.or(answer.why);
        }
        self.advance(cx);
        self.watch_scl(cx, Some(step));
        self.drive(cx);
        answer.hold = self.slave_hold();
        answer
    }
}

impl Peripheral for I2cV2 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        let value = self.read_register(cx, reg.offset)?;
        self.advance(cx);
        self.watch_scl(cx, None);
        self.drive(cx);
        Ok(value)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let result = self.write_register(cx, reg, value);
        self.advance(cx);
        self.watch_scl(cx, None);
        self.drive(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        match token {
            TIMEOUT => self.timed_out(cx),
            MASTER => self.master_event(cx),
            _ => {}
        }
        self.advance(cx);
        self.watch_scl(cx, None);
        self.drive(cx);
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.software_reset(cx, Fate::Reset);
        (self.cr1, self.cr2) = (Cr1::empty(), Cr2::empty());
        (self.oar1, self.oar2, self.timingr, self.timeoutr) = (0, 0, 0, 0);
        (self.rxdr, self.left) = (0, 0);
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
