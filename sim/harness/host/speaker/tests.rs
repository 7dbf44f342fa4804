//! The state machines without a machine.

use super::*;
use crate::host::UartLink;

const ACK: u8 = 0x06;
const READY: u8 = 0x11;
const BUSY: u8 = 0x13;
const NAK: u8 = 0x15;

/// A speaker of ten bytes in pages of four, and the time.
struct Talk {
    speaker: Speaker<UartLink>,
    at: Picos,
}

impl Talk {
    fn new(protocol: Protocol) -> Self {
        Self::with_gap(protocol, Picos::ZERO)
    }

    fn with_gap(protocol: Protocol, page_gap: Picos) -> Self {
        let manners = Manners {
            protocol,
            page: 4,
            page_gap,
            answer_timeout: Picos::SECOND,
            tries: 3,
        };
        let image: Vec<u8> = (0..10).collect();
        Self {
            speaker: Speaker::new(UartLink, manners, image.into()),
            at: Picos::ZERO,
        }
    }

    fn event(&mut self, event: PeerEvent<u8>) -> Orders<u8> {
        let mut orders = Orders::default();
        self.at += Picos::from_millis(1);
        self.speaker.event(self.at, event, &mut orders);
        orders
    }

    fn heard(&mut self, byte: u8) -> Orders<u8> {
        self.event(PeerEvent::Heard(byte))
    }

    /// The header is out.
    fn begun(protocol: Protocol) -> (Self, Orders<u8>) {
        let mut talk = Self::new(protocol);
        assert_eq!(talk.event(PeerEvent::Start).send, header());
        let orders = talk.event(PeerEvent::Sent);
        (talk, orders)
    }

    fn outcome(&self) -> PeerOutcome {
        self.speaker.account().outcome
    }
}

fn header() -> Vec<u8> {
    // zlib.crc32(bytes(range(10))) is 0x456CD746.
    vec![b'F', b'S', b'B', b'1', 10, 0, 0, 0, 0x46, 0xD7, 0x6C, 0x45]
}

fn frame(page: u8) -> Vec<u8> {
    let bytes: Vec<u8> = (4 * page..10.min(4 * page + 4)).collect();
    let crc = crc32(&bytes).to_le_bytes();
    [&[0x01, page], &bytes[..], &crc].concat()
}

fn waits<S>(orders: &Orders<S>) -> bool {
    matches!(orders.timer, Some(Some(_)))
}

#[test]
fn a_stream_goes_out_back_to_back() {
    let (mut talk, orders) = Talk::begun(Protocol::Stream);
    assert_eq!(orders.send, [0, 1, 2, 3]);
    assert_eq!(talk.event(PeerEvent::Sent).send, [4, 5, 6, 7]);
    assert_eq!(
        talk.event(PeerEvent::Sent).send,
        [8, 9],
        "the last page is short"
    );
    let orders = talk.event(PeerEvent::Sent);
    assert!(orders.send.is_empty() && waits(&orders));
    talk.heard(b'K');
    assert_eq!(talk.outcome(), PeerOutcome::Complete);
    let account = talk.speaker.account();
    assert_eq!((account.pages, account.resends, account.answers), (3, 0, 1));
    assert_eq!(account.ended, Some(talk.at));
}

#[test]
fn pages_are_apart_by_the_gap() {
    let mut talk = Talk::with_gap(Protocol::Stream, Picos::from_millis(7));
    talk.event(PeerEvent::Start);
    talk.event(PeerEvent::Sent);
    let orders = talk.event(PeerEvent::Sent);
    assert_eq!(
        (orders.send.len(), orders.timer),
        (0, Some(Some(Picos::from_millis(7))))
    );
    assert_eq!(talk.event(PeerEvent::TimeOut).send, [4, 5, 6, 7]);
    assert_eq!(talk.speaker.account().time_outs, 0, "a gap is no time-out");
}

