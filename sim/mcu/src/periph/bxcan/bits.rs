//! Registers and bits of bxCAN by the manual's names (svd/STM32F103.svd; reference/can.md §1).

use bitflags::bitflags;

use crate::periph::registers::Names;

pub(super) const MCR: u32 = 0x000;
pub(super) const MSR: u32 = 0x004;
pub(super) const TSR: u32 = 0x008;
pub(super) const RF0R: u32 = 0x00C;
pub(super) const RF1R: u32 = 0x010;
pub(super) const IER: u32 = 0x014;
pub(super) const ESR: u32 = 0x018;
pub(super) const BTR: u32 = 0x01C;
/// First register of mailbox 0; each of three has TIR, TDTR, TDLR, TDHR.
pub(super) const TI0R: u32 = 0x180;
pub(super) const TDH2R: u32 = 0x1AC;
/// First register of the output of FIFO 0; each of two has RIR, RDTR, RDLR, RDHR.
pub(super) const RI0R: u32 = 0x1B0;
pub(super) const RDH1R: u32 = 0x1CC;
pub(super) const FMR: u32 = 0x200;
pub(super) const FM1R: u32 = 0x204;
pub(super) const FS1R: u32 = 0x20C;
pub(super) const FFA1R: u32 = 0x214;
pub(super) const FA1R: u32 = 0x21C;
/// First register of filter bank 0; each has FR1 and FR2.
pub(super) const F0R1: u32 = 0x240;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (MCR, "MCR"),
    (MSR, "MSR"),
    (TSR, "TSR"),
    (RF0R, "RF0R"),
    (RF1R, "RF1R"),
    (IER, "IER"),
    (ESR, "ESR"),
    (BTR, "BTR"),
    (TI0R, "TI0R"),
    (0x184, "TDT0R"),
    (0x188, "TDL0R"),
    (0x18C, "TDH0R"),
    (0x190, "TI1R"),
    (0x194, "TDT1R"),
    (0x198, "TDL1R"),
    (0x19C, "TDH1R"),
    (0x1A0, "TI2R"),
    (0x1A4, "TDT2R"),
    (0x1A8, "TDL2R"),
    (TDH2R, "TDH2R"),
    (RI0R, "RI0R"),
    (0x1B4, "RDT0R"),
    (0x1B8, "RDL0R"),
    (0x1BC, "RDH0R"),
    (0x1C0, "RI1R"),
    (0x1C4, "RDT1R"),
    (0x1C8, "RDL1R"),
    (RDH1R, "RDH1R"),
    (FMR, "FMR"),
    (FM1R, "FM1R"),
    (FS1R, "FS1R"),
    (FFA1R, "FFA1R"),
    (FA1R, "FA1R"),
];

bitflags! {
    /// CAN_MCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Mcr: u32 {
        const INRQ = 1 << 0;
        const SLEEP = 1 << 1;
        const TXFP = 1 << 2;
        const RFLM = 1 << 3;
        const NART = 1 << 4;
        const AWUM = 1 << 5;
        const ABOM = 1 << 6;
        const TTCM = 1 << 7;
        const RESET = 1 << 15;
        const DBF = 1 << 16;
    }

    /// CAN_MSR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Msr: u32 {
        const INAK = 1 << 0;
        const SLAK = 1 << 1;
        const ERRI = 1 << 2;
        const WKUI = 1 << 3;
        const SLAKI = 1 << 4;
        const TXM = 1 << 8;
        const RXM = 1 << 9;
        const SAMP = 1 << 10;
        const RX = 1 << 11;
    }

    /// One byte of CAN_TSR, without what stands above all three.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Tsr: u32 {
        const RQCP = 1 << 0;
        const TXOK = 1 << 1;
        const ALST = 1 << 2;
        const TERR = 1 << 3;
        const ABRQ = 1 << 7;
    }

    /// CAN_RFxR without FMP.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Rfr: u32 {
        const FULL = 1 << 3;
        const FOVR = 1 << 4;
        const RFOM = 1 << 5;
    }

    /// CAN_IER.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Ier: u32 {
        const TMEIE = 1 << 0;
        const FMPIE0 = 1 << 1;
        const FFIE0 = 1 << 2;
        const FOVIE0 = 1 << 3;
        const FMPIE1 = 1 << 4;
        const FFIE1 = 1 << 5;
        const FOVIE1 = 1 << 6;
        const EWGIE = 1 << 8;
        const EPVIE = 1 << 9;
        const BOFIE = 1 << 10;
        const LECIE = 1 << 11;
        const ERRIE = 1 << 15;
        const WKUIE = 1 << 16;
        const SLKIE = 1 << 17;
    }

    /// The flags of CAN_ESR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Esr: u32 {
        const EWGF = 1 << 0;
        const EPVF = 1 << 1;
        const BOFF = 1 << 2;
    }
}

impl Mcr {
    /// Asleep, and frozen by the debugger.
    pub(super) const RESET_VALUE: Self = Self::SLEEP.union(Self::DBF);
}

/// CAN_BTR after reset.
pub(super) const BTR_RESET: u32 = 0x0123_0000;
/// CAN_BTR: the bits that exist.
pub(super) const BTR_MASK: u32 = 0xC37F_03FF;
/// CAN_BTR.LBKM.
pub(super) const LBKM: u32 = 1 << 30;
/// CAN_BTR.SILM.
pub(super) const SILM: u32 = 1 << 31;
/// TIxR.TXRQ.
pub(super) const TXRQ: u32 = 1 << 0;
/// RTR in TIxR, RIxR and 32-bit filters.
pub(super) const RTR: u32 = 1 << 1;
/// IDE in the same.
pub(super) const IDE: u32 = 1 << 2;
/// TDTxR: DLC and TGT and TIME.
pub(super) const TDTR_MASK: u32 = 0xFFFF_010F;
/// TDTxR.TGT.
pub(super) const TGT: u32 = 1 << 8;
