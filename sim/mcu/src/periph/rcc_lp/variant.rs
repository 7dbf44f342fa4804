//! Registers, bits and oscillators of the two RCCs (svd/STM32L151.svd, svd/STM32L451.svd; cmsis_device_l1, cmsis_device_l4).

use super::BDRST;
use super::tree::{self, Sources};
use crate::periph::registers::{Names, field};
use crate::{ClockTree, Hertz, Picos};

/// What an oscillator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Multi-speed internal.
    Msi,
    /// High-speed internal, 16 MHz.
    Hsi,
    /// High-speed external.
    Hse,
    /// Main PLL.
    Pll,
    /// Low-speed internal.
    Lsi,
    /// Low-speed external.
    Lse,
    /// 48 MHz for USB and random numbers.
    Hsi48,
    /// PLLSAI1 or PLLSAI2: only its ready bit counts here.
    OtherPll(u8),
}

/// One oscillator: bits are (offset, bit).
#[derive(Clone, Copy, Debug)]
pub(super) struct Oscillator {
    pub(super) role: Role,
    pub(super) on: (u32, u8),
    pub(super) ready: (u32, u8),
    pub(super) bypass: Option<(u32, u8)>,
    /// Its bit among the ready interrupts.
    pub(super) flag: u8,
    /// From ON (and, for a PLL, a running input) to RDY.
    pub(super) start_up: Picos,
}

impl Oscillator {
    /// Does it run on through a system reset?
    pub(super) fn in_backup_domain(&self, v: &Variant) -> bool {
        self.on.0 == v.backup.0 && v.backup.1 >> self.on.1 & 1 != 0
    }
}

/// Where the ready interrupts are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Interrupts {
    /// CIR: flags, enables 8 bits above, clear bits 16 bits above.
    One(u32),
    /// CIER, CIFR, CICR.
    Three { enable: u32, flags: u32, clear: u32 },
}

impl Interrupts {
    pub(super) const fn has(self, offset: u32) -> bool {
        match self {
            Self::One(at) => offset == at,
            Self::Three {
                enable,
                flags,
                clear,
            } => offset == enable || offset == flags || offset == clear,
        }
    }
}

/// What makes a family's RCC.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) names: Names,
    /// Reset values that are not 0.
    pub(super) reset: &'static [(u32, u32)],
    pub(super) cfgr: u32,
    pub(super) csr: u32,
    /// CSR.RMVF.
    pub(super) rmvf: u32,
    /// Register, bits and reset bit of the backup domain.
    pub(super) backup: (u32, u32, u32),
    pub(super) interrupts: Interrupts,
    /// Ready interrupts that exist.
    pub(super) flags: u32,
    /// Register and bits that are frozen while the PLL is on.
    pub(super) pll_settings: (u32, u32),
    /// Name, enable register, reset register.
    pub(super) buses: &'static [(&'static str, u32, u32)],
    /// PLLs last.
    pub(super) oscillators: &'static [Oscillator],
    /// What feeds the PLL.
    pub(super) pll_source: fn(&[u32]) -> Option<Role>,
    /// MSI as its range says; the second argument is LSE, stopped while not ready.
    pub(super) msi: fn(&[u32], Hertz) -> Hertz,
    pub(super) tree: fn(&Sources<'_>) -> ClockTree,
}

/// CSR: reset causes, the same bits in both families.
pub(super) const CAUSES: u32 = 0x7F << 25;
/// Option-byte load.
pub(super) const OBLRSTF: u32 = 1 << 25;
/// NRST pin.
pub(super) const PINRSTF: u32 = 1 << 26;
/// Software.
pub(super) const SFTRSTF: u32 = 1 << 28;
/// Independent watchdog.
pub(super) const IWDGRSTF: u32 = 1 << 29;
/// Window watchdog.
pub(super) const WWDGRSTF: u32 = 1 << 30;

const fn oscillator(
    role: Role,
    on: (u32, u8),
    ready: (u32, u8),
    bypass: Option<(u32, u8)>,
    flag: u8,
    start_up: Picos,
) -> Oscillator {
    Oscillator {
        role,
        on,
        ready,
        bypass,
        flag,
        start_up,
    }
}

/// Offsets of the L4.
pub(super) mod l4 {
    pub(in super::super) const CR: u32 = 0x00;
    pub(in super::super) const CFGR: u32 = 0x08;
    pub(in super::super) const PLLCFGR: u32 = 0x0C;
    pub(in super::super) const CIER: u32 = 0x18;
    pub(in super::super) const CIFR: u32 = 0x1C;
    pub(in super::super) const CICR: u32 = 0x20;
    pub(in super::super) const CCIPR: u32 = 0x88;
    pub(in super::super) const BDCR: u32 = 0x90;
    pub(in super::super) const CSR: u32 = 0x94;
    pub(in super::super) const CRRCR: u32 = 0x98;
}

