//! What a sender that talks back is made of: a state machine that is told what happens on the wire and gives orders.
//!
//! It knows no wire: `S` is what it sends and `H` what it hears (bytes of a UART, frames of a CAN bus). It sees nothing of the chip but
//! what the chip says, and nothing of time but what it is told and the one timer that it sets.

use crate::{Hertz, Picos};

/// What a peer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerEvent<H> {
    /// It may begin.
    Start,
    /// Everything that it ordered to be sent has left the line.
    Sent,
    /// The chip has sent this.
    Heard(H),
    /// The chip has sent something that cannot be understood.
    Garbled,
    /// The time that it set is over.
    TimeOut,
}

/// What a peer wants done. Nothing is ordered by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders<S> {
    /// Forget what was ordered to be sent and has not begun.
    pub discard: bool,
    /// Send these after what is still to be sent.
    pub send: Vec<S>,
    /// Begin nothing more (true), or go on (false).
    pub pause: Option<bool>,
    /// uart: from the next character on, both ways, this end's clock makes so many bits a second.
    pub bit_rate: Option<Hertz>,
    /// Set the timer to this span from now, or stop it. It has one: a new span replaces the old.
    pub timer: Option<Option<Picos>>,
}

impl<S> Default for Orders<S> {
    fn default() -> Self {
        Self {
            discard: false,
            send: Vec::new(),
            pause: None,
            bit_rate: None,
            timer: None,
        }
    }
}

/// How far a peer has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeerOutcome {
    /// It is not done.
    #[default]
    Running,
    /// The chip has said that all is well.
    Complete,
    /// The chip has said that it is not.
    Refused,
    /// The chip has said nothing for too long, or the same page went wrong too often.
    GaveUp,
}

/// What a peer has to say for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerAccount {
    /// When it began.
    pub begun: Option<Picos>,
    /// When it was done, well or not.
    pub ended: Option<Picos>,
    /// How it ended.
    pub outcome: PeerOutcome,
    /// Why it gave up, or what it was told.
    pub why: String,
    /// Pages that it has ordered to be sent, each counted once.
    pub pages: u32,
    /// Pages (and headers) that it sent again.
    pub resends: u32,
    /// Times that it waited in vain.
    pub time_outs: u32,
    /// Answers that it understood.
    pub answers: u32,
    /// What it could not understand, or did not expect then.
    pub ignored: u32,
}

/// A state machine at the far end of a wire.
pub trait Peer<S, H>: std::fmt::Debug + Send + Sync {
    /// Something happened at `at`.
    fn event(&mut self, at: Picos, event: PeerEvent<H>, orders: &mut Orders<S>);

    /// How far it has come.
    fn account(&self) -> PeerAccount;

    /// A copy with the same state: machines can be forked.
    fn boxed_clone(&self) -> Box<dyn Peer<S, H>>;
}

impl<S, H> Clone for Box<dyn Peer<S, H>> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}
