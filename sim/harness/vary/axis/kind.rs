//! What can be varied.

use super::super::value::Unit;

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// How long a host waits for an answer.
    AnswerTimeout,
    /// Bit rate of a UART line, at both ends: the receiver's divider follows. Of a host, its own end.
    Baud,
    /// Bit rate of a CAN node or host.
    Bitrate,
    /// How many bytes or frames make a burst.
    Burst,
    /// Idle time after each byte of a host.
    ByteGap,
    /// How far the sender's clock is off.
    ClockError,
    /// How many bytes, frames or pulses are sent.
    Count,
    /// Bytes in a frame; with a `dlc-min` at most.
    Dlc,
    /// Bytes in a frame, at least.
    DlcMin,
    /// Erase of a page or of any sector.
    Erase,
    /// Frames of 100 with an identifier of 29 bits.
    ExtendedShare,
    /// Idle time after each byte or frame.
    Gap,
    /// Further idle time before each byte or pulse, at most.
    Jitter,
    /// From the end of what the chip says to the host's acting on it.
    Latency,
    /// In which order commands or frames are sent, or wires start: the number of a permutation, 0 is that of the scenario.
    Order,
    /// Idle time after each page that a host sends unasked.
    PageGap,
    /// Idle time after each burst or command.
    Pause,
    /// From one frame or pulse to the next.
    Period,
    /// How much later than the scenario says a wire starts.
    Phase,
    /// Programming of one unit.
    Program,
    /// Frames of 100 that are remote frames.
    RemoteShare,
    /// Seed of jitter, random bytes and the mix of frames.
    Seed,
    /// How often a host sends the same frame.
    Tries,
}

/// All kinds with their names, in alphabetical order.
pub const KINDS: [(&str, Kind); 23] = [
    ("answer-timeout", Kind::AnswerTimeout),
    ("baud", Kind::Baud),
    ("bitrate", Kind::Bitrate),
    ("burst", Kind::Burst),
    ("byte-gap", Kind::ByteGap),
    ("clock-error", Kind::ClockError),
    ("count", Kind::Count),
    ("dlc", Kind::Dlc),
    ("dlc-min", Kind::DlcMin),
    ("erase", Kind::Erase),
    ("extended-share", Kind::ExtendedShare),
    ("gap", Kind::Gap),
    ("jitter", Kind::Jitter),
    ("latency", Kind::Latency),
    ("order", Kind::Order),
    ("page-gap", Kind::PageGap),
    ("pause", Kind::Pause),
    ("period", Kind::Period),
    ("phase", Kind::Phase),
    ("program", Kind::Program),
    ("remote-share", Kind::RemoteShare),
    ("seed", Kind::Seed),
    ("tries", Kind::Tries),
];

impl Kind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = KINDS.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }

    /// What the numbers of its values are.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Baud | Self::Bitrate => Unit::Rate,
            Self::ClockError => Unit::Deviation,
            Self::Burst
            | Self::Count
            | Self::Dlc
            | Self::DlcMin
            | Self::ExtendedShare
            | Self::Order
            | Self::RemoteShare
            | Self::Seed
            | Self::Tries => Unit::Count,
            Self::AnswerTimeout
            | Self::ByteGap
            | Self::Erase
            | Self::Gap
            | Self::Jitter
            | Self::Latency
            | Self::PageGap
            | Self::Pause
            | Self::Period
            | Self::Phase
            | Self::Program => Unit::Time,
        }
    }

    /// Is it of the flash, and not of a wire?
    pub(in crate::vary) const fn is_of_flash(self) -> bool {
        matches!(self, Self::Erase | Self::Program)
    }

    /// More of it is harder for the firmware, or at least no easier: it can have a highest value at which nothing is lost.
    pub(in crate::vary) const fn is_load(self) -> bool {
        matches!(
            self,
            Self::Baud
                | Self::Bitrate
                | Self::Burst
                | Self::Count
                | Self::Erase
                | Self::Jitter
                | Self::Program
        )
    }

    /// What its values can look like, for a message.
    pub(super) fn example(self) -> String {
        let values = match self {
            Self::Baud | Self::Bitrate => "9600..2M/20 or 31250,115200",
            Self::Burst => "1,4,16",
            Self::ClockError => "-2%..2%/9",
            Self::Count => "1..640/10",
            Self::Dlc | Self::DlcMin => "0..8/9",
            Self::Seed => "0..9/10",
            Self::Phase => "64: so many steps over one character time",
            Self::Erase | Self::Program => "20ms..40ms/5, or datasheet",
            Self::ExtendedShare | Self::RemoteShare => "0,25,100",
            Self::ByteGap | Self::Gap | Self::Jitter | Self::Latency => "0us..100us/5",
            Self::AnswerTimeout => "100ms,1s",
            Self::Order => "0..5/6",
            Self::PageGap | Self::Pause | Self::Period => "1ms..20ms/5",
            Self::Tries => "1,3,10",
        };
        format!("write for example {}={values}", self.name())
    }
}
