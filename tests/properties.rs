//! The laws, at random points of several firmwares: `cargo test --features proptest --test properties`.

mod common;

use common::{hawk_scenario, root};
use flashstall::Scenario;
use flashstall::properties::{
    baud, bursts, bytes, clock_error, erase, frame_mix, frames, host_behaviour, laws, order, phase,
    point, program, same_without_fast_forward, time,
};
use flashstall::scenario::ScenarioFile;
use flashstall::scenario::{Rate, Time};
use flashstall::vary::{Value, Variation};
use flashstall_mcu::Picos;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestError, TestRng, TestRunner,
};

fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn holds_everywhere(scenario: &Scenario, axes: &[&str]) {
    let axes: Vec<String> = axes.iter().map(|a| (*a).to_owned()).collect();
    let variation = Variation::new(scenario, "axes", &axes).unwrap();
    let fork = variation.boot().unwrap();
    let law = |point: Vec<flashstall::vary::Value>| {
        let report = variation.report(&fork, &point).unwrap();
        laws(&report)
    };
    runner(24).run(&point(&variation), law).unwrap();
}

#[test]
fn the_laws_hold_for_every_firmware() {
    let axes = [
        "baud=9600..2M",
        "erase=1ms..40ms",
        "phase",
        "clock-error=-2%..2%",
        "gap=0us..1ms",
        "jitter=0us..1ms",
    ];
    holds_everywhere(&hawk_scenario("before"), &axes);
    holds_everywhere(&hawk_scenario("f103-rxne-only"), &axes);
    let path = root().join("scenarios/page-bootloader/f103-uart-dma-ring-small.toml");
    holds_everywhere(
        &Scenario::from_path(path).unwrap(),
        &["erase=datasheet", "phase", "clock-error=-2%..2%"],
    );
}

#[test]
fn a_broken_law_is_named() {
    let sound = hawk_scenario("before").run().unwrap();
    laws(&sound).unwrap();
    let broken = |change: &dyn Fn(&mut flashstall::Report), says: &str| {
        let mut report = sound.clone();
        change(&mut report);
        let error = laws(&report).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    };
    broken(&|r| r.wires[0].sent += 1, "wire midi: 641 sent are not");
    broken(
        &|r| r.losses[3].unit = r.losses[4].unit,
        "a unit is lost twice",
    );
    broken(&|r| r.losses_not_listed = 5, "losses are told of");
    broken(&|r| r.losses.reverse(), "not in order of time");
    broken(&|r| r.stalls.fetch.total_s = 9.0, "held for");
    broken(&|r| drop(r.losses[0].chain.remove(0)), "begins elsewhere");
    broken(&|r| r.time_s = 0.1, "after the end");
}

#[test]
fn a_property_of_the_user_fails_at_the_simplest_point() {
    let axes = ["baud=9600,31250,115200", "erase=100us,20ms,40ms"].map(str::to_owned);
    let variation = Variation::new(&hawk_scenario("before"), "axes", &axes).unwrap();
    let fork = variation.boot().unwrap();
    let result = runner(100).run(&point(&variation), |point| {
        let outcome = variation.run(&fork, &point).unwrap();
        proptest::prop_assert_eq!(outcome.lost, 0);
        Ok(())
    });
    let Err(TestError::Fail(_, point)) = result else {
        panic!("bytes are lost: {result:?}");
    };
    assert_eq!(
        variation.describe(&point),
        "baud=9600 erase=20ms",
        "a byte takes 1.04 ms"
    );
}

#[test]
fn quantities_stay_in_their_ranges() {
    let mut runner = runner(1);
    for _ in 0..100 {
        let rate = baud(9_600..=19_200)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        assert!((Rate(9_600)..=Rate(19_200)).contains(&rate));
        let error = clock_error(200).new_tree(&mut runner).unwrap().current();
        assert!(error.0.abs() <= 200_000);
        let span = time(Picos(5)..=Picos(9))
            .new_tree(&mut runner)
            .unwrap()
            .current();
        assert!((Time(Picos(5))..=Time(Picos(9))).contains(&span));
        let sent = bytes(20).new_tree(&mut runner).unwrap().current();
        assert!((1..=20).contains(&sent.len()));
    }
}

/// What a strategy shrinks to if everything fails.
fn simplest<S: Strategy>(strategy: S) -> S::Value {
    let mut runner = runner(1);
    for _ in 0..5 {
        let _ = strategy.new_tree(&mut runner);
    }
    let mut tree = strategy.new_tree(&mut runner).unwrap();
    while tree.simplify() {}
    tree.current()
}

