//! The host's side of each protocol, as a state machine.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | `stream`: header and image back to back, then the result | firmware-under-test/README.md, protocols | `a_stream_goes_out_back_to_back` |
//! | `handshake`: a page after each ACK but the last | same | `a_page_after_each_ack` |
//! | `busy-reply`: nothing begins between BUSY and READY | same | `busy_pauses_and_ready_goes_on` |
//! | `erase-first`: the image after READY | same | `the_image_waits_for_ready` |
//! | `crc-resend`: the next frame after ACK, the same after NAK or a time-out, up to `tries` times | same | `a_frame_is_sent_again_after_nak_and_after_a_time_out` |
//! | a host that waits in vain gives up; only `crc-resend` may say anything twice, for elsewhere the device counts bytes | `link_uart.c`, `collect.c` | `silence_ends_it` |
//! | a result ends it, whenever it comes | boot.c: nothing follows it | `a_result_ends_it_in_mid_image` |

use std::sync::Arc;

use flashstall_mcu::Picos;
use flashstall_mcu::wire::{Orders, Peer, PeerAccount, PeerEvent, PeerOutcome};

use super::crc32;
use super::link::{Answer, Link};

/// How host and boot loader take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The host sends everything, whatever happens.
    Stream,
    /// The host sends a page after each ACK.
    Handshake,
    /// The host stops at BUSY and goes on at READY.
    BusyReply,
    /// The host sends the image once the device is READY.
    EraseFirst,
    /// The host sends frames with a CRC, and again what did not arrive.
    CrcResend,
}

/// What a host is patient about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// How it takes turns.
    pub protocol: Protocol,
    /// Bytes in a page, at least 1.
    pub page: usize,
    /// Idle time between pages that it sends unasked.
    pub page_gap: Picos,
    /// How long it waits for an answer.
    pub answer_timeout: Picos,
    /// How often it sends the same frame, at least 1.
    pub tries: u32,
}

/// What it does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It has not begun.
    Idle,
    /// The header is going out.
    Header,
    /// The header is out and wants an answer.
    HeaderAnswer,
    /// This page is going out.
    Page(u32),
    /// This page is out; the next one follows after the gap.
    Gap(u32),
    /// This page is out and wants an answer.
    PageAnswer(u32),
    /// All is out but the result.
    Result,
    /// It is over.
    Over,
}

/// A host that follows a protocol.
#[derive(Clone, Debug)]
pub struct Speaker<L> {
    link: L,
    manners: Manners,
    image: Arc<[u8]>,
    step: Step,
    /// The device has said BUSY.
    paused: bool,
    /// How often the message that is out has been sent.
    tried: u32,
    account: PeerAccount,
}

impl<L: Link> Speaker<L> {
    /// A host that has `image` to send.
    #[must_use]
    pub fn new(link: L, manners: Manners, image: Arc<[u8]>) -> Self {
        Self {
            link,
            manners,
            image,
            step: Step::Idle,
            paused: false,
            tried: 0,
            account: PeerAccount::default(),
        }
    }

    fn pages(&self) -> u32 {
        self.image.len().div_ceil(self.manners.page.max(1)) as u32
    }

    fn send_header(&mut self, orders: &mut Orders<L::Sent>) {
        orders.timer = Some(None);
        let (length, crc) = (self.image.len() as u32, crc32(&self.image));
        orders.send = self.link.header(length, crc);
        self.tried += 1;
        self.step = Step::Header;
    }

    /// Sends page `number`, or waits for the result if there is none.
    fn send_page(&mut self, number: u32, orders: &mut Orders<L::Sent>) {
        if number >= self.pages() {
            return self.await_answer(Step::Result, orders);
        }
        let from = number as usize * self.manners.page;
        let to = (from + self.manners.page).min(self.image.len());
        let bytes = self.image.get(from..to).unwrap_or_default();
        orders.timer = Some(None);
        orders.send = match self.manners.protocol {
            Protocol::CrcResend => self.link.frame(number, bytes),
            _ => self.link.image(from, bytes),
        };
        if number >= self.account.pages {
            (self.account.pages, self.tried) = (number + 1, 0);
        }
        self.tried += 1;
        self.step = Step::Page(number);
    }

    fn await_answer(&mut self, step: Step, orders: &mut Orders<L::Sent>) {
        self.step = step;
        orders.timer = Some(Some(self.manners.answer_timeout));
    }

    fn end(&mut self, at: Picos, outcome: PeerOutcome, why: String, orders: &mut Orders<L::Sent>) {
        self.step = Step::Over;
        (self.account.ended, self.account.outcome) = (Some(at), outcome);
        self.account.why = why;
        *orders = Orders {
            discard: true,
            timer: Some(None),
            ..Orders::default()
        };
    }

