//! General-purpose I/O, the block with MODER (F3, L1, L4, F4).
//!
//! Sources: svd/STM32F303.svd (offsets), RM0364 ch. 9 (F334, same block). The reset values of ports A and B are in the chip file.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | MODER, OTYPER, OSPEEDR, PUPDR, AFRL, AFRH | SVD | `registers_read_back_what_exists` |
//! | BSRR sets before it resets, BRR resets | RM0364 GPIOx_BSRR | `a_bit_that_is_set_and_reset_at_once_is_set` |
//! | IDR follows the board, else the output, else the pull | RM0364 §input, §output configuration | `idr_follows_board_output_and_pull` |
//! | an open-drain output that is 1 follows its pull | RM0364 §output configuration | `an_open_drain_one_is_left_to_the_pull` |
//! | analog mode cuts the input off | RM0364 §analog configuration | `an_analog_pin_reads_zero` |
//! | no BRR on the F4 (chip file: `brr`) | svd/STM32F429.svd | `the_f4_has_no_brr` |
//! | LCKR: write 1, 0, 1 with the same pins, then read | RM0364 GPIOx_LCKR | `a_locked_pin_keeps_its_configuration` |
//! | ASCR (L47x) keeps what is written | cmsis_device_l4; it connects pins to the ADC | `ascr_is_on_the_l476_only` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | levels that a peripheral drives in alternate mode | wires talk to peripherals, not to pins | the pin reads its pull |
//! | a floating input | has no level | reads 0 |
//! | two drivers on one pin | electrical | the board's level wins, finding `pin-contention` |
//! | port speed | no slopes here | bits are kept |

use crate::chip::{Param, PeripheralSpec};
use crate::periph::build::{BuildError, int, word};
use crate::periph::pins::tell_watchers;
use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Pin, PinMode, Refusal, Register, Signal};

const MODER: u32 = 0x00;
const OTYPER: u32 = 0x04;
const OSPEEDR: u32 = 0x08;
const PUPDR: u32 = 0x0C;
const IDR: u32 = 0x10;
const ODR: u32 = 0x14;
const BSRR: u32 = 0x18;
const LCKR: u32 = 0x1C;
const AFRL: u32 = 0x20;
const AFRH: u32 = 0x24;
const BRR: u32 = 0x28;
/// Analog switch (L47x, L48x).
const ASCR: u32 = 0x2C;

const NAMES: Names = &[
    (MODER, "MODER"),
    (OTYPER, "OTYPER"),
    (OSPEEDR, "OSPEEDR"),
    (PUPDR, "PUPDR"),
    (IDR, "IDR"),
    (ODR, "ODR"),
    (BSRR, "BSRR"),
    (LCKR, "LCKR"),
    (AFRL, "AFRL"),
    (AFRH, "AFRH"),
    (BRR, "BRR"),
    (ASCR, "ASCR"),
];

/// LCKR.LCKK.
const LCKK: u32 = 1 << 16;
/// The pin bits of a 16-bit register.
const PINS: u32 = 0xFFFF;

/// What a port holds.
#[derive(Clone, Copy, Debug, Default)]
struct Config {
    moder: u32,
    otyper: u32,
    ospeedr: u32,
    pupdr: u32,
    odr: u32,
    afr: [u32; 2],
}

/// How far the lock sequence has come, and for which pins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lock {
    #[default]
    Open,
    /// LCKK was written 1.
    First(u32),
    /// Then 0.
    Second(u32),
    /// Then 1: the next read locks.
    Third(u32),
    Locked(u32),
}

impl Lock {
    pub(super) fn write(self, value: u32) -> Self {
        let (key, pins) = (value & LCKK != 0, value & PINS);
        match (self, key) {
            (Self::Locked(_), _) => self,
            (Self::First(asked), false) if asked == pins => Self::Second(pins),
            (Self::Second(asked), true) if asked == pins => Self::Third(pins),
            (_, true) => Self::First(pins),
            (_, false) => Self::Open,
        }
    }

    pub(super) const fn locked(self) -> u32 {
        if let Self::Locked(pins) = self {
            pins
        } else {
            0
        }
    }

    pub(super) const fn value(self) -> u32 {
        match self {
            Self::Open => 0,
            Self::First(pins) | Self::Second(pins) | Self::Third(pins) => pins,
            Self::Locked(pins) => pins | LCKK,
        }
    }
}

/// One port.
#[derive(Clone, Debug)]
pub(super) struct Gpio {
    port: u8,
    /// There is a BRR (not on the F4).
    has_brr: bool,
    reset: Config,
    config: Config,
    lock: Lock,
    /// The pins in analog mode.
    analog: u32,
    /// ASCR, on parts that have it.
    ascr: Option<u32>,
}

