//! Fault confinement: the two error counters and what follows from them (Bosch CAN 2.0 §8; RM0090 CAN_ESR).

use super::bits::Esr;

/// CAN_ESR.LEC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lec {
    Stuff = 1,
    Acknowledgement = 3,
    BitRecessive = 4,
    BitDominant = 5,
}

/// From here on EWGF.
const WARNING: u16 = 96;
/// Above it a node is error passive.
const PASSIVE: u16 = 127;
/// Above it a node is off the bus.
const BUS_OFF: u16 = 255;
/// What a transmit error adds.
const TRANSMIT_ERROR: u16 = 8;

/// A transmit error counter as nodes have it, ours and others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TransmitErrors(u16);

impl TransmitErrors {
    pub(super) const fn is_passive(self) -> bool {
        self.0 > PASSIVE
    }

    pub(super) const fn is_bus_off(self) -> bool {
        self.0 > BUS_OFF
    }

    pub(super) const fn success(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }

    pub(super) const fn error(&mut self) {
        self.0 += TRANSMIT_ERROR;
    }

    /// Nobody acknowledged: an error passive node that sees no dominant bit during its flag does not count it, so that a
    /// node that is alone never leaves the bus.
    pub(super) const fn not_acknowledged(&mut self) {
        if !self.is_passive() {
            self.error();
        }
    }
}

/// The counters of this controller, and CAN_ESR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Errors {
    transmit: TransmitErrors,
    receive: u16,
    lec: u32,
    bus_off: bool,
}

impl Errors {
    pub(super) const fn is_bus_off(&self) -> bool {
        self.bus_off
    }

    pub(super) const fn is_passive(&self) -> bool {
        self.transmit.is_passive() || self.receive > PASSIVE
    }

    pub(super) fn flags(&self) -> Esr {
        let mut flags = Esr::empty();
        flags.set(
            Esr::EWGF,
            self.transmit.0 >= WARNING || self.receive >= WARNING,
        );
        flags.set(Esr::EPVF, self.is_passive());
        flags.set(Esr::BOFF, self.bus_off);
        flags
    }

    /// CAN_ESR. TEC has eight bits.
    pub(super) fn esr(&self) -> u32 {
        self.flags().bits()
            | self.lec << 4
            | u32::from(self.transmit.0.min(BUS_OFF)) << 16
            | u32::from(self.receive) << 24
    }

    /// Firmware writes LEC.
    pub(super) const fn write_lec(&mut self, lec: u32) {
        self.lec = lec & 0b111;
    }

    pub(super) const fn sent(&mut self) {
        self.lec = 0;
        self.transmit.success();
    }

    pub(super) const fn received(&mut self) {
        self.lec = 0;
        self.receive = match self.receive {
            0 => 0,
            // A value between 119 and 127 is the rule.
            n if n > PASSIVE => PASSIVE,
            n => n - 1,
        };
    }

    pub(super) const fn receive_error(&mut self, lec: Lec) {
        self.lec = lec as u32;
        if self.receive < BUS_OFF {
            self.receive += 1;
        }
    }

    pub(super) const fn transmit_error(&mut self, lec: Lec) {
        self.lec = lec as u32;
        match lec {
            Lec::Acknowledgement => self.transmit.not_acknowledged(),
            _ => self.transmit.error(),
        }
        self.bus_off |= self.transmit.is_bus_off();
    }

    /// 128 times 11 recessive bits have gone by.
    pub(super) fn recover(&mut self) {
        *self = Self {
            lec: self.lec,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_node_becomes_passive_and_stays_on_the_bus() {
        let mut errors = Errors::default();
        for _ in 0..12 {
            errors.transmit_error(Lec::Acknowledgement);
        }
        assert_eq!(errors.flags(), Esr::EWGF);
        for _ in 0..1_000 {
            errors.transmit_error(Lec::Acknowledgement);
        }
        assert_eq!(errors.flags(), Esr::EWGF | Esr::EPVF);
        assert_eq!(errors.esr(), 128 << 16 | 3 << 4 | 0b11);
    }

    #[test]
    fn bit_errors_lead_to_bus_off_after_32() {
        let mut errors = Errors::default();
        for _ in 0..31 {
            errors.transmit_error(Lec::BitDominant);
        }
        assert!(!errors.is_bus_off());
        errors.transmit_error(Lec::BitDominant);
        assert_eq!(errors.flags(), Esr::all());
        errors.recover();
        assert_eq!(errors.esr(), 5 << 4, "the last error code stays");
    }

    #[test]
    fn counters_go_down_again() {
        let mut errors = Errors::default();
        for _ in 0..130 {
            errors.receive_error(Lec::Stuff);
        }
        assert!(errors.is_passive());
        errors.received();
        assert_eq!(errors.esr() >> 24, 127);
        errors.received();
        assert_eq!(errors.esr() >> 24, 126);
        errors.transmit_error(Lec::BitRecessive);
        errors.sent();
        assert_eq!(errors.esr() >> 16 & 0xFF, 7);
    }
}
