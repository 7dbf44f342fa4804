//! The laws, at random points of several firmwares: `cargo test --features proptest --test properties`.

mod common;

use common::{hawk_scenario, root};
use flashstall::Scenario;
use flashstall::properties::{baud, bytes, clock_error, laws, point, time};
use flashstall::scenario::{Rate, Time};
use flashstall::vary::Variation;
use flashstall_mcu::Picos;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestError, TestRunner};

fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    )
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
