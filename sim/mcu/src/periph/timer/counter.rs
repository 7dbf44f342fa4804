//! A timer's counter as arithmetic: prescaler, counter, auto-reload, compare, and what passes in `n` clocks.
//!
//! Knows neither registers nor time. [`Counter::advance`] costs a few steps however large `n` is.

/// Which compare matches of a centre-aligned counter set their flag (CR1.CMS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Alignment {
    /// Edge-aligned: CMS 0.
    #[default]
    Edge,
    /// Centre-aligned: flags while counting down (CMS 1), up (2), or both (3).
    Centre {
        /// While counting up.
        up: bool,
        /// While counting down.
        down: bool,
    },
}

/// What happened while time passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// Update events.
    pub(super) updates: u64,
    /// Matches of each compare channel.
    pub(super) matches: [u64; 4],
}

impl Passed {
    fn add(&mut self, other: &Self, times: u64) {
        self.updates += other.updates * times;
        for (sum, n) in self.matches.iter_mut().zip(other.matches) {
            *sum += n * times;
        }
    }
}

/// A value with a preload register in front of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Preloaded {
    /// What software wrote.
    pub(super) written: u32,
    /// What the counter uses.
    pub(super) active: u32,
}

impl Preloaded {
    /// Software writes `value`; without preload it counts at once.
    pub(super) const fn write(&mut self, value: u32, preload: bool) {
        self.written = value;
        if !preload {
            self.active = value;
        }
    }

    const fn load(&mut self) {
        self.active = self.written;
    }
}

/// The counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    /// Largest value: 16 or 32 bits.
    pub(super) max: u32,
    /// CEN.
    pub(super) enabled: bool,
    /// CNT.
    pub(super) count: u32,
    /// Clocks since the prescaler last let one through.
    pub(super) prescaled: u32,
    /// PSC; always preloaded.
    pub(super) psc: Preloaded,
    /// ARR.
    pub(super) arr: Preloaded,
    /// CCR1 to CCR4.
    pub(super) ccr: [Preloaded; 4],
    /// Which channels compare: exist and are outputs.
    pub(super) compares: [bool; 4],
    /// DIR: counting down now.
    pub(super) down: bool,
    /// CMS.
    pub(super) alignment: Alignment,
    /// UDIS.
    pub(super) update_disabled: bool,
    /// OPM.
    pub(super) one_pulse: bool,
    /// RCR: an update event comes at every (this + 1)th overflow or underflow. Taken over at an update.
    pub(super) repetition: u32,
    /// Overflows and underflows that still pass without an update.
    pub(super) to_skip: u32,
}

impl Counter {
    pub(super) const fn new(max: u32) -> Self {
        let zero = Preloaded {
            written: 0,
            active: 0,
        };
        Self {
            max,
            enabled: false,
            count: 0,
            prescaled: 0,
            psc: zero,
            arr: Preloaded {
                written: max,
                active: max,
            },
            ccr: [zero; 4],
            compares: [false; 4],
            down: false,
            alignment: Alignment::Edge,
            update_disabled: false,
            one_pulse: false,
            repetition: 0,
            to_skip: 0,
        }
    }

    /// A counter with ARR 0 is blocked (RM0364 §counter modes).
    const fn runs(&self) -> bool {
        self.enabled && self.arr.active != 0
    }

    /// Timer clocks in one count.
    const fn clocks_per_count(&self) -> u64 {
        self.psc.active as u64 + 1
    }

    /// Counts up to and including the next one that wraps or turns.
    fn counts_to_boundary(&self) -> u64 {
        let (count, arr, max) = (
            u64::from(self.count),
            u64::from(self.arr.active),
            u64::from(self.max),
        );
        match self.alignment {
            Alignment::Edge if self.down => count + 1,
            Alignment::Edge if count <= arr => arr - count + 1,
            Alignment::Centre { .. } if self.goes_down() => count.max(1),
            Alignment::Centre { .. } if count < arr => arr - count,
            // Past ARR: on to the largest value, then to 0.
            _ => max - count + 1,
        }
    }

    /// Direction of the next count of a centre-aligned counter: it turns at both ends.
    const fn goes_down(&self) -> bool {
        if self.count == self.arr.active {
            true
        } else if self.count == 0 {
            false
        } else {
            self.down
        }
    }

    /// Timer clocks up to and including the next wrap or turn; `None` if the counter stands.
    pub(super) fn clocks_to_boundary(&self) -> Option<u64> {
        self.runs()
            .then(|| self.clocks_to(self.counts_to_boundary()))
    }

    /// Timer clocks until `counts` more counts are done.
    const fn clocks_to(&self, counts: u64) -> u64 {
        counts * self.clocks_per_count() - self.prescaled as u64
    }

    /// Timer clocks until channel `n` matches or the next boundary is reached, whichever is first.
    pub(super) fn clocks_to_match(&self, n: usize) -> Option<u64> {
        let boundary = self.clocks_to_boundary()?;
        if !self.compares[n] {
            return None;
        }
        let (count, ccr) = (u64::from(self.count), u64::from(self.ccr[n].active));
        let down = self.moves_down();
        let ahead = if down {
            count.checked_sub(ccr)
        } else {
            ccr.checked_sub(count)
        };
        let inside = ahead.filter(|&d| d > 0 && d < self.counts_to_boundary() && self.flags(down));
        Some(inside.map_or(boundary, |counts| self.clocks_to(counts)))
    }

