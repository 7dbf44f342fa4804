//! What happened on an I2C bus, beside the fates of the bytes.

use crate::Picos;
use crate::log::Records;
use crate::periph::I2cHold;

/// How a transaction went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum I2cOutcome {
    /// To its STOP.
    Completed,
    /// Its address was not acknowledged.
    NoAddress,
    /// A byte was not acknowledged.
    Refused,
    /// SCL was held for longer than the host waits.
    TimedOut,
}

/// One time that the host tried a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I2cAttempt {
    /// Its START, or the time from which the host waited for the bus.
    pub start: Picos,
    /// Its STOP, or the time at which the host gave up.
    pub end: Picos,
    /// How it went.
    pub outcome: I2cOutcome,
}

/// One time that the chip held SCL low longer than the host did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The host let SCL go.
    pub from: Picos,
    /// SCL rose, or the reason changed.
    pub to: Picos,
    /// What for, and who should have ended it.
    pub hold: I2cHold,
}

/// Everything on one I2C wire but the units.
#[derive(Clone, Debug, Default)]
pub struct I2cRecord {
    /// Transactions that the host began, each counted once, however often it tried; each poll is one.
    pub transactions: u64,
    /// Transactions that went well in the end.
    pub completed: u64,
    /// Transactions that the host gave up for good.
    pub failed: u64,
    /// Attempts that ended because the address was not acknowledged.
    pub address_nacks: u64,
    /// Attempts that ended because a byte was not acknowledged.
    pub data_nacks: u64,
    /// Attempts that ended because SCL was held for too long.
    pub timed_out: u64,
    /// Why the first address or byte was not acknowledged, where the chip can say.
    pub first_nack: Option<&'static str>,
    /// Bytes that the host has read in transactions that went well.
    pub read: u64,
    /// Transactions whose answer is not the one that the script gives.
    pub wrong_answers: u64,
    /// Attempts, each.
    pub attempts: Records<I2cAttempt>,
    /// Stretches, each.
    pub stretches: Records<Stretch>,
    /// How many, kept or not.
    pub stretch_count: u64,
    /// Sum of their lengths, kept or not.
    pub stretched: Picos,
    /// The longest, kept or not.
    pub longest: Option<Stretch>,
    /// SCL is held now: since when, and what for.
    pub open: Option<(Picos, I2cHold)>,
}

impl I2cRecord {
    /// SCL is held from now on, for this reason.
    pub(super) fn open(&mut self, at: Picos, hold: I2cHold) {
        self.close(at);
        self.open = Some((at, hold));
    }

    /// SCL rises.
    pub(super) fn close(&mut self, at: Picos) {
        let Some((from, hold)) = self.open.take().filter(|(from, _)| *from < at) else {
            return;
        };
        let stretch = Stretch { from, to: at, hold };
        self.stretch_count += 1;
        self.stretched += at - from;
        self.longest = Some(longer(self.longest, stretch));
        self.stretches.push(stretch);
    }

    /// The longest stretch, and the sum of all, for a run that ends at `end`: one that is still on counts up to there.
    #[must_use]
    pub fn until(&self, end: Picos) -> (Picos, u64, Option<Stretch>) {
        match self.open.filter(|(from, _)| *from < end) {
            None => (self.stretched, self.stretch_count, self.longest),
            Some((from, hold)) => {
                let last = Stretch {
                    from,
                    to: end,
                    hold,
                };
                (
                    self.stretched + (end - from),
                    self.stretch_count + 1,
                    Some(longer(self.longest, last)),
                )
            }
        }
    }
}

/// The longer of the two, the first one if they are equal.
fn longer(longest: Option<Stretch>, next: Stretch) -> Stretch {
    longest
        .filter(|l| l.to - l.from >= next.to - next.from)
        .unwrap_or(next)
}
