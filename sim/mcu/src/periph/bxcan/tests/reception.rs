use super::*;

#[test]
fn a_frame_is_received_before_its_last_bit() {
    let mut bench = normal(0);
    let one = frame(0x123, &[1, 2, 3, 4, 5]);
    let start = bench.now();
    sends(&mut bench, 0, &[one]);
    let valid = u64::from(one.bits().to_end()) - 1;
    bench.run_for(Picos(valid * BIT - 1_000_000));
    assert_eq!(bench.read(RF0R), 0);
    bench.run_for(Picos(1_000_000));
    assert_eq!(bench.read(RF0R), 1);
    assert_eq!(
        [0, 4, 8, 12].map(|n| bench.read(RI0R + n)),
        [0x123 << 21, 5, 0x0403_0201, 5]
    );
    let unit = bench.shared.log.wires[0].units[0];
    assert_eq!(unit.arrived, Some(start + bits(valid)));
    assert_eq!((unit.sent, unit.interrupt), (start, Some(RX0 + 16)));
    assert_eq!(unit.received, Some(unit.value));
    bench.write(RF0R, 1 << 5);
    assert_eq!(bench.read(RF0R), 0);
    assert_eq!(bench.fates(), [Fate::Delivered]);
}

#[test]
fn extended_and_remote_frames_keep_their_marks() {
    let mut bench = normal(0);
    let id = CanId::Extended(0x1234_5678);
    let remote = CanFrame::remote(id, 3).expect("a length");
    sends(&mut bench, 0, &[remote]);
    bench.run_for(bits(100));
    assert_eq!(bench.read(RI0R), 0x1234_5678 << 3 | IDE | 0b10);
    assert_eq!(bench.read(RI0R + 4) & 0xF, 3);
}

#[test]
fn back_to_back_frames_are_three_bits_apart() {
    let mut bench = normal(0);
    let frames: Vec<_> = (0..4).map(|n| frame(0x100, &[n; 8])).collect();
    let start = bench.now();
    sends(&mut bench, 0, &frames);
    bench.run_for(bits(600));
    let mut at = start;
    for (unit, frame) in bench.shared.log.wires[0].units.iter().zip(&frames) {
        assert_eq!(unit.sent, at);
        at += bits(u64::from(frame.bits().stuffed()) + 13);
    }
}

fn after_five(mcr: u32) -> (Bench, Vec<u32>) {
    let mut bench = normal(mcr);
    let frames: Vec<_> = (0..5).map(|n| frame(0x100 + n, &[n as u8])).collect();
    sends(&mut bench, 0, &frames);
    bench.run_for(bits(600));
    assert_eq!(bench.read(RF0R), 0b1_1011, "FOVR, FULL, three pending");
    bench.write(RF0R, 0b1_1000);
    assert_eq!(bench.read(RF0R), 3, "cleared by ones, and not set again");
    let mut ids = Vec::new();
    while bench.read(RF0R) & 3 != 0 {
        ids.push(bench.read(RI0R) >> 21);
        bench.write(RF0R, 1 << 5);
    }
    (bench, ids)
}

#[test]
fn the_fourth_frame_overwrites_the_third() {
    let (bench, ids) = after_five(0);
    assert_eq!(ids, [0x100, 0x101, 0x104]);
    let fates = [
        Fate::Delivered,
        Fate::Delivered,
        Fate::FifoOverrun,
        Fate::FifoOverrun,
        Fate::Delivered,
    ];
    assert_eq!(bench.fates(), fates);
    let units = &bench.shared.log.wires[0].units;
    assert_eq!(units[2].blocked_by, Some(0));
    // It is lost when the next one comes.
    assert_eq!(Some(units[2].settled), units[3].arrived);
}

#[test]
fn a_locked_fifo_keeps_the_oldest() {
    let (bench, ids) = after_five(RFLM);
    assert_eq!(ids, [0x100, 0x101, 0x102]);
    let units = &bench.shared.log.wires[0].units;
    assert_eq!(units[3].fate, Fate::FifoOverrun);
    assert_eq!(units[4].blocked_by, Some(0));
}

#[test]
fn a_frame_that_nobody_looked_at_is_flushed() {
    let mut bench = normal(0);
    sends(&mut bench, 0, &[frame(1, &[1]), frame(2, &[2])]);
    bench.run_for(bits(200));
    bench.write(RF0R, 1 << 5);
    bench.read(RI0R);
    bench.write(RF0R, 1 << 5);
    bench.write(RF0R, 1 << 5);
    assert_eq!(bench.read(RF0R), 0, "releasing nothing does nothing");
    assert_eq!(bench.fates(), [Fate::Flushed, Fate::Delivered]);
    assert_eq!(
        bench.read(RI0R) >> 21,
        2,
        "the last one is still to be seen"
    );
}

