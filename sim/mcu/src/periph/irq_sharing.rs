//! Interrupt lines that several peripherals drive: high while any of them wants it.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a line that two blocks share is the OR of both | svd/STM32F407.svd TIM1_UP_TIM10 \[S\]; that it is an OR: RM0090 vector table, both blocks on one position \[D\] | `a_shared_line_falls_with_the_last` |

use crate::chip::PeripheralSpec;
use crate::periph::PeripheralId;

/// Peripherals that a set has room for.
const ROOM: usize = u128::BITS as usize;

/// Who drives the lines that more than one peripheral has. Empty on a part without such lines.
#[derive(Clone, Debug, Default)]
pub struct IrqSharing {
    /// Each shared line with the set of peripherals that want it high.
    lines: Vec<(u16, u128)>,
}

impl IrqSharing {
    /// The lines that two or more of `peripherals` name.
    pub(crate) fn of(peripherals: &[PeripheralSpec]) -> Self {
        let mut owners: Vec<(u16, usize)> = peripherals
            .iter()
            .enumerate()
            .flat_map(|(id, spec)| spec.irqs.values().map(move |&irq| (irq, id)))
            .collect();
        owners.sort_unstable();
        owners.dedup();
        let mut lines: Vec<(u16, u128)> = owners
            .windows(2)
            .filter_map(|pair| match pair {
                [(a, _), (b, _)] if a == b => Some((*a, 0)),
                _ => None,
            })
            .collect();
        lines.dedup();
        Self { lines }
    }

    /// `id` wants line `irq` high, or no longer does. Returns what the line is then.
    pub(crate) fn level(&mut self, irq: u16, id: PeripheralId, high: bool) -> bool {
        let line = self.lines.iter_mut().find(|(line, _)| *line == irq);
        let Some((_, wanted)) = line.filter(|_| id.0 < ROOM) else {
            return high;
        };
        let bit = 1u128 << id.0;
        *wanted = if high { *wanted | bit } else { *wanted & !bit };
        *wanted != 0
    }

    /// Nobody wants anything, as after reset.
    pub(crate) fn reset(&mut self) {
        for (_, wanted) in &mut self.lines {
            *wanted = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::chip_called;

    #[test]
    fn a_shared_line_falls_with_the_last() {
        let chip = chip_called("stm32f407xg");
        let id = |name: &str| {
            let place = chip.peripherals.iter().position(|p| p.name == name);
            PeripheralId(place.expect("the part has it"))
        };
        let (tim1, tim10) = (id("TIM1"), id("TIM10"));
        let mut sharing = IrqSharing::of(&chip.peripherals);
        assert!(sharing.level(25, tim1, true));
        assert!(sharing.level(25, tim10, true));
        assert!(sharing.level(25, tim1, false), "TIM10 still holds it");
        assert!(!sharing.level(25, tim10, false));
        assert!(!sharing.level(27, tim1, false), "a line of its own");
        sharing.level(25, tim1, true);
        sharing.reset();
        assert!(!sharing.level(25, tim10, false));
    }
}
