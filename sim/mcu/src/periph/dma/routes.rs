//! Which request line is wired to which channel (or stream), as a chip file says it.

use super::port::DmaLine;
use crate::chip::PeripheralSpec;
use crate::periph::PeripheralId;

/// A request line of a peripheral and the channel that it is wired to.
#[derive(Clone, Copy, Debug)]
pub(in crate::periph) struct Route {
    pub(in crate::periph) from: PeripheralId,
    pub(in crate::periph) line: DmaLine,
    /// Index of the channel or stream.
    pub(in crate::periph) channel: usize,
    /// The value of the selector (CSELR, SxCR.CHSEL) that lets it through.
    pub(in crate::periph) select: Option<u32>,
    /// The level of the line now.
    pub(in crate::periph) high: bool,
}

impl Route {
    /// Reads `USART1_RX:5`, or `USART1_RX:5/2` with the value of the selector. There are `count` channels, the lowest is called `first`.
    pub(in crate::periph) fn parse(
        item: &str,
        first: usize,
        count: usize,
        all: &[PeripheralSpec],
    ) -> Option<Self> {
        let (source, target) = item.split_once(':')?;
        let (peripheral, line) = source.rsplit_once('_')?;
        let (channel, select) = match target.split_once('/') {
            Some((channel, select)) => (
                channel,
                Some(select.parse().ok().filter(|select| *select < 16)?),
            ),
            None => (target, None),
        };
        Some(Self {
            from: PeripheralId(all.iter().position(|p| p.name == peripheral)?),
            line: DmaLine::from_name(line)?,
            channel: number(channel.parse().ok()?, first, count)?,
            select,
            high: false,
        })
    }
}

/// A channel number as it is written, as an index.
pub(super) fn number(n: usize, first: usize, count: usize) -> Option<usize> {
    n.checked_sub(first).filter(|&n| n < count)
}
