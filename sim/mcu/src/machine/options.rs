//! What a machine is built with.

use crate::Hertz;
use crate::chip::OpenSpec;
use crate::flash::FlashTiming;

/// Behaviours of silicon that no manual settles, and how this machine settles them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenBehaviours {
    /// Those of the core.
    pub core: flashstall_cpu::OpenBehaviours,
    /// Lines already in the prefetch buffer are served while the bank is busy. Default: yes, they do not touch the array.
    pub buffer_hit_while_busy: bool,
}

impl Default for OpenBehaviours {
    fn default() -> Self {
        Self::from(&OpenSpec::default())
    }
}

impl From<&OpenSpec> for OpenBehaviours {
    /// As a chip file settles them.
    fn from(spec: &OpenSpec) -> Self {
        Self {
            core: flashstall_cpu::OpenBehaviours {
                vector_address: spec.vector_address.into(),
                late_arrival_during_held_vector: spec.late_arrival_during_held_vector,
                interrupt_during_held_fetch: spec.interrupt_during_held_fetch,
            },
            buffer_hit_while_busy: spec.buffer_hit_while_busy,
        }
    }
}

/// What a machine is built with.
#[derive(Clone, Copy, Debug)]
pub struct MachineOptions {
    /// Crystal or clock at OSC_IN.
    pub hse: Option<Hertz>,
    /// Crystal at OSC32_IN.
    pub lse: Option<Hertz>,
    /// How long flash operations take.
    pub timing: FlashTiming,
    /// Open behaviours.
    pub open: OpenBehaviours,
    /// Skip whole iterations of poll loops. Never changes a result.
    pub fast_forward: bool,
}