#[test]
fn strategies_shrink_to_fewer_and_smaller() {
    let ms = Picos::from_millis;
    let burst = simplest(bursts(16, ms(5)));
    assert_eq!((burst.burst, burst.pause), (1, Time(Picos::ZERO)));
    let mix = simplest(frame_mix(ms(1)));
    assert_eq!((mix.extended_share, mix.remote_share), (0, 0));
    assert_eq!((mix.dlc_min, mix.dlc, mix.gap), (0, 1, Time(Picos::ZERO)));
    let list = simplest(frames(20));
    assert_eq!(
        (list.len(), list[0].id.value, list[0].extended),
        (1, 0, None)
    );
    assert_eq!(
        (list[0].remote, list[0].data.as_ref().unwrap().as_str()),
        (None, "")
    );
    let host = simplest(host_behaviour(ms(10)..=ms(900), ms(5), ms(1), ms(30), 10));
    assert_eq!((host.answer_timeout, host.tries), (Time(ms(10)), 1));
    assert_eq!(
        (host.latency.0.max(host.byte_gap.0), host.page_gap),
        (Picos::ZERO, Time(Picos::ZERO))
    );
    assert_eq!(
        simplest(order(vec![3, 1, 2])),
        [3, 1, 2],
        "as they were given"
    );
    assert_eq!(simplest(phase(64)), Value::Phase { step: 0, of: 64 });
    assert_eq!(simplest(clock_error(500)).0, 0);
    let chip = hawk_scenario("before").prepare().unwrap().chip;
    let times = &chip.flash.timing;
    let page = times.page_erase.as_ref().unwrap();
    assert_eq!(simplest(erase(&chip).unwrap()), Time(page.shortest()));
    assert_eq!(simplest(program(&chip)), Time(times.program.shortest()));
}

/// The scenario with a change, its firmware at the same place.
fn changed(path: &str, change: impl FnOnce(&mut ScenarioFile)) -> Scenario {
    let path = root().join("scenarios").join(path);
    let mut file = Scenario::from_path(&path).unwrap().file().clone();
    let elf = &mut file.firmware.as_mut().unwrap().elf.value;
    *elf = path.parent().unwrap().join(&elf).display().to_string();
    change(&mut file);
    Scenario::builder("stm32f303xc").with(|f| *f = file).build()
}

#[test]
fn the_laws_hold_for_any_mix_of_frames_bursts_and_manners() {
    let ms = Picos::from_millis;
    let can = |change: &dyn Fn(&mut ScenarioFile)| {
        let scenario = changed("page-bootloader-can/f303-can-wire.toml", |file| {
            file.run.max_time = Time(ms(150)).into();
            change(file);
        });
        laws(&scenario.run().unwrap())
    };
    let mixes = (frame_mix(ms(1)), bursts(32, ms(5)));
    runner(8)
        .run(&mixes, |(mix, bursts)| {
            can(&|file| {
                mix.apply(&mut file.wire[1].traffic.value);
                bursts.apply(&mut file.wire[1].traffic.value);
            })
        })
        .unwrap();
    runner(8)
        .run(&frames(40), |list| {
            can(&|file| {
                file.wire[1].traffic.value = flashstall::scenario::file::TrafficTable {
                    frames: Some(list.clone().into()),
                    ..Default::default()
                };
            })
        })
        .unwrap();
    let manners = host_behaviour(ms(5)..=ms(900), ms(5), ms(1), ms(30), 10);
    runner(6)
        .run(&manners, |manners| {
            let path = "page-bootloader/f103-uart-crc-resend.toml";
            let scenario = changed(path, |file| manners.apply(&mut file.host[0]));
            let report = scenario.run().unwrap();
            proptest::prop_assert!(report.hosts[0].resends < 4 * u64::from(manners.tries));
            laws(&report)
        })
        .unwrap();
}

const AXES: [&str; 3] = ["baud=9600..115200", "erase=1ms..40ms", "phase"];

fn before() -> Variation {
    Variation::new(&hawk_scenario("before"), "axes", &AXES.map(str::to_owned)).unwrap()
}

#[test]
fn skipping_over_poll_loops_changes_nothing() {
    let variation = before();
    let law = |point: Vec<Value>| same_without_fast_forward(&variation, &point);
    runner(3).run(&point(&variation), law).unwrap();
}

#[cfg(feature = "unicorn")]
#[test]
fn the_engines_agree() {
    let variation = before();
    let law = |point: Vec<Value>| flashstall::properties::same_on_both_engines(&variation, &point);
    runner(3).run(&point(&variation), law).unwrap();
}

#[test]
fn a_committed_regression_is_tried_first() {
    const FILE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/proptest-regressions/points.txt"
    );
    let variation = before();
    // The point that the seed in the file stands for.
    let text = std::fs::read_to_string(FILE).unwrap();
    let digits = text.lines().find_map(|l| l.strip_prefix("cc ")).unwrap();
    let byte = |n: usize| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap();
    let seed: Vec<u8> = (0..32).map(byte).collect();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut alone = TestRunner::new_with_rng(Config::default(), rng);
    let committed = point(&variation).new_tree(&mut alone).unwrap().current();
    let tried = std::cell::RefCell::new(Vec::new());
    let run = |persistence: Option<Box<dyn proptest::test_runner::FailurePersistence>>| {
        tried.borrow_mut().clear();
        let config = Config {
            cases: 3,
            failure_persistence: persistence,
            ..Config::default()
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let all = runner.run(&point(&variation), |point| {
            tried.borrow_mut().push(point);
            Ok(())
        });
        all.unwrap();
        tried.borrow().clone()
    };
    let without = run(None);
    assert!(without.len() == 3 && !without.contains(&committed));
    let with = run(Some(Box::new(FileFailurePersistence::Direct(FILE))));
    assert_eq!((with.len(), &with[0]), (4, &committed));
}
