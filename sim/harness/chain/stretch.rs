//! Why SCL was held for so long: the same links as those of a loss, for something that is none.

use flashstall_mcu::Picos;
use flashstall_mcu::wire::Stretch;

use super::explain::Explainer;
use super::history::State;
use super::link::Link;
use crate::report::reason_name;

impl Explainer<'_> {
    /// The chain of a stretch, from the held line to its origin.
    #[must_use]
    pub fn explain_stretch(&self, stretch: &Stretch) -> Vec<Link> {
        let (from, to) = (stretch.from, stretch.to);
        let mut chain = vec![Link::Stretched {
            reason: reason_name(stretch.hold.reason).to_owned(),
            at_s: from.as_secs_f64(),
            length_s: (to - from).as_secs_f64(),
        }];
        let Some(number) = stretch.hold.interrupt else {
            chain.push(Link::DmaDidNotTake);
            self.stalled(from, to, &mut chain);
            return chain;
        };
        let interrupt = self.name(number);
        // Halfway the interrupt is where it is for the most of the time.
        match self.state(number, Picos(from.0 / 2 + to.0 / 2)) {
            State::Pending {
                since,
                until,
                entered,
            } => {
                chain.push(Link::Pending {
                    interrupt: interrupt.clone(),
                    since_s: since.as_secs_f64(),
                    length_s: (until - since).as_secs_f64(),
                    entered,
                });
                self.not_entered(number, interrupt, since, until, &mut chain);
            }
            State::Running { since } => {
                chain.push(Link::HandlerRunning {
                    interrupt,
                    since_s: since.as_secs_f64(),
                    handler: self.handler_of(number),
                });
                self.stalled(since, to, &mut chain);
            }
            State::Idle { .. } => {
                // Firmware that polls, or answers later, does neither while the core stands still.
                if !self.stalled(from, to, &mut chain) {
                    chain.push(Link::NotRequested {
                        interrupt: Some(interrupt),
                    });
                }
            }
        }
        chain
    }
}
