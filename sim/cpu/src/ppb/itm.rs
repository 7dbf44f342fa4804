//! The instrumentation trace macrocell, as far as firmware that prints over it needs to not hang.

const PORTS: u32 = 0x080;
const TER: u32 = 0xE00;
const TPR: u32 = 0xE40;
const TCR: u32 = 0xE80;
/// CoreSight lock access and lock status registers.
const LAR: u32 = 0xFB0;
const LSR: u32 = 0xFB4;

/// TCR.ITMENA.
const ITMENA: u32 = 1;

/// ITM registers: kept, but nothing is ever traced.
#[derive(Clone, Debug, Default)]
pub(crate) struct Itm {
    ter: u32,
    tpr: u32,
    tcr: u32,
}

impl Itm {
    /// May unprivileged code access this? Stimulus ports whose group of eight TPR leaves open.
    pub(crate) const fn is_user_port(&self, offset: u32) -> bool {
        offset < PORTS && self.tpr & 1 << (offset / 32) == 0
    }

    /// Reads the register at `offset`; `None` if it is not modelled.
    pub(crate) const fn read(&self, offset: u32, trace_enabled: bool) -> Option<u32> {
        match offset {
            // FIFOREADY: what is written goes nowhere, so there is always room.
            0..PORTS => {
                let on =
                    trace_enabled && self.tcr & ITMENA != 0 && self.ter & 1 << (offset / 4) != 0;
                Some(on as u32)
            }
            TER => Some(self.ter),
            TPR => Some(self.tpr),
            TCR => Some(self.tcr),
            LSR => Some(0),
            _ => None,
        }
    }

    /// Writes the register at `offset`; false if it is not modelled, as trace output is not.
    pub(crate) const fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            TER => self.ter = value,
            TPR => self.tpr = value & 0xF,
            TCR => self.tcr = value,
            LAR => {}
            _ => return false,
        }
        true
    }
}
