//! Registers and bits of the DMA channel controller, by the manual's names (svd/STM32F303.svd; reference/dma.md §2).

use bitflags::bitflags;

/// Interrupt status: four flags a channel.
pub(super) const ISR: u32 = 0x00;
/// Interrupt flag clear.
pub(super) const IFCR: u32 = 0x04;
/// Registers of channel 1; those of the next follow at [`STRIDE`].
pub(super) const CHANNELS: u32 = 0x08;
/// From one channel's registers to the next.
pub(super) const STRIDE: u32 = 0x14;
/// Channel configuration, from the channel's first register.
pub(super) const CCR: u32 = 0x0;
/// Number of data to transfer.
pub(super) const CNDTR: u32 = 0x4;
/// Peripheral address.
pub(super) const CPAR: u32 = 0x8;
/// Memory address.
pub(super) const CMAR: u32 = 0xC;
/// Request selection (L4).
pub(super) const CSELR: u32 = 0xA8;

/// CNDTR holds 16 bits.
pub(super) const CNDTR_MASK: u32 = 0xFFFF;
/// Most channels that a controller has.
pub(super) const MOST_CHANNELS: usize = 7;

/// Names of the registers of each channel.
pub(super) const CHANNEL_NAMES: [[&str; 4]; MOST_CHANNELS] = [
    ["CCR1", "CNDTR1", "CPAR1", "CMAR1"],
    ["CCR2", "CNDTR2", "CPAR2", "CMAR2"],
    ["CCR3", "CNDTR3", "CPAR3", "CMAR3"],
    ["CCR4", "CNDTR4", "CPAR4", "CMAR4"],
    ["CCR5", "CNDTR5", "CPAR5", "CMAR5"],
    ["CCR6", "CNDTR6", "CPAR6", "CMAR6"],
    ["CCR7", "CNDTR7", "CPAR7", "CMAR7"],
];

bitflags! {
    /// DMA_CCRx.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Ccr: u32 {
        const EN = 1 << 0;
        const TCIE = 1 << 1;
        const HTIE = 1 << 2;
        const TEIE = 1 << 3;
        /// 1: from memory to the peripheral.
        const DIR = 1 << 4;
        const CIRC = 1 << 5;
        const PINC = 1 << 6;
        const MINC = 1 << 7;
        const PSIZE = 3 << 8;
        const MSIZE = 3 << 10;
        const PL = 3 << 12;
        const MEM2MEM = 1 << 14;
    }

    /// The four bits of a channel in ISR and IFCR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Flags: u32 {
        const GIF = 1 << 0;
        const TCIF = 1 << 1;
        const HTIF = 1 << 2;
        const TEIF = 1 << 3;
    }
}

impl Ccr {
    /// What may change while EN is 1: the interrupt enables, and EN itself.
    pub(super) const LIVE: Self = Self::EN
        .union(Self::TCIE)
        .union(Self::HTIE)
        .union(Self::TEIE);
}
