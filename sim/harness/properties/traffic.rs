//! Strategies for traffic and for the other end of a line.

use std::ops::RangeInclusive;

use ::proptest::collection::vec;
use ::proptest::prelude::*;
use flashstall_mcu::Picos;

use super::strategies::time;
use crate::scenario::Time;
use crate::scenario::file::{FrameTable, TrafficTable};
use crate::scenario::host::{HostKind, HostProtocol, HostTable};

/// Most bytes in a frame.
const MAX_DLC: u8 = 8;
/// Largest identifiers of 11 and of 29 bits.
const STANDARD: u32 = 0x7FF;
const EXTENDED: u32 = 0x1FFF_FFFF;

/// Bursts of a UART line or a CAN node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bursts {
    /// Bytes or frames in a burst, at least 1.
    pub burst: u32,
    /// Idle time after each burst.
    pub pause: Time,
}

impl Bursts {
    /// Puts them into a wire's traffic.
    pub fn apply(&self, traffic: &mut TrafficTable) {
        traffic.burst = Some(self.burst.into());
        traffic.pause = Some(self.pause.into());
    }
}

/// Bursts of 1 to `most` bytes or frames, a pause of at most `pause` after each. Shrinks towards shorter bursts, then shorter pauses.
pub fn bursts(most: u32, pause: Picos) -> impl Strategy<Value = Bursts> {
    (1..=most.max(1), time(Picos::ZERO..=pause)).prop_map(|(burst, pause)| Bursts { burst, pause })
}

/// What kinds of frames a CAN node sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameMix {
    /// Of 100 frames, those with an identifier of 29 bits.
    pub extended_share: u8,
    /// Of 100 frames, those that are remote frames.
    pub remote_share: u8,
    /// Bytes in a frame, at least …
    pub dlc_min: u8,
    /// … and at most, not less than `dlc_min`.
    pub dlc: u8,
    /// Idle time on the bus after each frame.
    pub gap: Time,
}

impl FrameMix {
    /// Puts it into a CAN wire's traffic, which has a `count` and a pattern or content.
    pub fn apply(&self, traffic: &mut TrafficTable) {
        (traffic.extended, traffic.period, traffic.jitter) = (None, None, None);
        traffic.extended_share = Some(self.extended_share.into());
        traffic.remote_share = Some(self.remote_share.into());
        traffic.dlc_min = Some(self.dlc_min.into());
        traffic.dlc = Some(self.dlc.into());
        traffic.gap = Some(self.gap);
    }
}

/// Any mix of frames with idle time of at most `gap` between them. Frames hold at least one byte at most, so that there is content. Shrinks
/// towards standard data frames, short ones, back to back.
pub fn frame_mix(gap: Picos) -> impl Strategy<Value = FrameMix> {
    let lengths = (1..=MAX_DLC, 0..=MAX_DLC);
    let shares = (0..=100_u8, 0..=100_u8);
    (shares, lengths, time(Picos::ZERO..=gap)).prop_map(|(shares, (dlc, dlc_min), gap)| FrameMix {
        extended_share: shares.0,
        remote_share: shares.1,
        dlc_min: dlc_min.min(dlc),
        dlc,
        gap,
    })
}

/// A list of 1 to `most` frames back to back, for `frames` of a CAN wire, with any identifiers, lengths and kinds. Shrinks towards fewer frames,
/// then standard data frames with low identifiers, shorter ones, zeros.
pub fn frames(most: usize) -> impl Strategy<Value = Vec<FrameTable>> {
    let id = prop_oneof![
        (0..=STANDARD).prop_map(|id| (id, false)),
        (0..=EXTENDED).prop_map(|id| (id, true)),
    ];
    let data = vec(any::<u8>(), 0..=usize::from(MAX_DLC));
    let one = (id, any::<bool>(), data).prop_map(|((id, extended), remote, data)| {
        let digits: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
        FrameTable {
            at: None,
            id: id.into(),
            extended: extended.then_some(true),
            data: (!remote).then(|| digits.into()),
            remote: remote.then_some(true),
            dlc: remote.then(|| (data.len() as u8).into()),
        }
    });
    vec(one, 1..=most.max(1))
}

/// How a host behaves, within its protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostBehaviour {
    /// How long it waits for an answer, more than nothing.
    pub answer_timeout: Time,
    /// From the end of what the chip says to its acting on it.
    pub latency: Time,
    /// Idle time after each byte, at a UART.
    pub byte_gap: Time,
    /// Idle time after each page that it sends unasked.
    pub page_gap: Time,
    /// How often it sends the same frame, at least once.
    pub tries: u32,
}

impl HostBehaviour {
    /// Gives it to a host, as far as its protocol knows of it.
    pub fn apply(&self, host: &mut HostTable) {
        host.answer_timeout = Some(self.answer_timeout.into());
        host.latency = Some(self.latency);
        if host.kind.value == HostKind::Uart {
            host.byte_gap = Some(self.byte_gap);
        }
        match host.protocol.value {
            HostProtocol::CrcResend => host.tries = Some(self.tries.into()),
            HostProtocol::Handshake => {}
            HostProtocol::Stream | HostProtocol::BusyReply | HostProtocol::EraseFirst => {
                host.page_gap = Some(self.page_gap);
            }
        }
    }
}

/// A host that waits for an answer for a time in `answer_timeout` (from more than zero), acts on what it hears within `latency`, leaves at most `byte_gap` after each byte, pauses for at most `page_gap`, and
/// says the same up to `tries` times. Shrinks towards a host that is impatient and quick.
pub fn host_behaviour(
    answer_timeout: RangeInclusive<Picos>,
    latency: Picos,
    byte_gap: Picos,
    page_gap: Picos,
    tries: u32,
) -> impl Strategy<Value = HostBehaviour> {
    let times = (
        time(answer_timeout),
        time(Picos::ZERO..=latency),
        time(Picos::ZERO..=byte_gap),
        time(Picos::ZERO..=page_gap),
    );
    (times, 1..=tries.max(1)).prop_map(|((answer_timeout, latency, byte_gap, page_gap), tries)| {
        HostBehaviour {
            answer_timeout,
            latency,
            byte_gap,
            page_gap,
            tries,
        }
    })
}