    /// Everything ordered is out.
    fn sent(&mut self, orders: &mut Orders<L::Sent>) {
        let streams = matches!(
            self.manners.protocol,
            Protocol::Stream | Protocol::BusyReply | Protocol::EraseFirst
        );
        match self.step {
            Step::Header if streams && self.manners.protocol != Protocol::EraseFirst => {
                self.send_page(0, orders);
            }
            Step::Header => self.await_answer(Step::HeaderAnswer, orders),
            Step::Page(n) if streams && self.manners.page_gap > Picos::ZERO => {
                self.step = Step::Gap(n);
                orders.timer = Some(Some(self.manners.page_gap));
            }
            Step::Page(n) if streams => self.send_page(n + 1, orders),
            Step::Page(n) => self.await_answer(Step::PageAnswer(n), orders),
            _ => {}
        }
        if self.paused {
            // It waits for READY, whatever is left to do.
            orders.timer = Some(Some(self.manners.answer_timeout));
        }
    }

    fn heard(&mut self, at: Picos, answer: Answer, orders: &mut Orders<L::Sent>) {
        use Protocol::{BusyReply, CrcResend, EraseFirst, Handshake};
        self.account.answers += 1;
        match (answer, self.step, self.manners.protocol) {
            (Answer::Good, _, _) => {
                self.end(
                    at,
                    PeerOutcome::Complete,
                    "the device has verified the image".into(),
                    orders,
                );
            }
            (Answer::Bad, _, _) => {
                let why = format!("the device says that it failed, {}", self.waited_for());
                self.end(at, PeerOutcome::Refused, why, orders);
            }
            (Answer::Ack, Step::HeaderAnswer, Handshake | CrcResend) => self.send_page(0, orders),
            (Answer::Ack, Step::PageAnswer(n), Handshake | CrcResend) => {
                self.send_page(n + 1, orders)
            }
            (Answer::Nak, Step::PageAnswer(n), CrcResend) => self.again(at, n, orders),
            (Answer::Ready, Step::HeaderAnswer, EraseFirst) => self.send_page(0, orders),
            (Answer::Busy, _, BusyReply) => {
                self.paused = true;
                orders.pause = Some(true);
                orders.timer = Some(Some(self.manners.answer_timeout));
            }
            (Answer::Ready, _, BusyReply) => {
                self.paused = false;
                orders.pause = Some(false);
                match self.step {
                    Step::Gap(n) => self.send_page(n + 1, orders),
                    Step::Result => self.await_answer(Step::Result, orders),
                    _ => orders.timer = Some(None),
                }
            }
            _ => {
                self.account.answers -= 1;
                self.account.ignored += 1;
            }
        }
    }

    /// The same frame once more, if it has not been sent too often.
    fn again(&mut self, at: Picos, page: u32, orders: &mut Orders<L::Sent>) {
        if self.tried >= self.manners.tries {
            let why = format!("page {page} was sent {} times in vain", self.tried);
            return self.end(at, PeerOutcome::GaveUp, why, orders);
        }
        self.account.resends += 1;
        self.send_page(page, orders);
    }

    fn time_out(&mut self, at: Picos, orders: &mut Orders<L::Sent>) {
        if let (Step::Gap(n), false) = (self.step, self.paused) {
            return self.send_page(n + 1, orders);
        }
        self.account.time_outs += 1;
        match (self.step, self.manners.protocol) {
            (Step::PageAnswer(n), Protocol::CrcResend) => self.again(at, n, orders),
            (Step::HeaderAnswer, Protocol::CrcResend) if self.tried < self.manners.tries => {
                self.account.resends += 1;
                self.send_header(orders);
            }
            _ => {
                let (what, time) = (self.waited_for(), self.manners.answer_timeout);
                let why = format!("no answer within {time}, {what}");
                self.end(at, PeerOutcome::GaveUp, why, orders);
            }
        }
    }

    /// Where it stands, for people.
    fn waited_for(&self) -> String {
        let pages = self.pages();
        match self.step {
            _ if self.paused => "after BUSY".to_owned(),
            Step::Idle | Step::Header | Step::HeaderAnswer => "after the header".to_owned(),
            Step::Page(n) => format!("in page {n} of {pages}"),
            Step::Gap(n) | Step::PageAnswer(n) => format!("after page {n} of {pages}"),
            Step::Result | Step::Over => "after the whole image".to_owned(),
        }
    }
}

impl<L: Link> Peer<L::Sent, L::Heard> for Speaker<L> {
    fn event(&mut self, at: Picos, event: PeerEvent<L::Heard>, orders: &mut Orders<L::Sent>) {
        if self.step == Step::Over {
            return;
        }
        match event {
            PeerEvent::Start => {
                self.account.begun = Some(at);
                self.send_header(orders);
            }
            PeerEvent::Sent => self.sent(orders),
            PeerEvent::Heard(heard) => match self.link.answer(&heard) {
                Some(answer) => self.heard(at, answer, orders),
                None => self.account.ignored += 1,
            },
            PeerEvent::Garbled => self.account.ignored += 1,
            PeerEvent::TimeOut => self.time_out(at, orders),
        }
    }

    fn account(&self) -> PeerAccount {
        self.account.clone()
    }

    fn boxed_clone(&self) -> Box<dyn Peer<L::Sent, L::Heard>> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