/// Start-up times: data sheets of L451 and L151, typical or maximum, from memory \[M\]; a crystal's as in the F3's table.
const HSE_START: Picos = Picos::from_millis(2);
const LSE_START: Picos = Picos::from_millis(2_000);

/// RCC of the L4.
pub(super) const L4: Variant = Variant {
    names: &[
        (l4::CR, "CR"),
        (0x04, "ICSCR"),
        (l4::CFGR, "CFGR"),
        (l4::PLLCFGR, "PLLCFGR"),
        (0x10, "PLLSAI1CFGR"),
        (0x14, "PLLSAI2CFGR"),
        (l4::CIER, "CIER"),
        (l4::CIFR, "CIFR"),
        (l4::CICR, "CICR"),
        (0x28, "AHB1RSTR"),
        (0x2C, "AHB2RSTR"),
        (0x30, "AHB3RSTR"),
        (0x38, "APB1RSTR1"),
        (0x3C, "APB1RSTR2"),
        (0x40, "APB2RSTR"),
        (0x48, "AHB1ENR"),
        (0x4C, "AHB2ENR"),
        (0x50, "AHB3ENR"),
        (0x58, "APB1ENR1"),
        (0x5C, "APB1ENR2"),
        (0x60, "APB2ENR"),
        (0x68, "AHB1SMENR"),
        (0x6C, "AHB2SMENR"),
        (0x70, "AHB3SMENR"),
        (0x78, "APB1SMENR1"),
        (0x7C, "APB1SMENR2"),
        (0x80, "APB2SMENR"),
        (l4::CCIPR, "CCIPR"),
        (l4::BDCR, "BDCR"),
        (l4::CSR, "CSR"),
        (l4::CRRCR, "CRRCR"),
        (0x9C, "CCIPR2"),
    ],
    reset: &[
        (l4::CR, 0x63),
        (0x04, 0x1000_0000),
        (l4::PLLCFGR, 0x1000),
        (0x10, 0x1000),
        (0x14, 0x1000),
        (0x48, 0x100),
        (0x68, 0x0001_1303),
        (0x6C, 0x0005_32FF),
        (0x70, 0x101),
        (0x78, 0xF2FE_CA3F),
        (0x7C, 0x25),
        (0x80, 0x0167_7C01),
        (l4::CSR, 0x0C00_0600),
    ],
    cfgr: l4::CFGR,
    csr: l4::CSR,
    rmvf: 1 << 23,
    backup: (l4::BDCR, u32::MAX, BDRST),
    interrupts: Interrupts::Three {
        enable: l4::CIER,
        flags: l4::CIFR,
        clear: l4::CICR,
    },
    flags: 0x6FF,
    // PLLSRC, PLLM, PLLN; outputs may be switched.
    pll_settings: (l4::PLLCFGR, 0x7F73),
    buses: &[
        ("AHB1ENR", 0x48, 0x28),
        ("AHB2ENR", 0x4C, 0x2C),
        ("AHB3ENR", 0x50, 0x30),
        ("APB1ENR1", 0x58, 0x38),
        ("APB1ENR2", 0x5C, 0x3C),
        ("APB2ENR", 0x60, 0x40),
    ],
    oscillators: &[
        oscillator(
            Role::Msi,
            (l4::CR, 0),
            (l4::CR, 1),
            None,
            2,
            Picos::from_micros(10),
        ),
        oscillator(
            Role::Hsi,
            (l4::CR, 8),
            (l4::CR, 10),
            None,
            3,
            Picos::from_micros(2),
        ),
        oscillator(
            Role::Hse,
            (l4::CR, 16),
            (l4::CR, 17),
            Some((l4::CR, 18)),
            4,
            HSE_START,
        ),
        oscillator(
            Role::Lsi,
            (l4::CSR, 0),
            (l4::CSR, 1),
            None,
            0,
            Picos::from_micros(130),
        ),
        oscillator(
            Role::Lse,
            (l4::BDCR, 0),
            (l4::BDCR, 1),
            Some((l4::BDCR, 2)),
            1,
            LSE_START,
        ),
        oscillator(
            Role::Hsi48,
            (l4::CRRCR, 0),
            (l4::CRRCR, 1),
            None,
            10,
            Picos::from_micros(6),
        ),
        oscillator(
            Role::Pll,
            (l4::CR, 24),
            (l4::CR, 25),
            None,
            5,
            Picos::from_micros(40),
        ),
        oscillator(
            Role::OtherPll(1),
            (l4::CR, 26),
            (l4::CR, 27),
            None,
            6,
            Picos::from_micros(40),
        ),
        oscillator(
            Role::OtherPll(2),
            (l4::CR, 28),
            (l4::CR, 29),
            None,
            7,
            Picos::from_micros(40),
        ),
    ],
    pll_source: |registers| match field(word(registers, l4::PLLCFGR), 0, 2) {
        1 => Some(Role::Msi),
        2 => Some(Role::Hsi),
        3 => Some(Role::Hse),
        _ => None,
    },
    msi: msi_of_l4,
    tree: tree::l4,
};

