//! What the DMA channels did.

use flashstall_mcu::Machine;

use super::model::DmaReport;

/// All channels that moved anything, by controller and number.
pub(super) fn channels(machine: &Machine) -> Vec<DmaReport> {
    let one = |(&(id, channel), totals): (&(_, u8), &flashstall_mcu::log::DmaTotals)| {
        let flashstall_mcu::periph::PeripheralId(index) = id;
        let spec = machine.chip().peripherals.get(index);
        DmaReport {
            controller: spec.map(|p| p.name.clone()).unwrap_or_default(),
            channel,
            stream: spec.is_some_and(|p| p.kind == "dma-stream"),
            units: totals.units,
            laps: totals.laps,
            unserved_laps: totals.unserved_laps,
            ring: (totals.ring != 0).then_some(totals.ring.into()),
            longest_unseen: totals.longest_unseen.into(),
            overwritten: totals.overwritten,
        }
    };
    machine.log().dma.iter().map(one).collect()
}