#[test]
fn filters_choose_the_fifo_and_what_they_drop_is_acknowledged() {
    let mut bench = normal(0);
    bench.write(FMR, 1);
    bench.write(FA1R, 0);
    bench.write(FM1R, 0b11);
    bench.write(FS1R, 0b11);
    bench.write(FFA1R, 0b10);
    for (at, id) in [(0, 1), (4, 2), (8, 3), (12, 4)] {
        bench.write(F0R1 + at, id << 21);
    }
    bench.write(FA1R, 0b11);
    bench.write(FMR, 0);
    let frames: Vec<_> = (1..=5).map(|id| frame(id, &[])).collect();
    sends(&mut bench, 0, &frames);
    bench.run_for(bits(400));
    assert_eq!((bench.read(RF0R), bench.read(RF1R)), (2, 2));
    assert_eq!(
        bench.read(RI0R + 16 + 4) >> 8 & 0xFF,
        0,
        "FMI counts a FIFO's own"
    );
    bench.write(RF1R, 1 << 5);
    assert_eq!(bench.read(RI0R + 16 + 4) >> 8 & 0xFF, 1);
    assert_eq!(bench.fates()[4], Fate::Filtered);
    assert_eq!(findings(&bench), [""; 0]);
}

#[test]
fn without_a_filter_frames_are_acknowledged_and_gone() {
    let mut bench = normal(0);
    bench.write(FA1R, 0);
    sends(&mut bench, 0, &[frame(1, &[])]);
    bench.run_for(bits(100));
    assert_eq!(bench.read(RF0R), 0);
    assert_eq!(bench.fates(), [Fate::NotListening]);
    assert!(told(&bench, "can-not-listening").contains("no filter is active"));
}

#[test]
fn another_bit_rate_is_not_received() {
    for (ppm, fate) in [(3_000, Fate::Waiting), (20_000, Fate::BitRate)] {
        let mut bench = normal(0);
        let mut wire = node(&bench, 0, &[frame(1, &[])]);
        wire.bit_rate = Hertz::new(500_000).scaled(1_000_000 + ppm, 1_000_000);
        bench.attach_can(wire);
        bench.run_for(bits(500));
        assert_eq!(bench.fates(), [fate], "{ppm} ppm");
        let rec = bench.read(ESR) >> 24;
        assert_eq!(rec != 0, fate == Fate::BitRate, "REC {rec}");
    }
    let mut bench = normal(0);
    let mut wire = node(&bench, 0, &[frame(1, &[])]);
    wire.bit_rate = Hertz::new(510_000);
    bench.attach_can(wire);
    bench.run_for(bits(100));
    let text = told(&bench, "can-not-acknowledged");
    assert!(text.contains("bit rate does not fit"), "{text}");
    let text = told(&bench, "can-not-listening");
    assert!(text.contains("2.00 % apart"), "{text}");
}

#[test]
fn interrupts_are_levels() {
    let mut bench = normal(0);
    sends(
        &mut bench,
        0,
        &(0..4).map(|n| frame(n, &[])).collect::<Vec<_>>(),
    );
    bench.run_for(bits(300));
    let lines = |bench: &mut Bench, ier: u32| {
        bench.write(IER, ier);
        [TX, RX0, RX1, SCE].map(|irq| bench.shared.irq.is_high(irq))
    };
    let (fmpie, ffie, fovie) = (1 << 1, 1 << 2, 1 << 3);
    let only = [false, true, false, false];
    assert_eq!(lines(&mut bench, 0), [false; 4]);
    assert_eq!(
        lines(&mut bench, (fmpie | ffie | fovie) << 3),
        [false; 4],
        "of FIFO 1"
    );
    for enable in [fmpie, ffie, fovie] {
        assert_eq!(lines(&mut bench, enable), only, "{enable:#x}");
    }
    bench.write(RF0R, 1 << 3);
    assert_eq!(lines(&mut bench, ffie), [false; 4]);
    assert_eq!(lines(&mut bench, fovie), only);
    bench.write(RF0R, 1 << 4);
    assert_eq!(lines(&mut bench, fovie), [false; 4]);
    for _ in 0..3 {
        assert_eq!(lines(&mut bench, fmpie), only);
        bench.write(RF0R, 1 << 5);
    }
    assert!(!bench.shared.irq.is_high(RX0));
}

#[test]
fn a_clone_goes_on_by_itself() {
    let mut bench = normal(0);
    sends(&mut bench, 0, &[frame(1, &[1, 2, 3])]);
    bench.run_for(bits(30));
    let mut copy = bench.clone();
    copy.run_for(bits(100));
    assert_eq!((bench.read(RF0R), copy.read(RF0R)), (0, 1));
    bench.run_for(bits(100));
    assert_eq!(bench.read(RF0R), 1);
}
