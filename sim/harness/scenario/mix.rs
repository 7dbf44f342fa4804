//! The mix of frames that a CAN wire sends: lengths, kinds of identifiers, remote frames, all drawn with the seed.

use flashstall_mcu::Picos;
use flashstall_mcu::wire::{CanFrame, CanId};

use super::Located;
use super::diagnostic::ScenarioError;
use super::file::TrafficTable;
use super::traffic::Random;

type Result<T> = std::result::Result<T, ScenarioError>;

/// Most bytes in a frame (ISO 11898-1, classic frames).
const MAX_DLC: u8 = 8;

/// What kinds of frames there are: each draws from a generator of its own, so that changing one share leaves the others as they were.
pub(super) struct Mix {
    shortest: usize,
    pub(super) longest: usize,
    extended: u8,
    remote: u8,
    lengths: Random,
    identifiers: Random,
    kinds: Random,
}

impl Mix {
    pub(super) fn of(table: &Located<TrafficTable>) -> Result<Self> {
        let t = &table.value;
        let longest = length(t.dlc.as_ref())?.unwrap_or(MAX_DLC);
        let shortest = length(t.dlc_min.as_ref())?.unwrap_or(longest);
        if let (Some(place), true) = (&t.dlc_min, shortest > longest) {
            let message = format!("`dlc-min` {shortest} is more than `dlc` {longest}");
            return Err(ScenarioError::at(place, message));
        }
        if let (Some(place), true) = (&t.extended_share, t.extended.is_some()) {
            let message = "`extended` and `extended-share` say the same: give one";
            return Err(ScenarioError::at(place, message));
        }
        let seed = t.seed.unwrap_or(0);
        Ok(Self {
            shortest: usize::from(shortest),
            longest: usize::from(longest),
            extended: share(t.extended_share.as_ref())?,
            remote: share(t.remote_share.as_ref())?,
            lengths: Random::new(seed ^ 0x0044_4C43),
            identifiers: Random::new(seed ^ 0x0049_4445),
            kinds: Random::new(seed ^ 0x0052_5452),
        })
    }

    /// Bytes in the next frame.
    pub(super) fn length(&mut self) -> usize {
        let span = (self.longest - self.shortest) as u64;
        self.shortest + self.lengths.up_to(Picos(span)).0 as usize
    }

    /// The next frame. `None` if it has too many bytes.
    pub(super) fn frame(&mut self, id: CanId, bytes: &[u8]) -> Option<CanFrame> {
        let drawn = |random: &mut Random, share: u8| random.up_to(Picos(99)).0 < u64::from(share);
        let id = if drawn(&mut self.identifiers, self.extended) {
            CanId::extended(id.raw())?
        } else {
            id
        };
        if drawn(&mut self.kinds, self.remote) {
            CanFrame::remote(id, u8::try_from(bytes.len()).ok()?)
        } else {
            CanFrame::new(id, bytes)
        }
    }
}

fn length(dlc: Option<&Located<u8>>) -> Result<Option<u8>> {
    match dlc {
        Some(dlc) if dlc.value > MAX_DLC => {
            let message = format!("a frame has at most 8 bytes, not {}", dlc.value);
            Err(ScenarioError::at(dlc, message))
        }
        dlc => Ok(dlc.map(|dlc| dlc.value)),
    }
}

fn share(share: Option<&Located<u8>>) -> Result<u8> {
    match share {
        Some(share) if share.value > 100 => {
            let message = format!("{} of 100 frames are too many", share.value);
            Err(ScenarioError::at(share, message).help("0 to 100"))
        }
        share => Ok(share.map_or(0, |share| share.value)),
    }
}
