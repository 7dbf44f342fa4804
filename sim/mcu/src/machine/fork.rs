//! What the clone of a machine may have changed before it goes on.

use super::{Engine, FlashTiming, Machine, Stop};
use crate::Picos;
use crate::wire::{Replacement, WireId};

impl Machine {
    /// As [`run_until`](Self::run_until), but leaves no trace of having stopped: what is looked at when a run ends (the alignment of the
    /// vector table) is not looked at. A run in two parts is then the same as a run in one.
    pub fn advance_until(&mut self, engine: &mut dyn Engine, limit: Picos) -> Stop {
        self.go(engine, limit)
    }

    /// Puts another sender in the place of wire `id`, as if it had been attached instead. False, and nothing changes, if the wire has begun, if
    /// the new one is of another kind or at another place, or should have begun already. Nodes on a CAN bus cannot be replaced.
    #[must_use]
    pub fn replace_wire(&mut self, id: WireId, new: Replacement) -> bool {
        let now = self.time();
        let Some(wire) = self.soc.wires.get_mut(id.0) else {
            return false;
        };
        let done = wire.replace(&mut self.soc.shared, now, new);
        self.soc.outside_changed(&mut self.cpu.core);
        done
    }

    /// Sets how long flash operations take that begin from now on. False, and nothing changes, if one has begun before: the machine is
    /// then not what it would be if it had been built with `timing`.
    #[must_use]
    pub fn set_flash_timing(&mut self, timing: FlashTiming) -> bool {
        let untouched = self.soc.shared.log.operations.kept.is_empty();
        if untouched {
            self.soc.shared.flash.set_timing(timing);
        }
        untouched
    }
}
