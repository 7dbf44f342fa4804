//! Switching oscillators and PLLs on and off, and what follows when one is ready.

use super::RccF4;
use super::bits::{Bdcr, Cfgr, Cr, Csr};
use super::startup::Oscillator;
use super::tree::{Settings, SystemClock};
use crate::periph::{Cx, Signal};
use crate::{ClockTree, Hertz};

/// Input of the VCO in hertz (DS9405 fPLL_IN: 0.95 to 2.1 MHz \[M\]).
const VCO_INPUT: (u64, u64) = (950_000, 2_100_000);
/// Output of the VCO in hertz (RM0090 RCC_PLLCFGR.PLLN: 100 to 432 MHz; F405 in older revisions from 192 MHz).
const VCO_OUTPUT: (u64, u64) = (100_000_000, 432_000_000);

impl RccF4 {
    /// Takes the chip's own oscillators from the clock tree as it is at power-on.
    pub(super) fn learn(&mut self, cx: &Cx<'_>) {
        let clocks = &cx.shared.clocks;
        self.nominal.get_or_insert((clocks.hsi, clocks.lsi));
    }

    pub(super) fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let mut new = Cr::from_bits_truncate(value) & self.features.cr();
        // An external clock can replace the crystal only while HSE is off.
        if self.cr.contains(Cr::HSEON) {
            new.set(Cr::HSEBYP, self.cr.contains(Cr::HSEBYP));
        }
        for on in self.in_use().iter() {
            if self.cr.contains(on) && !new.contains(on) {
                cx.find("sysclk-switched-off", || {
                    "the oscillator behind SYSCLK was to be switched off: ignored".into()
                });
                new.insert(on);
            }
        }
        if new.contains(Cr::PLLON) && !self.cr.contains(Cr::PLLON) {
            self.check_factors(cx);
        }
        self.cr = new | (self.cr & Cr::READY);
        self.follow_switches(cx);
    }

    fn check_factors(&self, cx: &mut Cx<'_>) {
        if self.settings_now().pll_factors().is_none() {
            let pllcfgr = self.pllcfgr;
            cx.find("pll-wrong-configuration", || {
                format!("PLLCFGR is {pllcfgr:#010x}: M must be 2 to 63 and N 50 to 432; the PLL does not lock")
            });
        }
    }

    /// The switches of what SYSCLK is made from, directly or through the PLL.
    fn in_use(&self) -> Cr {
        match (self.source, self.settings_now().pll_takes_hse()) {
            (SystemClock::Hsi, _) => Cr::HSION,
            (SystemClock::Hse, _) => Cr::HSEON,
            (_, false) => Cr::HSION | Cr::PLLON,
            (_, true) => Cr::HSEON | Cr::PLLON,
        }
    }

    fn is_on(&self, oscillator: Oscillator) -> bool {
        match oscillator.in_cr() {
            Some((on, _)) => self.cr.contains(on),
            None if oscillator == Oscillator::Lsi => self.csr.contains(Csr::LSION),
            None => self.bdcr.contains(Bdcr::LSEON),
        }
    }

    pub(super) fn is_ready(&self, oscillator: Oscillator) -> bool {
        match oscillator.in_cr() {
            Some((_, ready)) => self.cr.contains(ready),
            None if oscillator == Oscillator::Lsi => self.csr.contains(Csr::LSIRDY),
            None => self.bdcr.contains(Bdcr::LSERDY),
        }
    }

    fn set_ready(&mut self, cx: &mut Cx<'_>, oscillator: Oscillator, ready: bool) {
        match oscillator.in_cr() {
            Some((_, bit)) => self.cr.set(bit, ready),
            None if oscillator == Oscillator::Lsi => self.csr.set(Csr::LSIRDY, ready),
            None => self.bdcr.set(Bdcr::LSERDY, ready),
        }
        cx.shared.pll_locked = self.cr.contains(Cr::PLLRDY);
    }

    /// Is there anything for this oscillator to oscillate with?
    fn can_start(&self, cx: &Cx<'_>, oscillator: Oscillator) -> bool {
        let settings = self.settings_now();
        let input = if settings.pll_takes_hse() {
            Oscillator::Hse
        } else {
            Oscillator::Hsi
        };
        match oscillator {
            Oscillator::Hsi | Oscillator::Lsi => true,
            Oscillator::Hse => cx.shared.board.hse.is_some(),
            Oscillator::Lse => cx.shared.board.lse.is_some(),
            Oscillator::Pll => self.is_ready(input) && settings.pll_factors().is_some(),
            Oscillator::PllI2s | Oscillator::PllSai => self.is_ready(input),
        }
    }

    /// Starts what is on and not ready, stops what is off. PLLs come after their inputs.
    pub(super) fn follow_switches(&mut self, cx: &mut Cx<'_>) {
        for oscillator in Oscillator::ALL {
            let runs = self.is_on(oscillator) && self.can_start(cx, oscillator);
            let slot = oscillator as usize;
            if !runs {
                if oscillator == Oscillator::Hse && self.is_on(oscillator) {
                    cx.find("no-crystal", || {
                        "HSE was switched on, and the board has none: HSERDY is never set".into()
                    });
                }
                self.forget_start(cx, oscillator);
                self.set_ready(cx, oscillator, false);
            } else if !self.is_ready(oscillator) && self.starting[slot].is_none() {
                let bypass = oscillator == Oscillator::Hse && self.cr.contains(Cr::HSEBYP)
                    || oscillator == Oscillator::Lse && self.bdcr.contains(Bdcr::LSEBYP);
                let delay = if bypass {
                    Oscillator::BYPASS
                } else {
                    oscillator.start_up()
                };
                self.starting[slot] = Some(cx.schedule(cx.time + delay, oscillator as u32));
            }
        }
    }

    pub(super) fn forget_start(&mut self, cx: &mut Cx<'_>, oscillator: Oscillator) {
        if let Some(event) = self.starting[oscillator as usize].take() {
            cx.cancel(event);
        }
    }

    pub(super) fn became_ready(&mut self, cx: &mut Cx<'_>, oscillator: Oscillator) {
        self.set_ready(cx, oscillator, true);
        let flag = oscillator.flag();
        if self.cir_enables.contains(flag) {
            self.cir.insert(flag);
            self.drive_irq(cx);
        }
        // A PLL may have waited for this one.
        self.follow_switches(cx);
    }

    /// Lets SYSCLK follow SW as far as it can, and publishes the tree if it is another one.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        if let Some(asked) = SystemClock::asked(self.cfgr, self.features.sysclk_pllr) {
            let ready = match asked {
                SystemClock::Hsi => self.is_ready(Oscillator::Hsi),
                SystemClock::Hse => self.is_ready(Oscillator::Hse),
                SystemClock::Pll | SystemClock::PllR => self.is_ready(Oscillator::Pll),
            };
            if ready {
                self.source = asked;
            }
        }
        let settings = self.settings(cx);
        let tree = settings.tree();
        if tree == cx.shared.clocks {
            return;
        }
        self.check_limits(cx, &tree);
        if self.source.is_pll() {
            check_vco(cx, &settings);
        }
        let hclk = tree.hclk;
        cx.shared.clocks = tree;
        let cycle = cx.cycle;
        cx.shared.clock.change(cycle, hclk);
        cx.send(Signal::ClocksChanged);
    }

    fn check_limits(&self, cx: &mut Cx<'_>, tree: &ClockTree) {
        let limits = [
            ("HCLK", "hclk-too-fast", tree.hclk, self.max_hclk),
            ("PCLK1", "pclk-too-fast", tree.pclk1, self.max_pclk1),
            ("PCLK2", "pclk-too-fast", tree.pclk2, self.max_pclk2),
        ];
        for (name, rule, clock, limit) in limits {
            if clock.whole() > limit.whole() {
                cx.find(rule, || {
                    format!("{name} is {clock}, the part allows {limit}")
                });
            }
        }
    }

    /// The registers without the oscillators: enough to see what feeds what.
    fn settings_now(&self) -> Settings {
        let stopped = Hertz::STOPPED;
        Settings {
            source: self.source,
            pllcfgr: self.pllcfgr,
            cfgr: self.cfgr & !Cfgr::SWS.bits(),
            dckcfgr: self.dedicated(),
            hsi: stopped,
            hse: stopped,
            lsi: stopped,
            lse: stopped,
            pll: self.is_ready(Oscillator::Pll),
        }
    }

    fn settings(&self, cx: &Cx<'_>) -> Settings {
        let (hsi, lsi) = self
            .nominal
            .unwrap_or((cx.shared.clocks.hsi, cx.shared.clocks.lsi));
        let running = |oscillator, hz: Option<Hertz>| match hz {
            Some(hz) if self.is_ready(oscillator) => hz,
            _ => Hertz::STOPPED,
        };
        Settings {
            hsi: running(Oscillator::Hsi, Some(hsi)),
            hse: running(Oscillator::Hse, cx.shared.board.hse),
            lse: running(Oscillator::Lse, cx.shared.board.lse),
            lsi,
            ..self.settings_now()
        }
    }
}

fn check_vco(cx: &mut Cx<'_>, settings: &Settings) {
    let (input, output) = settings.vco();
    for (what, rule, clock, (low, high)) in [
        ("input", "pll-input-out-of-range", input, VCO_INPUT),
        ("output", "pll-vco-out-of-range", output, VCO_OUTPUT),
    ] {
        if !(low..=high).contains(&clock.whole()) {
            cx.find(rule, || format!("the {what} of the PLL's VCO is {clock}"));
        }
    }
}
