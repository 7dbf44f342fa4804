//! The clock trees of L1 and L4 as functions of the registers and of what oscillates.

use super::variant::{Role, l1, l4};
use crate::periph::rcc::{ahb_divider, apb_divider};
use crate::periph::registers::field;
use crate::{ClockTree, Hertz};

/// What the tree is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'a> {
    /// All registers.
    pub(super) registers: &'a [u32],
    /// What SYSCLK is taken from.
    pub(super) system: Role,
    /// What feeds the PLL.
    pub(super) pll_source: Option<Role>,
    /// Frequencies; stopped while not ready.
    pub(super) msi: Hertz,
    pub(super) hsi: Hertz,
    pub(super) hse: Hertz,
    pub(super) lsi: Hertz,
    pub(super) lse: Hertz,
    /// Is the PLL locked?
    pub(super) pll_ready: bool,
}

impl Sources<'_> {
    fn at(&self, offset: u32) -> u32 {
        self.registers
            .get((offset / 4) as usize)
            .copied()
            .unwrap_or_default()
    }

    fn of(&self, role: Role) -> Hertz {
        match role {
            Role::Msi => self.msi,
            Role::Hsi => self.hsi,
            Role::Hse => self.hse,
            _ => Hertz::STOPPED,
        }
    }

    fn pll_input(&self) -> Hertz {
        self.pll_source.map_or(Hertz::STOPPED, |role| self.of(role))
    }

    /// Everything behind SYSCLK: both families have HPRE, PPRE1 and PPRE2 at the same bits of CFGR.
    fn behind(
        &self,
        pll: Hertz,
        cfgr: u32,
        usart: impl Fn(Hertz, Hertz, Hertz) -> [Hertz; 5],
    ) -> ClockTree {
        let sysclk = match self.system {
            Role::Pll if self.pll_ready => pll,
            role => self.of(role),
        };
        let hclk = sysclk.scaled(1, ahb_divider(field(cfgr, 4, 4)));
        let (apb1, apb2) = (
            apb_divider(field(cfgr, 8, 3)),
            apb_divider(field(cfgr, 11, 3)),
        );
        let (pclk1, pclk2) = (hclk.scaled(1, apb1), hclk.scaled(1, apb2));
        let timers = |pclk: Hertz, divider| {
            if divider == 1 {
                pclk
            } else {
                pclk.scaled(2, 1)
            }
        };
        ClockTree {
            sysclk,
            hclk,
            pclk1,
            pclk2,
            timclk1: timers(pclk1, apb1),
            timclk2: timers(pclk2, apb2),
            hsi: self.hsi,
            hse: self.hse,
            lsi: self.lsi,
            lse: self.lse,
            usart: {
                // There is no USART6, UART7 or UART8 on these parts.
                let [u1, u2, u3, u4, u5] = usart(sysclk, pclk1, pclk2);
                let none = Hertz::STOPPED;
                [u1, u2, u3, u4, u5, none, none, none]
            },
            i2c: [pclk1; 4],
        }
    }
}

/// L4: PLLM, PLLN, PLLR; kernel clocks of the USARTs in CCIPR.
pub(super) fn l4(s: &Sources<'_>) -> ClockTree {
    let pll = s.at(l4::PLLCFGR);
    let output = if field(pll, 24, 1) == 0 {
        Hertz::STOPPED
    } else {
        let (m, n) = (field(pll, 4, 3) + 1, field(pll, 8, 7));
        let r = 2 * (field(pll, 25, 2) + 1);
        s.pll_input().scaled(n.into(), u64::from(m * r))
    };
    let ccipr = s.at(l4::CCIPR);
    let mut tree = s.behind(output, s.at(l4::CFGR), |sysclk, pclk1, pclk2| {
        [0, 1, 2, 3, 4].map(|n| match field(ccipr, 2 * n, 2) {
            0 if n == 0 => pclk2,
            0 => pclk1,
            1 => sysclk,
            2 => s.hsi,
            _ => s.lse,
        })
    });
    // I2C1SEL to I2C3SEL; that of I2C4 is in CCIPR2, which has no model.
    for (n, rate) in tree.i2c.iter_mut().enumerate().take(3) {
        *rate = match field(ccipr, 12 + 2 * n as u32, 2) {
            0 => tree.pclk1,
            1 => tree.sysclk,
            2 => s.hsi,
            _ => Hertz::STOPPED,
        };
    }
    tree
}

/// L1: PLLMUL and PLLDIV in CFGR.
pub(super) fn l1(s: &Sources<'_>) -> ClockTree {
    let cfgr = s.at(l1::CFGR);
    let mul = [3, 4, 6, 8, 12, 16, 24, 32, 48].get(field(cfgr, 18, 4) as usize);
    let div = field(cfgr, 22, 2);
    let output = match mul {
        // PLLDIV 0 is not allowed.
        Some(&mul) if div != 0 => s.pll_input().scaled(mul, u64::from(div) + 1),
        _ => Hertz::STOPPED,
    };
    s.behind(output, cfgr, |_, pclk1, pclk2| {
        [pclk2, pclk1, pclk1, pclk1, pclk1]
    })
}
