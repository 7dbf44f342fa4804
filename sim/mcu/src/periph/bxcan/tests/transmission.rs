use super::*;

const TMEIE: u32 = 1;

#[test]
fn a_frame_takes_its_bits() {
    let mut bench = normal(0);
    sends(&mut bench, 0, &[]);
    bench.write(IER, TMEIE);
    let start = bench.now();
    transmit(&mut bench, 1, 0x180, [6, 0xFF]);
    assert_eq!(
        bench.read(TSR),
        0b101 << 26,
        "mailbox 1 is taken, 0 is next"
    );
    bench.run_for(bits(200));
    let frame = frame(0x180, &[6, 0xFF]);
    let end = start + bits(frame.bits().to_end().into());
    assert_eq!(
        transmitted(&mut bench),
        [CanTransmitted {
            frame,
            bit_rate: Hertz::new(500_000),
            start,
            end
        }]
    );
    assert_eq!(bench.read(TSR), 0b111 << 26 | 0b11 << 8, "RQCP1, TXOK1");
    assert!(bench.shared.irq.is_high(TX));
    bench.write(TSR, 1 << 8);
    assert_eq!(bench.read(TSR), 0b111 << 26);
    assert!(!bench.shared.irq.is_high(TX));
}

#[test]
fn mailboxes_go_by_identifier_or_in_order() {
    for (mcr, expected, low) in [
        (0, [0x300, 0x100, 0x200], 2),
        (TXFP, [0x300, 0x200, 0x100], 1),
    ] {
        let mut bench = normal(mcr);
        sends(&mut bench, 0, &[]);
        for (n, id) in [(0, 0x300), (2, 0x200), (1, 0x100)] {
            transmit(&mut bench, n, id, [0, 0]);
            // The first one is on the bus as the others are requested.
            bench.run_for(bits(1));
        }
        let tsr = bench.read(TSR);
        assert_eq!(tsr >> 26 & 7, 0, "all taken");
        // 0x300 has the lowest priority by identifier; by order mailbox 1 is the last.
        let last = if mcr == 0 { 0 } else { low };
        assert_eq!((tsr >> 29, tsr >> 24 & 3), (1 << last, last));
        bench.run_for(bits(400));
        let ids = transmitted(&mut bench)
            .iter()
            .map(|t| t.frame.id.raw())
            .collect::<Vec<_>>();
        assert_eq!(ids, expected);
    }
}

#[test]
fn arbitration_with_the_other_node() {
    for nart in [0, NART] {
        let mut bench = normal(nart);
        sends(&mut bench, 0, &[frame(0x100, &[1]), frame(0x300, &[2])]);
        transmit(&mut bench, 0, 0x200, [7, 7]);
        bench.run_for(bits(30));
        let expected = if nart == 0 { 1 << 2 } else { 1 << 2 | 1 };
        assert_eq!(
            bench.read(TSR) & 0xFF,
            expected,
            "ALST, with NART that was it"
        );
        bench.run_for(bits(300));
        let units = &bench.shared.log.wires[0].units;
        let (first, second) = (units[0].sent, units[1].sent);
        let idle = first + bits(frame(0x100, &[1]).bits().to_idle().into());
        assert_eq!(bench.fates(), [Fate::Waiting; 2]);
        let sent = transmitted(&mut bench);
        if nart == 0 {
            assert_eq!(sent[0].start, idle, "ours wins the second time");
            let after = idle + bits(sent[0].frame.bits().to_idle().into());
            assert_eq!(second, after);
        } else {
            assert_eq!((sent.len(), second), (0, idle));
        }
    }
}

#[test]
fn abort() {
    let mut bench = normal(0);
    sends(&mut bench, 0, &[]);
    transmit(&mut bench, 0, 0x100, [0, 0]);
    transmit(&mut bench, 1, 0x200, [0, 0]);
    bench.run_for(bits(1));
    bench.write(TSR, 1 << 15 | 1 << 7);
    assert_eq!(bench.read(TSR) & 0xFF00, 1 << 8, "RQCP1 without TXOK1");
    assert_eq!(bench.read(TSR) & 0xFF, 1 << 7, "mailbox 0 is on the bus");
    bench.run_for(bits(200));
    assert_eq!(bench.read(TSR) & 0xFF, 0b11, "and succeeds");
    assert_eq!(transmitted(&mut bench).len(), 1);
}

#[test]
fn a_mailbox_that_waits_is_protected() {
    let mut bench = normal(0);
    transmit(&mut bench, 0, 0x100, [1, 2]);
    bench.write(TI0R + 8, 99);
    assert_eq!(bench.read(TI0R + 8), 0x0201);
    assert_eq!(bench.read(TI0R), 0x100 << 21 | TXRQ);
    assert_eq!(findings(&bench), ["can-mailbox-not-empty"]);
}

#[test]
fn silent_mode_does_not_acknowledge() {
    let mut bench = initialised(BTR_500K | SILM);
    bench.write(MCR, 0);
    bench.run_for(bits(12));
    transmit(&mut bench, 0, 1, [0, 0]);
    sends(&mut bench, 0, &[frame(1, &[])]);
    bench.run_for(bits(100));
    assert_eq!(bench.fates(), [Fate::NotAcknowledged]);
    assert!(told(&bench, "can-not-acknowledged").contains("silent mode"));
    assert_eq!(transmitted(&mut bench), []);
    // Among others it listens.
    let mut bench = initialised(BTR_500K | SILM);
    bench.write(MCR, 0);
    bench.run_for(bits(12));
    let mut wire = node(&bench, 0, &[frame(1, &[])]);
    wire.acknowledged_by_others = true;
    bench.attach_can(wire);
    bench.run_for(bits(100));
    assert_eq!(bench.fates(), [Fate::Waiting]);
}