impl Gpio {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let port = port_of(spec)?;
        let reset = Config {
            moder: word(spec, "moder")?,
            ospeedr: word(spec, "ospeedr")?,
            pupdr: word(spec, "pupdr")?,
            ..Config::default()
        };
        Ok(Self {
            port,
            has_brr: int(spec, "brr")? != Some(0),
            reset,
            config: reset,
            lock: Lock::Open,
            analog: 0,
            ascr: (word(spec, "ascr")? != 0).then_some(0),
        })
    }

    fn value(&self, cx: &Cx<'_>, offset: u32) -> Option<u32> {
        let c = &self.config;
        Some(match offset {
            MODER => c.moder,
            OTYPER => c.otyper,
            OSPEEDR => c.ospeedr,
            PUPDR => c.pupdr,
            IDR => self.input(cx),
            ODR => c.odr,
            // Write-only registers read 0.
            BSRR => 0,
            BRR if self.has_brr => 0,
            LCKR => self.lock.value(),
            AFRL => c.afr[0],
            AFRH => c.afr[1],
            ASCR => return self.ascr,
            _ => return None,
        })
    }

    /// The levels at the inputs that are not cut off.
    fn input(&self, cx: &Cx<'_>) -> u32 {
        let levels = cx.shared.pins.input.get(usize::from(self.port));
        levels.map_or(0, |levels| u32::from(*levels)) & !self.analog
    }

    const fn pin(&self, number: u8) -> Pin {
        Pin {
            port: self.port,
            number,
        }
    }

    fn mode(&self, number: u8) -> PinMode {
        let n = u32::from(number);
        match field(self.config.moder, 2 * n, 2) {
            0 => PinMode::Input,
            1 => PinMode::Output,
            2 => PinMode::Alternate(
                field(self.config.afr[usize::from(number >> 3)], 4 * (n & 7), 4) as u8,
            ),
            _ => PinMode::Analog,
        }
    }

    /// The level that the chip itself gives a pin that nobody else drives.
    fn own_level(&self, number: u8) -> bool {
        let n = u32::from(number);
        let high = field(self.config.odr, n, 1) != 0;
        let open_drain = field(self.config.otyper, n, 1) != 0;
        let pulled_up = field(self.config.pupdr, 2 * n, 2) == 1;
        match self.mode(number) {
            PinMode::Output if open_drain => high && pulled_up,
            PinMode::Output => high,
            PinMode::Input | PinMode::Alternate(_) => pulled_up,
            PinMode::Analog => false,
        }
    }

    /// Tells everyone about modes and levels after the configuration changed.
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

    /// Tells everyone about the levels of `pins`. Firmware toggles outputs in tight loops, so this looks at no others.
    fn publish_levels(&self, cx: &mut Cx<'_>, pins: u32) {
        let mut left = pins;
        while left != 0 {
            let number = left.trailing_zeros() as u8;
            left &= left - 1;
            publish_pin(
                cx,
                self.pin(number),
                self.own_level(number),
                self.pushes(number),
            );
        }
        if let Some(slot) = cx.shared.pins.output.get_mut(usize::from(self.port)) {
            *slot = (self.config.odr & PINS) as u16;
        }
        tell_watchers(cx, self.port);
    }

    fn pushes(&self, number: u8) -> bool {
        self.mode(number) == PinMode::Output && field(self.config.otyper, number.into(), 1) == 0
    }

    /// `new` where the pin is not locked, `old` where it is. `width` bits a pin, the first pin is `first`.
    fn unlocked(&self, old: u32, new: u32, width: u32, first: u32) -> u32 {
        let locked = self.lock.locked();
        let frozen: u32 = (0..32 / width)
            .filter(|n| locked >> ((n + first) & 31) & 1 != 0)
            .map(|n| ((1 << width) - 1) << (n * width))
            .sum();
        old & frozen | new & !frozen
    }
}

/// Tells everyone about the level that the chip gives `pin`; `pushes` if its output stage would fight another driver.
pub(super) fn publish_pin(cx: &mut Cx<'_>, pin: Pin, own: bool, pushes: bool) {
    if !cx.shared.pins.is_driven(pin) {
        if cx.shared.pins.set_level(pin, own) {
            cx.send(Signal::PinChanged {
                pin,
                high: own,
                unit: None,
            });
        }
    } else if pushes && own != cx.shared.pins.level(pin) {
        let (name, number) = ((b'A' + pin.port) as char, pin.number);
        cx.find("pin-contention", || {
            format!("P{name}{number} is an output, and the board drives it the other way")
        });
    }
}

/// Reads the parameter `port`, a letter.
pub(super) fn port_of(spec: &PeripheralSpec) -> Result<u8, BuildError> {
    match spec.params.get("port") {
        Some(Param::Text(name)) => match name.as_bytes() {
            [letter @ b'A'..=b'K'] => Ok(letter - b'A'),
            _ => Err(BuildError::bad(spec, "`port` must be a letter, A to K")),
        },
        _ => Err(BuildError::missing(spec, "`port`")),
    }
}

impl Peripheral for Gpio {
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
        let c = self.config;
        match reg.offset {
            MODER => self.config.moder = self.unlocked(c.moder, new, 2, 0),
            OTYPER => self.config.otyper = self.unlocked(c.otyper, new & PINS, 1, 0),
            OSPEEDR => self.config.ospeedr = self.unlocked(c.ospeedr, new, 2, 0),
            PUPDR => self.config.pupdr = self.unlocked(c.pupdr, new, 2, 0),
            ODR => self.config.odr = new & PINS,
            BSRR => self.config.odr = c.odr & !(new >> 16) | new & PINS,
            BRR => self.config.odr = c.odr & !(new & PINS),
            LCKR => self.lock = self.lock.write(new),
            AFRL => self.config.afr[0] = self.unlocked(c.afr[0], new, 4, 0),
            AFRH => self.config.afr[1] = self.unlocked(c.afr[1], new, 4, 8),
            ASCR => self.ascr = Some(new & PINS),
            // IDR is read-only.
            _ => {}
        }
        match reg.offset {
            ODR | BSRR | BRR => self.publish_levels(cx, c.odr ^ self.config.odr),
            LCKR | IDR | ASCR => {}
            _ => self.publish(cx),
        }
        Ok(())
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.config = self.reset;
        self.lock = Lock::Open;
        self.ascr = self.ascr.map(|_| 0);
        self.publish(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset).filter(|_| offset != BRR || self.has_brr)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
