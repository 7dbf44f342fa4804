//! Registers and bits of the DMA stream controller, by the manual's names (svd/STM32F429.svd; reference/dma.md §3).

use bitflags::bitflags;

/// Interrupt status of streams 0 to 3; that of 4 to 7 follows.
pub(super) const LISR: u32 = 0x00;
/// Interrupt status of streams 4 to 7.
pub(super) const HISR: u32 = 0x04;
/// Interrupt flag clear of streams 0 to 3.
pub(super) const LIFCR: u32 = 0x08;
/// Interrupt flag clear of streams 4 to 7.
pub(super) const HIFCR: u32 = 0x0C;
/// Registers of stream 0; those of the next follow at [`STRIDE`].
pub(super) const STREAMS: u32 = 0x10;
/// From one stream's registers to the next.
pub(super) const STRIDE: u32 = 0x18;
/// Configuration, from the stream's first register.
pub(super) const CR: u32 = 0x00;
/// Number of data.
pub(super) const NDTR: u32 = 0x04;
/// Peripheral address.
pub(super) const PAR: u32 = 0x08;
/// Memory 0 address.
pub(super) const M0AR: u32 = 0x0C;
/// Memory 1 address.
pub(super) const M1AR: u32 = 0x10;
/// FIFO control.
pub(super) const FCR: u32 = 0x14;

/// How many streams a controller has.
pub(super) const COUNT: usize = 8;
/// NDTR holds 16 bits.
pub(super) const NDTR_MASK: u32 = 0xFFFF;
/// FCR after reset: threshold at half; FS says empty.
pub(super) const FCR_RESET: Fcr = Fcr::from_bits_retain(1);

/// Names of the registers of each stream.
pub(super) const STREAM_NAMES: [[&str; 6]; COUNT] = [
    ["S0CR", "S0NDTR", "S0PAR", "S0M0AR", "S0M1AR", "S0FCR"],
    ["S1CR", "S1NDTR", "S1PAR", "S1M0AR", "S1M1AR", "S1FCR"],
    ["S2CR", "S2NDTR", "S2PAR", "S2M0AR", "S2M1AR", "S2FCR"],
    ["S3CR", "S3NDTR", "S3PAR", "S3M0AR", "S3M1AR", "S3FCR"],
    ["S4CR", "S4NDTR", "S4PAR", "S4M0AR", "S4M1AR", "S4FCR"],
    ["S5CR", "S5NDTR", "S5PAR", "S5M0AR", "S5M1AR", "S5FCR"],
    ["S6CR", "S6NDTR", "S6PAR", "S6M0AR", "S6M1AR", "S6FCR"],
    ["S7CR", "S7NDTR", "S7PAR", "S7M0AR", "S7M1AR", "S7FCR"],
];

bitflags! {
    /// DMA_SxCR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr: u32 {
        const EN = 1 << 0;
        const DMEIE = 1 << 1;
        const TEIE = 1 << 2;
        const HTIE = 1 << 3;
        const TCIE = 1 << 4;
        const PFCTRL = 1 << 5;
        /// 0: peripheral to memory, 1: memory to peripheral, 2: memory to memory.
        const DIR = 3 << 6;
        const CIRC = 1 << 8;
        const PINC = 1 << 9;
        const MINC = 1 << 10;
        const PSIZE = 3 << 11;
        const MSIZE = 3 << 13;
        const PINCOS = 1 << 15;
        const PL = 3 << 16;
        const DBM = 1 << 18;
        const CT = 1 << 19;
        const PBURST = 3 << 21;
        const MBURST = 3 << 23;
        const CHSEL = 7 << 25;
    }

    /// DMA_SxFCR without FS.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Fcr: u32 {
        const FTH = 3;
        const DMDIS = 1 << 2;
        const FEIE = 1 << 7;
    }

    /// The bits of a stream in LISR, HISR, LIFCR and HIFCR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Flags: u32 {
        const FEIF = 1 << 0;
        const DMEIF = 1 << 2;
        const TEIF = 1 << 3;
        const HTIF = 1 << 4;
        const TCIF = 1 << 5;
    }
}

impl Cr {
    /// What may change while EN is 1: the interrupt enables, and EN itself.
    pub(super) const LIVE: Self = Self::EN
        .union(Self::DMEIE)
        .union(Self::TEIE)
        .union(Self::HTIE)
        .union(Self::TCIE);
}

/// The status register of stream `n` (0: low, 1: high), and the place of its flags in it.
pub(super) const fn place(n: usize) -> (usize, u32) {
    let shift = match n & 3 {
        0 => 0,
        1 => 6,
        2 => 16,
        _ => 22,
    };
    (n >> 2, shift)
}
