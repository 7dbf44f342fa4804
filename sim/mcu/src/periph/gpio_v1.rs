//! General-purpose I/O of the F1: CRL and CRH instead of modes, pulls and alternate functions.
//!
//! Sources: svd/STM32F103.svd (offsets, reset values); RM0008 ch. 9, from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CRL, CRH: MODE and CNF of each pin, floating inputs after reset | SVD; RM0008 GPIOx_CRL | `modes_follow_crl_and_crh` |
//! | an input with a pull follows ODR | RM0008 port bit configuration table | `a_pull_is_chosen_by_odr` |
//! | BSRR sets before it resets, BRR resets | RM0008 GPIOx_BSRR | `bsrr_and_brr` |
//! | analog mode cuts the input off | RM0008 §analog configuration | `modes_follow_crl_and_crh` |
//! | LCKR freezes CRL and CRH of its pins | RM0008 GPIOx_LCKR | `a_locked_pin_keeps_its_mode` |
//! | alternate functions have no number here: AFIO_MAPR chooses the pins | RM0008 ch. 9.3 | `usart_v1` tests |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | levels that a peripheral drives in alternate mode | wires talk to peripherals, not to pins | the pin reads low |
//! | a floating input | has no level | reads 0 |
//! | port speed | no slopes here | bits are kept |

use crate::chip::PeripheralSpec;
use crate::periph::build::BuildError;
use crate::periph::gpio::{Lock, port_of, publish_pin};
use crate::periph::pins::tell_watchers;
use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Pin, PinMode, Refusal, Register};

const CRL: u32 = 0x00;
const CRH: u32 = 0x04;
const IDR: u32 = 0x08;
const ODR: u32 = 0x0C;
const BSRR: u32 = 0x10;
const BRR: u32 = 0x14;
const LCKR: u32 = 0x18;

const NAMES: Names = &[
    (CRL, "CRL"),
    (CRH, "CRH"),
    (IDR, "IDR"),
    (ODR, "ODR"),
    (BSRR, "BSRR"),
    (BRR, "BRR"),
    (LCKR, "LCKR"),
];

/// All pins floating inputs.
const CR_RESET: u32 = 0x4444_4444;
/// The pin bits of a 16-bit register.
const PINS: u32 = 0xFFFF;
/// CNF of an input with a pull resistor.
const PULLED: u32 = 2;

/// One port.
#[derive(Clone, Debug)]
pub(super) struct GpioV1 {
    port: u8,
    /// CRL and CRH.
    cr: [u32; 2],
    odr: u32,
    lock: Lock,
    /// The pins in analog mode.
    analog: u32,
}

impl GpioV1 {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Ok(Self {
            port: port_of(spec)?,
            cr: [CR_RESET; 2],
            odr: 0,
            lock: Lock::default(),
            analog: 0,
        })
    }

    fn value(&self, cx: &Cx<'_>, offset: u32) -> Option<u32> {
        Some(match offset {
            CRL => self.cr[0],
            CRH => self.cr[1],
            IDR => {
                let levels = cx.shared.pins.input.get(usize::from(self.port));
                levels.map_or(0, |levels| u32::from(*levels)) & !self.analog
            }
            ODR => self.odr,
            BSRR | BRR => 0,
            LCKR => self.lock.value(),
            _ => return None,
        })
    }

    /// MODE and CNF of a pin.
    const fn config(&self, number: u8) -> (u32, u32) {
        let bits = field(
            self.cr[(number >> 3 & 1) as usize],
            4 * (number as u32 & 7),
            4,
        );
        (bits & 3, bits >> 2)
    }

    const fn mode(&self, number: u8) -> PinMode {
        match self.config(number) {
            (0, 0) => PinMode::Analog,
            (0, _) => PinMode::Input,
            (_, 0 | 1) => PinMode::Output,
            _ => PinMode::Alternate(0),
        }
    }

    /// The level that the chip itself gives a pin that nobody else drives.
    fn own_level(&self, number: u8) -> bool {
        let high = self.odr >> number & 1 != 0;
        match self.config(number) {
            (0, PULLED) => high,
            // Push-pull; an open drain that is 1 floats.
            (1.., 0) => high,
            _ => false,
        }
    }

    fn publish(&mut self, cx: &mut Cx<'_>) {
        self.analog = (0..16)
            .filter(|&n| self.mode(n) == PinMode::Analog)
            .map(|n| 1 << n)
            .sum();
        if let Some(modes) = cx.shared.pins.mode.get_mut(usize::from(self.port)) {
            for (number, mode) in (0..).zip(modes) {
                *mode = self.mode(number);
            }
        }
        self.publish_levels(cx, PINS);
    }

    fn publish_levels(&self, cx: &mut Cx<'_>, pins: u32) {
        for number in (0..16).filter(|n| pins >> n & 1 != 0) {
            let pin = Pin {
                port: self.port,
                number,
            };
            let pushes = matches!(self.config(number), (1.., 0));
            publish_pin(cx, pin, self.own_level(number), pushes);
        }
        if let Some(slot) = cx.shared.pins.output.get_mut(usize::from(self.port)) {
            *slot = (self.odr & PINS) as u16;
        }
        tell_watchers(cx, self.port);
    }

    /// `new` for the pins that are not locked.
    fn unlocked(&self, n: usize, new: u32) -> u32 {
        let locked = self.lock.locked() >> (8 * n);
        let frozen: u32 = (0..8)
            .filter(|pin| locked >> pin & 1 != 0)
            .map(|pin| 0xF << (4 * pin))
            .sum();
        self.cr[n] & frozen | new & !frozen
    }
}