#[test]
fn a_page_after_each_ack() {
    let (mut talk, orders) = Talk::begun(Protocol::Handshake);
    assert!(orders.send.is_empty() && waits(&orders));
    for page in [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]] {
        assert_eq!(talk.heard(ACK).send, page);
        assert!(
            talk.heard(ACK).send.is_empty(),
            "not while the page goes out"
        );
        assert!(waits(&talk.event(PeerEvent::Sent)));
    }
    let orders = talk.heard(ACK);
    assert!(
        orders.send.is_empty() && waits(&orders),
        "the result is missing"
    );
    talk.heard(b'K');
    assert_eq!(talk.outcome(), PeerOutcome::Complete);
    assert_eq!(talk.speaker.account().ignored, 3);
}

#[test]
fn busy_pauses_and_ready_goes_on() {
    let (mut talk, orders) = Talk::begun(Protocol::BusyReply);
    assert_eq!(orders.send, [0, 1, 2, 3]);
    talk.event(PeerEvent::Sent);
    let orders = talk.heard(BUSY);
    assert_eq!(orders.pause, Some(true));
    assert!(waits(&orders));
    let orders = talk.event(PeerEvent::Sent);
    assert_eq!(orders.send, [8, 9], "it may be ordered, the line is paused");
    assert!(waits(&orders));
    assert_eq!(talk.heard(READY).pause, Some(false));
    talk.event(PeerEvent::Sent);
    talk.heard(BUSY);
    assert!(waits(&talk.heard(READY)), "now the result is waited for");
    talk.event(PeerEvent::TimeOut);
    assert_eq!(talk.outcome(), PeerOutcome::GaveUp);
}

#[test]
fn the_image_waits_for_ready() {
    let (mut talk, orders) = Talk::begun(Protocol::EraseFirst);
    assert!(orders.send.is_empty() && waits(&orders));
    assert_eq!(talk.heard(READY).send, [0, 1, 2, 3]);
    assert_eq!(talk.event(PeerEvent::Sent).send, [4, 5, 6, 7]);
}

#[test]
fn a_frame_is_sent_again_after_nak_and_after_a_time_out() {
    let (mut talk, _) = Talk::begun(Protocol::CrcResend);
    assert_eq!(talk.heard(ACK).send, frame(0));
    talk.event(PeerEvent::Sent);
    assert_eq!(talk.heard(ACK).send, frame(1));
    talk.event(PeerEvent::Sent);
    assert_eq!(talk.heard(NAK).send, frame(1));
    talk.event(PeerEvent::Sent);
    assert_eq!(talk.event(PeerEvent::TimeOut).send, frame(1));
    talk.event(PeerEvent::Sent);
    let account = talk.speaker.account();
    assert_eq!(
        (account.pages, account.resends, account.time_outs),
        (2, 2, 1)
    );
    assert!(talk.heard(NAK).send.is_empty(), "three tries are enough");
    assert_eq!(talk.outcome(), PeerOutcome::GaveUp);
    assert_eq!(
        talk.speaker.account().why,
        "page 1 was sent 3 times in vain"
    );
}

#[test]
fn a_header_without_an_answer_is_sent_again() {
    let (mut talk, _) = Talk::begun(Protocol::CrcResend);
    assert_eq!(talk.event(PeerEvent::TimeOut).send, header());
    talk.event(PeerEvent::Sent);
    assert_eq!(talk.heard(ACK).send, frame(0));
}

#[test]
fn silence_ends_it() {
    for protocol in [Protocol::Handshake, Protocol::EraseFirst] {
        let (mut talk, _) = Talk::begun(protocol);
        talk.event(PeerEvent::TimeOut);
        assert_eq!(talk.outcome(), PeerOutcome::GaveUp, "{protocol:?}");
        assert_eq!(
            talk.speaker.account().why,
            "no answer within 1.000000 s, after the header"
        );
        assert_eq!(talk.heard(ACK), Orders::default(), "it is over");
    }
}

#[test]
fn a_result_ends_it_in_mid_image() {
    let (mut talk, _) = Talk::begun(Protocol::Stream);
    let orders = talk.heard(b'F');
    assert!(orders.discard && orders.send.is_empty());
    assert_eq!(talk.outcome(), PeerOutcome::Refused);
    assert_eq!(
        talk.speaker.account().why,
        "the device says that it failed, in page 0 of 3"
    );
}
