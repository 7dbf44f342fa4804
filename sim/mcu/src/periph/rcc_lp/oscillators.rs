//! Switching oscillators on and off, and what follows when one is ready.

use super::RccLp;
use super::tree::Sources;
use super::variant::Role;
use crate::Hertz;
use crate::periph::{Cx, Signal};

/// An external clock (HSEBYP, LSEBYP) has no start-up; RDY follows in a few of its cycles \[M\].
const BYPASS: crate::Picos = crate::Picos::from_micros(1);

impl RccLp {
    /// Takes the chip's own oscillators from the clock tree as it is at power-on.
    pub(super) fn learn(&mut self, cx: &Cx<'_>) {
        let clocks = &cx.shared.clocks;
        self.nominal.get_or_insert((clocks.hsi, clocks.lsi));
    }

    fn index(&self, role: Role) -> Option<usize> {
        self.v.oscillators.iter().position(|o| o.role == role)
    }

    fn is_role_ready(&self, role: Role) -> bool {
        self.index(role)
            .is_some_and(|n| self.bit(self.v.oscillators[n].ready))
    }

    /// What a write cannot change: ready bits are the hardware's.
    pub(super) fn without_ready_bits(&self, offset: u32, old: u32, value: u32) -> u32 {
        let ready = self
            .v
            .oscillators
            .iter()
            .filter(|o| o.ready.0 == offset)
            .fold(0, |all, o| all | 1 << o.ready.1);
        value & !ready | old & ready
    }

    /// What the PLL is made of stays while it is on.
    pub(super) fn frozen(&self, cx: &mut Cx<'_>, offset: u32, old: u32, value: u32) -> u32 {
        let (register, settings) = self.v.pll_settings;
        let on = self
            .index(Role::Pll)
            .is_some_and(|n| self.bit(self.v.oscillators[n].on));
        if offset != register || !on {
            return value;
        }
        if (value ^ old) & settings != 0 {
            cx.find("pll-changed-while-on", || {
                "PLL settings were written while the PLL is on: ignored".into()
            });
        }
        value & !settings | old & settings
    }

    /// The oscillators that SYSCLK is made from stay on.
    pub(super) fn kept_on(&self, cx: &mut Cx<'_>, offset: u32, old: u32, value: u32) -> u32 {
        let needed = [
            Some(self.system_role()),
            (self.system_role() == Role::Pll)
                .then(|| (self.v.pll_source)(&self.registers))
                .flatten(),
        ];
        let mut value = value;
        for oscillator in self.v.oscillators {
            let mask = 1 << oscillator.on.1;
            let used = needed.contains(&Some(oscillator.role)) && oscillator.on.0 == offset;
            if used && old & mask != 0 && value & mask == 0 {
                cx.find("sysclk-switched-off", || {
                    "the oscillator behind SYSCLK was to be switched off: ignored".into()
                });
                value |= mask;
            }
        }
        value
    }

    /// What SYSCLK is taken from now.
    fn system_role(&self) -> Role {
        role_of(self.source)
    }

    /// Is there anything for this oscillator to oscillate with?
    fn can_start(&self, cx: &Cx<'_>, role: Role) -> bool {
        match role {
            Role::Msi | Role::Hsi | Role::Lsi | Role::Hsi48 => true,
            Role::Hse => cx.shared.board.hse.is_some(),
            Role::Lse => cx.shared.board.lse.is_some(),
            Role::Pll | Role::OtherPll(_) => (self.v.pll_source)(&self.registers)
                .is_some_and(|source| self.is_role_ready(source)),
        }
    }

    /// Starts what is on and not ready, stops what is off. The PLLs come after their inputs.
    pub(super) fn follow_switches(&mut self, cx: &mut Cx<'_>) {
        for (n, oscillator) in self.v.oscillators.iter().enumerate() {
            let on = self.bit(oscillator.on);
            if !(on && self.can_start(cx, oscillator.role)) {
                if oscillator.role == Role::Hse && on {
                    cx.find("no-crystal", || {
                        "HSE was switched on, and the board has none: HSERDY is never set".into()
                    });
                }
                self.forget_start(cx, n);
                self.set_bit(oscillator.ready, false);
            } else if !self.bit(oscillator.ready) && self.starting[n].is_none() {
                let bypass = oscillator.bypass.is_some_and(|bit| self.bit(bit));
                let delay = if bypass { BYPASS } else { oscillator.start_up };
                self.starting[n] = Some(cx.schedule(cx.time + delay, n as u32));
            }
        }
    }

    pub(super) fn forget_start(&mut self, cx: &mut Cx<'_>, n: usize) {
        if let Some(event) = self.starting[n].take() {
            cx.cancel(event);
        }
    }

    pub(super) fn became_ready(&mut self, cx: &mut Cx<'_>, n: usize) {
        let oscillator = &self.v.oscillators[n];
        self.set_bit(oscillator.ready, true);
        let flag = 1 << oscillator.flag;
        if self.enabled & flag != 0 {
            self.flags |= flag;
            self.drive_irq(cx);
        }
        // A PLL may have waited for this one.
        self.follow_switches(cx);
    }

    /// Lets SYSCLK follow SW as far as it can, and publishes the tree if it is another one.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        let asked = self.at(self.v.cfgr) & 3;
        if self.is_role_ready(role_of(asked)) {
            self.source = asked;
        }
        let tree = (self.v.tree)(&self.sources(cx));
        if tree == cx.shared.clocks {
            return;
        }
        if tree.hclk.whole() > self.max_hclk.whole() {
            cx.find("hclk-too-fast", || {
                format!("HCLK is {}, the part allows {}", tree.hclk, self.max_hclk)
            });
        }
        let hclk = tree.hclk;
        cx.shared.clocks = tree;
        let cycle = cx.cycle;
        cx.shared.clock.change(cycle, hclk);
        cx.send(Signal::ClocksChanged);
    }

    fn sources(&self, cx: &Cx<'_>) -> Sources<'_> {
        let (hsi, lsi) = self
            .nominal
            .unwrap_or((cx.shared.clocks.hsi, cx.shared.clocks.lsi));
        let running = |role, hz: Option<Hertz>| match hz {
            Some(hz) if self.is_role_ready(role) => hz,
            _ => Hertz::STOPPED,
        };
        let lse = running(Role::Lse, cx.shared.board.lse);
        Sources {
            registers: &self.registers,
            system: self.system_role(),
            pll_source: (self.v.pll_source)(&self.registers),
            msi: running(Role::Msi, Some((self.v.msi)(&self.registers, lse))),
            hsi: running(Role::Hsi, Some(hsi)),
            hse: running(Role::Hse, cx.shared.board.hse),
            pll_ready: self.is_role_ready(Role::Pll),
            lsi,
            lse,
        }
    }
}

/// What a value of SW and SWS stands for.
const fn role_of(sw: u32) -> Role {
    match sw & 3 {
        0 => Role::Msi,
        1 => Role::Hsi,
        2 => Role::Hse,
        _ => Role::Pll,
    }
}