/// MSI of the L4 by range, in hertz.
const MSI_L4: [u64; 12] = [
    100_000, 200_000, 400_000, 800_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000,
    24_000_000, 32_000_000, 48_000_000,
];
/// The same in PLL mode, in periods of LSE.
const MSI_L4_OF_LSE: [u64; 12] = [3, 6, 12, 24, 31, 61, 122, 244, 488, 732, 977, 1465];

fn msi_of_l4(registers: &[u32], lse: Hertz) -> Hertz {
    let cr = word(registers, l4::CR);
    // MSIRGSEL
    let range = if field(cr, 3, 1) != 0 {
        field(cr, 4, 4)
    } else {
        field(word(registers, l4::CSR), 8, 4)
    };
    // Values above 11 are not allowed; the highest is taken.
    let n = (range as usize).min(MSI_L4.len() - 1);
    // MSIPLLEN
    if field(cr, 2, 1) != 0 && lse.is_running() {
        lse.scaled(MSI_L4_OF_LSE[n], 1)
    } else {
        Hertz::new(MSI_L4[n])
    }
}

/// Offsets of the L1.
pub(super) mod l1 {
    pub(in super::super) const CR: u32 = 0x00;
    pub(in super::super) const ICSCR: u32 = 0x04;
    pub(in super::super) const CFGR: u32 = 0x08;
    pub(in super::super) const CIR: u32 = 0x0C;
    pub(in super::super) const CSR: u32 = 0x34;
}

/// RCC of the L1.
pub(super) const L1: Variant = Variant {
    names: &[
        (l1::CR, "CR"),
        (l1::ICSCR, "ICSCR"),
        (l1::CFGR, "CFGR"),
        (l1::CIR, "CIR"),
        (0x10, "AHBRSTR"),
        (0x14, "APB2RSTR"),
        (0x18, "APB1RSTR"),
        (0x1C, "AHBENR"),
        (0x20, "APB2ENR"),
        (0x24, "APB1ENR"),
        (0x28, "AHBLPENR"),
        (0x2C, "APB2LPENR"),
        (0x30, "APB1LPENR"),
        (l1::CSR, "CSR"),
    ],
    // The SVD gives 0 for CSR; after power-on PORRSTF and PINRSTF are set (RM0364 RCC_CSR as proxy).
    reset: &[
        (l1::CR, 0x300),
        (l1::ICSCR, 0xB000),
        (0x1C, 0x8000),
        (0x28, 0x0101_903F),
        (l1::CSR, 0x0C00_0000),
    ],
    cfgr: l1::CFGR,
    csr: l1::CSR,
    rmvf: 1 << 24,
    // LSEON to LSECSSD, RTCSEL, RTCEN, RTCRST.
    backup: (l1::CSR, 0x00C3_1F00, 1 << 23),
    interrupts: Interrupts::One(l1::CIR),
    flags: 0x7F,
    // PLLSRC, PLLMUL, PLLDIV.
    pll_settings: (l1::CFGR, 0x00FD_0000),
    buses: &[
        ("AHBENR", 0x1C, 0x10),
        ("APB2ENR", 0x20, 0x14),
        ("APB1ENR", 0x24, 0x18),
    ],
    oscillators: &[
        oscillator(
            Role::Msi,
            (l1::CR, 8),
            (l1::CR, 9),
            None,
            5,
            Picos::from_micros(10),
        ),
        oscillator(
            Role::Hsi,
            (l1::CR, 0),
            (l1::CR, 1),
            None,
            2,
            Picos::from_micros(6),
        ),
        oscillator(
            Role::Hse,
            (l1::CR, 16),
            (l1::CR, 17),
            Some((l1::CR, 18)),
            3,
            HSE_START,
        ),
        oscillator(
            Role::Lsi,
            (l1::CSR, 0),
            (l1::CSR, 1),
            None,
            0,
            Picos::from_micros(200),
        ),
        oscillator(
            Role::Lse,
            (l1::CSR, 8),
            (l1::CSR, 9),
            Some((l1::CSR, 10)),
            1,
            LSE_START,
        ),
        oscillator(
            Role::Pll,
            (l1::CR, 24),
            (l1::CR, 25),
            None,
            4,
            Picos::from_micros(160),
        ),
    ],
    pll_source: |registers| {
        Some(if field(word(registers, l1::CFGR), 16, 1) != 0 {
            Role::Hse
        } else {
            Role::Hsi
        })
    },
    // 64 kHz times 2^range, in periods of 32.768 kHz.
    msi: |registers, _| {
        let range = field(word(registers, l1::ICSCR), 13, 3).min(6);
        Hertz::new(65_536 << range)
    },
    tree: tree::l1,
};

fn word(registers: &[u32], offset: u32) -> u32 {
    registers
        .get((offset / 4) as usize)
        .copied()
        .unwrap_or_default()
}
