use super::*;

const EWGIE: u32 = 1 << 8;
const BOFIE: u32 = 1 << 10;
const LECIE: u32 = 1 << 11;
const ERRIE: u32 = 1 << 15;

#[test]
fn alone_on_the_bus() {
    let mut bench = normal(0);
    bench.write(IER, EWGIE | ERRIE);
    let start = bench.now();
    transmit(&mut bench, 0, 0x100, [0, 0]);
    let bits_to_slot = u64::from(frame(0x100, &[0, 0]).bits().to_acknowledgement());
    // 11 attempts, each followed by flag, delimiter and intermission: TEC 88.
    bench.run_until(start + bits(11 * (bits_to_slot + 17)));
    assert_eq!(bench.read(ESR), 88 << 16 | 3 << 4);
    assert!(!bench.shared.irq.is_high(SCE));
    bench.run_for(bits(bits_to_slot));
    assert_eq!(bench.read(ESR), 96 << 16 | 3 << 4 | 1);
    assert!(bench.shared.irq.is_high(SCE), "EWGF");
    bench.write(MSR, ERRI);
    assert!(!bench.shared.irq.is_high(SCE));
    bench.run_for(bits(10_000));
    assert_eq!(
        bench.read(ESR),
        128 << 16 | 3 << 4 | 0b11,
        "passive, and no more"
    );
    assert_eq!(bench.read(TSR) & 0xFF, 1 << 3, "TERR, and not complete");
    // Somebody comes: the frame goes out.
    sends(&mut bench, 0, &[]);
    bench.run_for(bits(200));
    assert_eq!(transmitted(&mut bench).len(), 1);
    assert_eq!(bench.read(ESR), 127 << 16 | 1);
}

#[test]
fn once_only_with_nart() {
    let mut bench = normal(NART);
    transmit(&mut bench, 0, 0x100, [0, 0]);
    bench.run_for(bits(200));
    assert_eq!(bench.read(TSR) & 0xFF, 0b1001, "RQCP and TERR");
    assert_eq!(bench.read(ESR) >> 16, 8);
}

/// TX is not connected: the dominant bits do not come back.
#[test]
fn bus_off_and_recovery() {
    for abom in [ABOM, 0] {
        let mut bench = normal(abom);
        bench.write(IER, BOFIE | ERRIE);
        bench.shared.pins.mode[0][12] = PinMode::Input;
        transmit(&mut bench, 0, 0x100, [0, 0]);
        bench.run_for(bits(31 * 18 - 1));
        assert_eq!(
            bench.read(ESR),
            248 << 16 | 5 << 4 | 0b11,
            "31 attempts, 18 bits apart"
        );
        bench.run_for(bits(2));
        assert_eq!(bench.read(ESR) & 0b111, 0b111);
        assert!(bench.shared.irq.is_high(SCE));
        bench.shared.pins.mode[0][12] = PinMode::Alternate(9);
        sends(&mut bench, 0, &[]);
        if abom == 0 {
            bench.run_for(bits(5_000));
            assert_eq!(bench.read(ESR) & 0b100, 0b100, "it waits for firmware");
            bench.write(MCR, INRQ);
            bench.run_for(bits(1));
            assert_eq!(bench.read(MSR) & INAK, INAK);
            bench.write(MCR, 0);
        }
        bench.run_for(bits(128 * 11 - 4));
        assert_eq!(bench.read(ESR) & 0b100, 0b100, "ABOM {abom:#x}");
        bench.run_for(bits(4));
        assert_eq!(bench.read(ESR), 5 << 4, "ABOM {abom:#x}");
        bench.run_for(bits(200));
        assert_eq!(transmitted(&mut bench).len(), 1, "the frame still waited");
        assert!(findings(&bench).contains(&"can-bus-off"));
    }
}

/// A bus-off node counts runs of 11 recessive bits: a frame has one, at its end.
#[test]
fn traffic_slows_the_recovery_down() {
    let mut bench = normal(ABOM);
    bench.shared.pins.mode[0][12] = PinMode::Input;
    transmit(&mut bench, 0, 0x100, [0, 0]);
    bench.run_for(bits(32 * 18));
    assert_eq!(bench.read(ESR) & 0b100, 0b100);
    let frames = vec![frame(1, &[0x55; 8]); 100];
    let mut wire = node(&bench, 0, &frames);
    wire.acknowledged_by_others = true;
    bench.attach_can(wire);
    let frame_bits = u64::from(frames[0].bits().to_idle());
    // One run was over before the first frame.
    bench.run_for(bits(100 * frame_bits + 20 * 11));
    assert_eq!(bench.read(ESR) & 0b100, 0b100);
    bench.run_for(bits(8 * 11));
    assert_eq!(bench.read(ESR) & 0b100, 0);
}

#[test]
fn a_node_at_another_rate_makes_errors_of_our_frames() {
    let mut bench = normal(0);
    bench.write(IER, LECIE | ERRIE);
    let mut wire = node(&bench, 0, &[]);
    wire.bit_rate = Hertz::new(250_000);
    bench.attach_can(wire);
    transmit(&mut bench, 0, 0x100, [0, 0]);
    bench.run_for(bits(80));
    assert_eq!(bench.read(ESR), 8 << 16 | 4 << 4);
    assert!(bench.shared.irq.is_high(SCE));
    bench.run_for(bits(4_000));
    assert_eq!(bench.read(ESR) & 0b111, 0b111);
}

/// The other node is error active for 16 attempts, then passive: eight bits more between its frames.
#[test]
fn a_frame_that_nobody_acknowledges_comes_again() {
    let mut bench = initialised(BTR_500K);
    let one = frame(0x123, &[1]);
    let start = bench.now();
    sends(&mut bench, 0, &[one]);
    let slot = u64::from(one.bits().to_acknowledgement());
    // Ready for attempt 20: 16 active ones, three passive ones.
    let twentieth = start + bits(16 * (slot + 17) + 3 * (slot + 25));
    bench.run_until(start + bits(16 * (slot + 17)));
    assert_eq!(bench.fates(), [Fate::NotAcknowledged]);
    bench.write(MCR, 0);
    bench.run_until(twentieth + bits(slot + 20));
    let unit = bench.shared.log.wires[0].units[0];
    assert_eq!((unit.sent, unit.fate), (start, Fate::Waiting));
    // In the gap after the first passive attempt the controller has found its 11 recessive bits; it takes the second one.
    let second = start + bits(16 * (slot + 17) + slot + 25);
    assert_eq!(
        unit.arrived,
        Some(second + bits(one.bits().to_valid().into()))
    );
}

#[test]
fn a_sender_that_does_not_try_again_goes_on() {
    let mut bench = initialised(BTR_500K);
    let mut wire = node(&bench, 0, &[frame(1, &[]), frame(2, &[])]);
    wire.retransmit = false;
    bench.attach_can(wire);
    bench.run_for(bits(200));
    assert_eq!(bench.fates(), [Fate::NotAcknowledged; 2]);
    assert!(bench.wires[0].is_done(&bench.shared));
    assert!(told(&bench, "can-not-acknowledged").contains("gives it up"));
}
