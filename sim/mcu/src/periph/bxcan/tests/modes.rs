use super::*;

#[test]
fn from_sleep_by_init_to_normal_mode() {
    let mut bench = asleep();
    assert_eq!(bench.read(MCR), 0x0001_0002);
    assert_eq!(bench.read(MSR), 0x0C02);
    assert_eq!(bench.read(TSR), 0x1C00_0000);
    assert_eq!(bench.read(BTR), 0x0123_0000);
    assert_eq!(bench.read(FMR), 0x2A1C_0E01);
    bench.write(MCR, INRQ);
    assert_eq!(bench.read(MSR) & 3, SLAK, "not in the same clock");
    bench.run_cycles(2);
    assert_eq!(bench.read(MSR) & 3, INAK);
    bench.write(MCR, SLEEP);
    bench.run_cycles(2);
    assert_eq!(bench.read(MSR) & 3, SLAK);
}

/// What `HAL_CAN_Init` does out of reset, and `HAL_CAN_Stop` out of sleep: INAK is awaited while SLEEP is still set.
#[test]
fn init_goes_before_sleep() {
    let mut bench = asleep();
    bench.write(MCR, INRQ | SLEEP);
    assert_eq!(bench.read(MSR) & 3, SLAK, "not in the same clock");
    bench.run_cycles(2);
    assert_eq!(bench.read(MSR) & 3, INAK);
    bench.write(MCR, INRQ);
    bench.run_cycles(2);
    assert_eq!(bench.read(MSR) & 3, INAK);
}

#[test]
fn leaving_init_waits_for_eleven_recessive_bits() {
    let mut bench = initialised(BTR_500K);
    bench.write(MCR, 0);
    // Sampled 2 quanta before the end of the 11th bit.
    bench.run_for(Picos(11 * BIT - 3 * BIT / 16));
    assert_eq!(bench.read(MSR) & INAK, INAK);
    bench.run_for(Picos(2 * BIT / 16));
    assert_eq!(bench.read(MSR) & INAK, 0);
}

/// The bus is busy as firmware leaves initialisation mode: the frame that goes by does not count, the one that follows it
/// after three bits does.
#[test]
fn a_frame_that_goes_by_is_not_received_and_the_next_one_is() {
    let mut bench = initialised(BTR_500K);
    let mut wire = node(&bench, 0, &[frame(1, &[1; 8]), frame(2, &[2; 8])]);
    wire.acknowledged_by_others = true;
    bench.attach_can(wire);
    bench.run_for(bits(20));
    bench.write(MCR, 0);
    bench.run_for(bits(60));
    assert_eq!(bench.read(MSR) & INAK, INAK, "no 11 bits in a frame");
    bench.run_for(bits(250));
    assert_eq!(bench.fates(), [Fate::NotListening, Fate::Waiting]);
    assert!(told(&bench, "can-not-listening").contains("initialisation mode"));
}

#[test]
fn init_waits_for_the_end_of_the_frame() {
    let mut bench = normal(0);
    let one = frame(1, &[0x55; 8]);
    sends(&mut bench, 0, &[one]);
    bench.run_for(bits(10));
    bench.write(MCR, INRQ);
    bench.run_for(bits(u64::from(one.bits().to_end()) - 11));
    assert_eq!(bench.read(MSR) & INAK, 0, "one bit before its end");
    bench.run_for(bits(2));
    assert_eq!(bench.read(MSR) & INAK, INAK);
    assert_eq!(bench.fates(), [Fate::Waiting]);
}

#[test]
fn a_start_of_frame_wakes_it() {
    for awum in [0, AWUM] {
        let mut bench = normal(0);
        bench.write(IER, 1 << 16);
        bench.write(MCR, SLEEP | awum);
        bench.run_for(bits(1));
        assert_eq!(bench.read(MSR) & SLAK, SLAK);
        let mut wire = node(&bench, 0, &[frame(1, &[]), frame(2, &[])]);
        wire.acknowledged_by_others = true;
        bench.attach_can(wire);
        bench.run_for(bits(1));
        assert_eq!(bench.read(MSR) & WKUI, WKUI);
        assert!(bench.shared.irq.is_high(SCE));
        bench.write(MSR, WKUI);
        assert!(!bench.shared.irq.is_high(SCE));
        bench.run_for(bits(200));
        let second = if awum == 0 {
            Fate::NotListening
        } else {
            Fate::Waiting
        };
        assert_eq!(bench.fates(), [Fate::NotListening, second], "AWUM {awum}");
        assert_eq!(bench.read(MSR) & SLAK == 0, awum != 0);
    }
}

#[test]
fn btr_is_written_in_init_mode_only() {
    let mut bench = normal(0);
    bench.write(BTR, 0);
    assert_eq!(bench.read(BTR), BTR_500K);
    assert_eq!(findings(&bench), ["can-written-outside-init"]);
}

#[test]
fn loop_back() {
    for (mode, seen) in [(LBKM, 1), (LBKM | SILM, 0)] {
        let mut bench = initialised(BTR_500K | mode);
        bench.write(MCR, 0);
        bench.run_for(bits(12));
        let mut wire = node(&bench, 0, &[frame(1, &[])]);
        wire.acknowledged_by_others = true;
        bench.attach_can(wire);
        transmit(&mut bench, 0, 0x123, [7, 8]);
        bench.run_for(bits(100));
        assert_eq!(bench.read(TSR) & 0xFF, 0b11, "RQCP and TXOK");
        assert_eq!(bench.read(RF0R), 1, "its own frame, and no other");
        assert_eq!(bench.read(RI0R), 0x123 << 21);
        assert_eq!(bench.read(RI0R + 8), 0x0807);
        assert_eq!(bench.fates(), [Fate::NotListening]);
        assert_eq!(transmitted(&mut bench).len(), seen);
    }
}

#[test]
fn a_reset_in_mid_frame_cuts_it_off() {
    let mut bench = normal(0);
    sends(&mut bench, 300, &[frame(1, &[])]);
    transmit(&mut bench, 0, 0x123, [7, 8]);
    bench.run_for(bits(20));
    bench.reset();
    bench.run_for(bits(200));
    assert_eq!(transmitted(&mut bench), []);
    assert_eq!(bench.read(TSR), 0x1C00_0000);
    assert_eq!(bench.read(MSR) & 3, SLAK);
    bench.run_for(bits(200));
    assert_eq!(bench.fates(), [Fate::NotAcknowledged]);
    assert!(told(&bench, "can-not-acknowledged").contains("sleep mode"));
}

#[test]
fn master_reset_by_firmware_keeps_the_filters() {
    let mut bench = normal(0);
    sends(&mut bench, 0, &[frame(1, &[])]);
    bench.run_for(bits(100));
    bench.write(MCR, 1 << 15);
    assert_eq!(bench.read(MCR), 0x0001_0002);
    assert_eq!((bench.read(RF0R), bench.read(FA1R)), (0, 1));
    assert_eq!(bench.fates(), [Fate::Flushed]);
}
