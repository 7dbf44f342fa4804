//! Switching oscillators on and off, and what follows when one is ready.

use super::Rcc;
use super::bits::{Bdcr, Cfgr, Cir, Cr, Csr};
use super::startup::Oscillator;
use super::tree::{PllSource, Settings, SystemClock};
use crate::Hertz;
use crate::periph::{Cx, Signal};

/// Input range of the PLL (data sheet, PLL characteristics \[M\]).
const PLL_INPUT: (u64, u64) = (1_000_000, 24_000_000);

impl Rcc {
    /// Takes the chip's own oscillators from the clock tree as it is at power-on.
    pub(super) fn learn(&mut self, cx: &Cx<'_>) {
        let clocks = &cx.shared.clocks;
        self.nominal.get_or_insert((clocks.hsi, clocks.lsi));
    }

    pub(super) fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let mut new = Cr::from_bits_truncate(value) & Cr::WRITABLE;
        // An external clock can replace the crystal only while HSE is off.
        if self.cr.contains(Cr::HSEON) {
            new.set(Cr::HSEBYP, self.cr.contains(Cr::HSEBYP));
        }
        let source = self.in_use();
        for (on, needed) in [
            (Cr::HSION, source.0),
            (Cr::HSEON, source.1),
            (Cr::PLLON, source.2),
        ] {
            if needed && self.cr.contains(on) && !new.contains(on) {
                cx.find("sysclk-switched-off", || {
                    "the oscillator behind SYSCLK was to be switched off: ignored".into()
                });
                new.insert(on);
            }
        }
        self.cr = new | (self.cr & !Cr::WRITABLE);
        self.follow_switches(cx);
    }

    /// Which of HSI, HSE, PLL SYSCLK is made from, directly or through the PLL.
    fn in_use(&self) -> (bool, bool, bool) {
        match (self.source, self.settings_now().pll_source()) {
            (SystemClock::Hsi, _) => (true, false, false),
            (SystemClock::Hse, _) => (false, true, false),
            (SystemClock::Pll, PllSource::Hsi { .. }) => (true, false, true),
            (SystemClock::Pll, PllSource::Hse { .. }) => (false, true, true),
        }
    }

    fn is_on(&self, oscillator: Oscillator) -> bool {
        match oscillator {
            Oscillator::Hsi => self.cr.contains(Cr::HSION),
            Oscillator::Hse => self.cr.contains(Cr::HSEON),
            Oscillator::Pll => self.cr.contains(Cr::PLLON),
            Oscillator::Lsi => self.csr.contains(Csr::LSION),
            Oscillator::Lse => self.bdcr.contains(Bdcr::LSEON),
        }
    }

    pub(super) fn is_ready(&self, oscillator: Oscillator) -> bool {
        match oscillator {
            Oscillator::Hsi => self.cr.contains(Cr::HSIRDY),
            Oscillator::Hse => self.cr.contains(Cr::HSERDY),
            Oscillator::Pll => self.cr.contains(Cr::PLLRDY),
            Oscillator::Lsi => self.csr.contains(Csr::LSIRDY),
            Oscillator::Lse => self.bdcr.contains(Bdcr::LSERDY),
        }
    }

    fn set_ready(&mut self, oscillator: Oscillator, ready: bool) {
        match oscillator {
            Oscillator::Hsi => self.cr.set(Cr::HSIRDY, ready),
            Oscillator::Hse => self.cr.set(Cr::HSERDY, ready),
            Oscillator::Pll => self.cr.set(Cr::PLLRDY, ready),
            Oscillator::Lsi => self.csr.set(Csr::LSIRDY, ready),
            Oscillator::Lse => self.bdcr.set(Bdcr::LSERDY, ready),
        }
    }

    /// Is there anything for this oscillator to oscillate with?
    fn can_start(&self, cx: &Cx<'_>, oscillator: Oscillator) -> bool {
        match oscillator {
            Oscillator::Hsi | Oscillator::Lsi => true,
            Oscillator::Hse => cx.shared.board.hse.is_some(),
            Oscillator::Lse => cx.shared.board.lse.is_some(),
            Oscillator::Pll => match self.settings_now().pll_source() {
                PllSource::Hsi { .. } => self.is_ready(Oscillator::Hsi),
                PllSource::Hse { .. } => self.is_ready(Oscillator::Hse),
            },
        }
    }

    /// Starts what is on and not ready, stops what is off. The PLL comes after its inputs.
    pub(super) fn follow_switches(&mut self, cx: &mut Cx<'_>) {
        for oscillator in [
            Oscillator::Hsi,
            Oscillator::Hse,
            Oscillator::Lsi,
            Oscillator::Lse,
            Oscillator::Pll,
        ] {
            let runs = self.is_on(oscillator) && self.can_start(cx, oscillator);
            let slot = oscillator as usize;
            if !runs {
                if oscillator == Oscillator::Hse && self.is_on(oscillator) {
                    cx.find("no-crystal", || {
                        "HSE was switched on, and the board has none: HSERDY is never set".into()
                    });
                }
                self.forget_start(cx, oscillator);
                self.set_ready(oscillator, false);
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
        self.set_ready(oscillator, true);
        let (flag, enable) = match oscillator {
            Oscillator::Hsi => (Cir::HSIRDYF, Cir::HSIRDYIE),
            Oscillator::Hse => (Cir::HSERDYF, Cir::HSERDYIE),
            Oscillator::Pll => (Cir::PLLRDYF, Cir::PLLRDYIE),
            Oscillator::Lsi => (Cir::LSIRDYF, Cir::LSIRDYIE),
            Oscillator::Lse => (Cir::LSERDYF, Cir::LSERDYIE),
        };
        if self.cir.contains(enable) {
            self.cir.insert(flag);
            self.drive_irq(cx);
        }
        // The PLL may have waited for this one.
        self.follow_switches(cx);
    }

    /// Lets SYSCLK follow SW as far as it can, and publishes the tree if it is another one.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        if let Some(asked) = SystemClock::asked(self.cfgr) {
            let ready = match asked {
                SystemClock::Hsi => self.is_ready(Oscillator::Hsi),
                SystemClock::Hse => self.is_ready(Oscillator::Hse),
                SystemClock::Pll => self.is_ready(Oscillator::Pll),
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
        if !within(tree.hclk, self.max_hclk) {
            cx.find("hclk-too-fast", || {
                format!("HCLK is {}, the part allows {}", tree.hclk, self.max_hclk)
            });
        }
        self.check_pll(cx, &settings);
        let hclk = tree.hclk;
        cx.shared.clocks = tree;
        let cycle = cx.cycle;
        cx.shared.clock.change(cycle, hclk);
        cx.send(Signal::ClocksChanged);
    }

    fn check_pll(&self, cx: &mut Cx<'_>, settings: &Settings) {
        let input = settings.pll_input().whole();
        if self.source == SystemClock::Pll && !(PLL_INPUT.0..=PLL_INPUT.1).contains(&input) {
            cx.find("pll-input-out-of-range", || {
                format!("the PLL's input is {}", settings.pll_input())
            });
        }
    }

    /// The registers without the oscillators: enough to see what feeds what.
    fn settings_now(&self) -> Settings {
        let stopped = Hertz::STOPPED;
        Settings {
            source: self.source,
            cfgr: self.cfgr & !Cfgr::SWS.bits(),
            cfgr2: self.cfgr2,
            cfgr3: self.cfgr3,
            wide_pllsrc: self.wide_pllsrc,
            usart1_on_apb1: self.usart1_on_apb1,
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

/// Is `clock` at most `limit`?
fn within(clock: Hertz, limit: Hertz) -> bool {
    clock.whole() <= limit.whole()
}