    const fn moves_down(&self) -> bool {
        match self.alignment {
            Alignment::Edge => self.down,
            Alignment::Centre { .. } => self.goes_down(),
        }
    }

    /// Do matches while moving in this direction set flags?
    const fn flags(&self, moving_down: bool) -> bool {
        match self.alignment {
            Alignment::Edge => true,
            Alignment::Centre { up, down } => {
                if moving_down {
                    down
                } else {
                    up
                }
            }
        }
    }

    /// Lets `clocks` timer clocks pass.
    pub(super) fn advance(&mut self, mut clocks: u64) -> Passed {
        let mut passed = Passed::default();
        let mut boundaries = 0;
        // After an update and one boundary more every preloaded value is in force: what follows repeats itself.
        let settled = u64::from(self.to_skip) + 2;
        while clocks > 0 {
            let Some(to_boundary) = self.clocks_to_boundary() else {
                break;
            };
            if clocks < to_boundary {
                let total = u64::from(self.prescaled) + clocks;
                self.prescaled = (total % self.clocks_per_count()) as u32;
                self.glide(total / self.clocks_per_count(), &mut passed);
                break;
            }
            clocks -= to_boundary;
            self.prescaled = 0;
            self.cross_boundary(&mut passed);
            boundaries += 1;
            if boundaries == settled {
                clocks = self.skip_periods(clocks, &mut passed);
            }
        }
        passed
    }

    /// Skips as many whole periods as `clocks` holds; returns what is left.
    fn skip_periods(&mut self, clocks: u64, passed: &mut Passed) -> u64 {
        let start = *self;
        let mut probe = start;
        let mut once = Passed::default();
        let mut period = 0;
        // An edge-aligned period has one boundary, a centre-aligned one two; either as often as RCR says.
        for _ in 0..2 * (u64::from(self.repetition) + 1) {
            let Some(to_boundary) = probe.clocks_to_boundary() else {
                return clocks;
            };
            period += to_boundary;
            probe.cross_boundary(&mut once);
            if probe == start {
                passed.add(&once, clocks / period);
                return clocks % period;
            }
        }
        clocks
    }

    /// Counts `counts` times inside a run without a boundary.
    fn glide(&mut self, counts: u64, passed: &mut Passed) {
        let down = self.moves_down();
        if let (Alignment::Centre { .. }, true) = (self.alignment, counts > 0) {
            self.down = down;
        }
        for n in 0..4 {
            let (count, ccr) = (u64::from(self.count), u64::from(self.ccr[n].active));
            let ahead = if down {
                count.checked_sub(ccr)
            } else {
                ccr.checked_sub(count)
            };
            if self.compares[n] && self.flags(down) && ahead.is_some_and(|d| d > 0 && d <= counts) {
                passed.matches[n] += 1;
            }
        }
        // A run without a boundary stays within 32 bits.
        let counts = counts as u32;
        self.count = if down {
            self.count.wrapping_sub(counts)
        } else {
            self.count.wrapping_add(counts)
        };
    }

    /// Runs up to and over the next wrap or turn.
    fn cross_boundary(&mut self, passed: &mut Passed) {
        self.glide(self.counts_to_boundary() - 1, passed);
        let down = self.moves_down();
        let (next, update) = match self.alignment {
            Alignment::Edge if down => (None, true),
            Alignment::Edge => (Some(0), self.count == self.arr.active),
            Alignment::Centre { .. } if down => (Some(0), true),
            Alignment::Centre { .. } if self.count < self.arr.active => {
                (Some(self.arr.active), true)
            }
            Alignment::Centre { .. } => (Some(0), false),
        };
        let arr_before = self.arr.active;
        if let Alignment::Centre { .. } = self.alignment {
            self.down = down;
        }
        if update && self.to_skip > 0 {
            self.to_skip -= 1;
        } else if update {
            self.update(passed);
        }
        // A down-counter reloads from ARR as it is after the update.
        self.count = next.unwrap_or(self.arr.active);
        for n in 0..4 {
            let ccr = self.ccr[n].active;
            // A compare value that is never reached matches at the overflow or underflow (RM0364 TIMx_SR.CC1IF).
            let out_of_reach = update && ccr > arr_before && ccr > self.arr.active;
            if self.compares[n] && (out_of_reach || ccr == self.count && self.flags(down)) {
                passed.matches[n] += 1;
            }
        }
    }

    /// The update event: preloaded values take effect, a one-pulse counter stops. Nothing with UDIS.
    fn update(&mut self, passed: &mut Passed) {
        if self.update_disabled {
            return;
        }
        passed.updates += 1;
        self.load_shadows();
        if self.one_pulse {
            self.enabled = false;
        }
    }

    /// Preloaded values take effect.
    pub(super) fn load_shadows(&mut self) {
        self.psc.load();
        self.arr.load();
        self.ccr.iter_mut().for_each(Preloaded::load);
        self.to_skip = self.repetition;
    }

    /// EGR.UG: counter and prescaler start over.
    pub(super) fn restart(&mut self) {
        if !self.update_disabled {
            self.load_shadows();
        }
        self.prescaled = 0;
        self.count = match self.alignment {
            Alignment::Edge if self.down => self.arr.active,
            Alignment::Edge => 0,
            Alignment::Centre { .. } => {
                self.down = false;
                0
            }
        };
    }
}

#[cfg(test)]
mod tests;