impl Peripheral for GpioV1 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        if let (LCKR, Lock::Third(pins)) = (reg.offset, self.lock) {
            cx.side_effect();
            self.lock = Lock::Locked(pins);
        }
        self.value(cx, reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let old = self.value(cx, reg.offset).ok_or(Refusal::Unmodelled)?;
        let new = reg.merge(old, value);
        let before = self.odr;
        match reg.offset {
            CRL => self.cr[0] = self.unlocked(0, new),
            CRH => self.cr[1] = self.unlocked(1, new),
            ODR => self.odr = new & PINS,
            BSRR => self.odr = before & !(new >> 16) | new & PINS,
            BRR => self.odr = before & !(new & PINS),
            LCKR => self.lock = self.lock.write(new),
            // IDR is read-only.
            _ => {}
        }
        match reg.offset {
            CRL | CRH => self.publish(cx),
            _ => self.publish_levels(cx, before ^ self.odr),
        }
        Ok(())
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        (self.cr, self.odr, self.lock) = ([CR_RESET; 2], 0, Lock::default());
        self.publish(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::Signal;
    use crate::periph::testbench::Bench;

    fn bench() -> Bench {
        let mut b = Bench::on("stm32f103xb", "GPIOA");
        b.reset();
        b
    }

    #[test]
    fn modes_follow_crl_and_crh() {
        let mut b = bench();
        assert_eq!((b.read(CRL), b.read(CRH)), (CR_RESET, CR_RESET));
        assert_eq!(b.shared.pins.mode[0], [PinMode::Input; 16]);
        // PA0 analog, PA1 push-pull, PA2 open drain, PA3 alternate; PA8 input with a pull.
        b.write(CRL, 0x4444_B710);
        b.write(CRH, 0x4444_4448);
        assert_eq!(
            b.shared.pins.mode[0][..4],
            [
                PinMode::Analog,
                PinMode::Output,
                PinMode::Output,
                PinMode::Alternate(0)
            ]
        );
        b.shared.drive_pin(Pin { port: 0, number: 0 }, true, None);
        b.shared.drive_pin(Pin { port: 0, number: 9 }, true, None);
        assert_eq!(b.read(IDR), 1 << 9, "PA0 is cut off");
    }

    #[test]
    fn a_pull_is_chosen_by_odr() {
        let mut b = bench();
        b.write(CRL, 0x4444_4488);
        b.write(BSRR, 1);
        assert_eq!(b.read(IDR), 1, "PA0 pulled up, PA1 down");
    }

    #[test]
    fn bsrr_and_brr() {
        let mut b = bench();
        b.write(CRL, 0x1111_1151);
        b.write(BSRR, 0x0001_0007);
        assert_eq!(b.read(ODR), 7, "set wins");
        assert_eq!(b.read(IDR), 5, "the open drain of PA1 floats");
        b.write(BRR, 4);
        assert_eq!(b.read(ODR), 3);
    }

    #[test]
    fn who_watches_a_pin_hears_when_the_chip_pulls_it_low() {
        let pin = Pin { port: 0, number: 4 };
        let mut b = bench();
        b.shared.pins.watch(pin);
        let lows = |b: &mut Bench| -> Vec<bool> {
            let sent = std::mem::take(&mut b.sent);
            let low = |signal: &Signal| match signal {
                Signal::ChipDrives { pin: p, low } if *p == pin => Some(*low),
                _ => None,
            };
            sent.iter().filter_map(low).collect()
        };
        // A floating input reads 0, and is not pulled low: an output that is 0 is, though its level stays.
        b.write(CRL, 0x4443_4444);
        assert_eq!(lows(&mut b), [true]);
        b.write(BSRR, 1 << 4);
        assert_eq!(lows(&mut b), [false]);
        b.write(BRR, 1 << 4 | 1 << 5);
        assert_eq!(lows(&mut b), [true]);
        b.write(BRR, 1 << 4);
        assert_eq!(lows(&mut b), [] as [bool; 0], "nothing new");
        b.write(CRL, 0x4444_4444);
        assert_eq!(lows(&mut b), [false], "an input lets go");
    }

    #[test]
    fn a_locked_pin_keeps_its_mode() {
        let mut b = bench();
        for value in [0x1_0200, 0x200, 0x1_0200] {
            b.write(LCKR, value);
        }
        assert_eq!(b.read(LCKR), 0x1_0200);
        b.write(CRH, 0);
        assert_eq!(b.read(CRH), 0x40, "PA9 is frozen");
    }
}
