//! Registers and bits of the USART with ISR, ICR, RDR and TDR ("v3": F3, L4), by the manual's names
//! (svd/STM32F303.svd; reference/serial.md §1).

use bitflags::bitflags;

use crate::periph::registers::Names;

pub(super) const CR1: u32 = 0x00;
pub(super) const CR2: u32 = 0x04;
pub(super) const CR3: u32 = 0x08;
pub(super) const BRR: u32 = 0x0C;
pub(super) const GTPR: u32 = 0x10;
pub(super) const RTOR: u32 = 0x14;
pub(super) const RQR: u32 = 0x18;
pub(super) const ISR: u32 = 0x1C;
pub(super) const ICR: u32 = 0x20;
pub(super) const RDR: u32 = 0x24;
pub(super) const TDR: u32 = 0x28;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR1, "CR1"),
    (CR2, "CR2"),
    (CR3, "CR3"),
    (BRR, "BRR"),
    (GTPR, "GTPR"),
    (RTOR, "RTOR"),
    (RQR, "RQR"),
    (ISR, "ISR"),
    (ICR, "ICR"),
    (RDR, "RDR"),
    (TDR, "TDR"),
];

bitflags! {
    /// USART_CR1.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr1: u32 {
        const UE = 1 << 0;
        const UESM = 1 << 1;
        const RE = 1 << 2;
        const TE = 1 << 3;
        const IDLEIE = 1 << 4;
        const RXNEIE = 1 << 5;
        const TCIE = 1 << 6;
        const TXEIE = 1 << 7;
        const PEIE = 1 << 8;
        const PS = 1 << 9;
        const PCE = 1 << 10;
        const WAKE = 1 << 11;
        const M0 = 1 << 12;
        const MME = 1 << 13;
        const CMIE = 1 << 14;
        const OVER8 = 1 << 15;
        const DEDT = 0x1F << 16;
        const DEAT = 0x1F << 21;
        const RTOIE = 1 << 26;
        const EOBIE = 1 << 27;
        const M1 = 1 << 28;
    }

    /// USART_CR2.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr2: u32 {
        const ADDM7 = 1 << 4;
        const LBDL = 1 << 5;
        const LBDIE = 1 << 6;
        const LBCL = 1 << 8;
        const CPHA = 1 << 9;
        const CPOL = 1 << 10;
        const CLKEN = 1 << 11;
        const STOP = 3 << 12;
        const LINEN = 1 << 14;
        const SWAP = 1 << 15;
        const RXINV = 1 << 16;
        const TXINV = 1 << 17;
        const DATAINV = 1 << 18;
        const MSBFIRST = 1 << 19;
        const ABREN = 1 << 20;
        const ABRMOD = 3 << 21;
        const RTOEN = 1 << 23;
        const ADD = 0xFF << 24;
    }

    /// USART_CR3.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr3: u32 {
        const EIE = 1 << 0;
        const IREN = 1 << 1;
        const IRLP = 1 << 2;
        const HDSEL = 1 << 3;
        const NACK = 1 << 4;
        const SCEN = 1 << 5;
        const DMAR = 1 << 6;
        const DMAT = 1 << 7;
        const RTSE = 1 << 8;
        const CTSE = 1 << 9;
        const CTSIE = 1 << 10;
        const ONEBIT = 1 << 11;
        const OVRDIS = 1 << 12;
        const DDRE = 1 << 13;
        const DEM = 1 << 14;
        const DEP = 1 << 15;
        const SCARCNT = 7 << 17;
        const WUS = 3 << 20;
        const WUFIE = 1 << 22;
    }

    /// USART_ISR. A clear bit in ICR has the place of its flag.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Isr: u32 {
        const PE = 1 << 0;
        const FE = 1 << 1;
        const NF = 1 << 2;
        const ORE = 1 << 3;
        const IDLE = 1 << 4;
        const RXNE = 1 << 5;
        const TC = 1 << 6;
        const TXE = 1 << 7;
        const CTSIF = 1 << 9;
        const CTS = 1 << 10;
        const RTOF = 1 << 11;
        const BUSY = 1 << 16;
        const CMF = 1 << 17;
        const TEACK = 1 << 21;
        const REACK = 1 << 22;
    }

    /// USART_RQR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Rqr: u32 {
        const ABRRQ = 1 << 0;
        const SBKRQ = 1 << 1;
        const MMRQ = 1 << 2;
        const RXFRQ = 1 << 3;
        const TXFRQ = 1 << 4;
    }
}

impl Isr {
    /// After reset, and whenever UE is 0.
    pub(super) const RESET: Self = Self::TC.union(Self::TXE);
    /// What ICR clears.
    pub(super) const CLEARABLE: Self = Self::PE
        .union(Self::FE)
        .union(Self::NF)
        .union(Self::ORE)
        .union(Self::IDLE)
        .union(Self::TC)
        .union(Self::CTSIF)
        .union(Self::RTOF)
        .union(Self::CMF);
    /// The flags that EIE makes interrupts of.
    pub(super) const ERRORS: Self = Self::FE.union(Self::NF).union(Self::ORE);
}

/// RDR and TDR: 9 bits.
pub(super) const DATA: u32 = 0x1FF;
/// BRR: 16 bits.
pub(super) const BRR_MASK: u32 = 0xFFFF;
/// GTPR: 16 bits.
pub(super) const GTPR_MASK: u32 = 0xFFFF;
/// RTOR.RTO: 24 bits.
pub(super) const RTO: u32 = 0xFF_FFFF;
