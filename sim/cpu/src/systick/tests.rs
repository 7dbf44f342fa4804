use super::SysTick;
use crate::Cycles;
use crate::testbus::config;
use proptest::prelude::*;

/// The same timer, ticked on every cycle: what the closed form must equal.
#[derive(Debug, Default)]
struct Ticked {
    now: u64,
    enable: bool,
    tickint: bool,
    internal: bool,
    countflag: bool,
    load: u32,
    value: u32,
    divider: u64,
    pended: Vec<u64>,
}

impl Ticked {
    fn cycle(&mut self) {
        self.now += 1;
        let divider = if self.internal { 1 } else { self.divider };
        if !self.enable || !self.now.is_multiple_of(divider) {
            return;
        }
        if self.value == 0 {
            self.value = self.load;
        } else {
            self.value -= 1;
            if self.value == 0 {
                self.countflag = true;
                if self.tickint {
                    self.pended.push(self.now);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Ctrl(u32),
    Load(u32),
    Val,
    ReadCtrl,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u64..60).prop_map(Step::Wait),
        2 => (0u32..8).prop_map(Step::Ctrl),
        2 => (0u32..12).prop_map(Step::Load),
        1 => Just(Step::Val),
        1 => Just(Step::ReadCtrl),
    ]
}

proptest! {
    #[test]
    fn equals_a_timer_ticked_every_cycle(divider in 1u32..9, steps in prop::collection::vec(step(), 1..40)) {
        let mut config = config();
        config.systick_divider = divider;
        let mut timer = SysTick::new(&config);
        let mut model = Ticked { divider: u64::from(divider), ..Ticked::default() };
        let mut pended = Vec::new();
        for step in steps {
            let expiry = timer.next_expiry(Cycles(model.now));
            let known = model.pended.len();
            if let Step::Wait(cycles) = step {
                (0..cycles).for_each(|_| model.cycle());
            }
            let now = Cycles(model.now);
            prop_assert_eq!(timer.value(now), model.value);
            let first = model.pended.get(known).copied();
            prop_assert_eq!(first, (expiry <= now).then_some(expiry.0), "the expiry is the first wrap");
            pended.extend(timer.advance(now).cycles().map(|cycle| cycle.0));
            prop_assert_eq!(&pended, &model.pended);
            match step {
                Step::Wait(_) => {}
                Step::Ctrl(value) => {
                    timer.write_ctrl(now, value);
                    (model.enable, model.tickint, model.internal) = (value & 1 != 0, value & 2 != 0, value & 4 != 0);
                }
                Step::Load(value) => {
                    timer.write_load(now, value);
                    model.load = value;
                }
                Step::Val => {
                    timer.write_val(now);
                    (model.value, model.countflag) = (0, false);
                }
                Step::ReadCtrl => {
                    prop_assert_eq!(timer.read_ctrl() >> 16 != 0, model.countflag);
                    model.countflag = false;
                }
            }
        }
    }
}

fn running(load: u32, ctrl: u32) -> SysTick {
    let mut timer = SysTick::new(&config());
    timer.write_load(Cycles(100), load);
    timer.write_val(Cycles(100));
    timer.write_ctrl(Cycles(100), ctrl);
    timer
}

#[test]
fn a_period_is_load_plus_one() {
    let mut timer = running(71_999, 7);
    assert_eq!(timer.next_expiry(Cycles(100)), Cycles(100 + 72_000));
    let wraps: Vec<_> = timer.advance(Cycles(100 + 3 * 72_000)).cycles().collect();
    assert_eq!(wraps, [Cycles(72_100), Cycles(144_100), Cycles(216_100)]);
    assert_eq!(timer.next_expiry(Cycles::ZERO), Cycles(100 + 4 * 72_000));
}

#[test]
fn countflag_is_cleared_by_reading() {
    let mut timer = running(9, 5);
    timer.advance(Cycles(109));
    assert_eq!(timer.read_ctrl(), 5);
    assert_eq!(
        timer.advance(Cycles(110)).cycles().count(),
        0,
        "TICKINT is off"
    );
    assert_eq!(timer.read_ctrl(), 0x1_0005);
    assert_eq!(timer.read_ctrl(), 5);
}

#[test]
fn writing_val_restarts_without_a_wrap() {
    let mut timer = running(9, 7);
    assert_eq!(timer.value(Cycles(101)), 9, "reloads on the next clock");
    assert_eq!(timer.value(Cycles(105)), 5);
    timer.advance(Cycles(105));
    timer.write_val(Cycles(105));
    assert_eq!(timer.value(Cycles(105)), 0);
    assert_eq!(timer.next_expiry(Cycles(105)), Cycles(115));
    assert_eq!(timer.read_ctrl(), 7, "no COUNTFLAG");
}

#[test]
fn a_reload_of_zero_stops_it() {
    let mut timer = running(9, 7);
    timer.advance(Cycles(105));
    timer.write_load(Cycles(105), 0);
    let wraps: Vec<_> = timer.advance(Cycles(1_000_000)).cycles().collect();
    assert_eq!(wraps, [Cycles(110)]);
    assert_eq!(timer.next_expiry(Cycles::ZERO), Cycles::NEVER);
    assert_eq!(timer.value(Cycles(2_000_000)), 0);
}

#[test]
fn the_external_clock_is_a_divided_one() {
    let timer = running(9, 3);
    assert_eq!(timer.next_expiry(Cycles::ZERO), Cycles((100 / 8 + 10) * 8));
}

#[test]
fn registers_read_back_what_they_keep() {
    let mut timer = running(0xFFFF_FFFF, 0xFFFF_FFFF);
    assert_eq!(timer.load(), 0x00FF_FFFF);
    assert_eq!(timer.read_ctrl(), 7);
    assert_eq!(timer.calib(), 0x4000_2328);
}
