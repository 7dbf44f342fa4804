//! The books balance for every firmware, rate, erase time and phase: each byte sent is accounted for exactly once, and the
//! chains are causal. The same for hosts that talk to a boot loader, over UART and CAN.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::hawk;
use flashstall::chain::Link;
use flashstall::firmware::Firmware;
use flashstall::{Report, Scenario};
use proptest::prelude::*;

fn run(
    variant: &str,
    baud: u32,
    erase_us: u64,
    phase_ns: u64,
    error_ppm: i32,
    jitter_us: u64,
) -> Report {
    let firmware = Arc::new(Firmware::from_path(&hawk(variant)).unwrap());
    Scenario::builder("stm32f303xc")
        .firmware(firmware)
        .hse(8_000_000)
        .page_erase(Duration::from_micros(erase_us))
        .uart("midi", "USART1", baud, |w| {
            w.pattern("random", 300)
                .at(Duration::from_millis(20) + Duration::from_nanos(phase_ns))
                .clock_error_ppm(error_ppm)
                .jitter(Duration::from_micros(jitter_us), phase_ns)
        })
        .pulse("button", "PA0", Duration::from_millis(40))
        .buffer("capture", "midi_capture", "midi_capture_count", "midi")
        .run_for(Duration::from_millis(150))
        .build()
        .run()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sent_is_delivered_plus_lost_and_chains_run_back_in_time(
        variant in prop::sample::select(vec!["before", "after", "as-published", "mutant-callee-in-flash", "mutant-const-in-flash"]),
        baud in 28_000u32..36_000,
        erase_us in 1_000u64..60_000,
        phase_ns in 0u64..1_000_000,
        error_ppm in -40_000i32..40_000,
        jitter_us in 0u64..400,
    ) {
        let report = run(variant, baud, erase_us, phase_ns, error_ppm, jitter_us);
        for wire in &report.wires {
            prop_assert_eq!(wire.sent, wire.delivered + wire.lost);
            prop_assert_eq!(wire.lost, wire.lost_by_cause.values().sum::<u64>());
        }
        let lost: u64 = report.wires.iter().map(|w| w.lost).sum();
        prop_assert_eq!(lost, report.losses.len() as u64 + report.losses_not_listed);
        prop_assert_eq!(report.losses.len() as u64, report.causes.iter().map(|c| c.count).sum::<u64>());
        let capture = report.find_buffer("capture").unwrap();
        prop_assert!(capture.received <= report.wire("midi").unwrap().sent);
        for loss in &report.losses {
            for link in &loss.chain {
                match link {
                    Link::StillHeld { unit, .. } => prop_assert!(*unit < loss.unit, "{}", loss.text),
                    Link::Pending { since_s, .. } | Link::HandlerRunning { since_s, .. } => {
                        prop_assert!(*since_s <= report.time_s && *since_s <= loss.at_s.max(report.time_s), "{}", loss.text);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// A host that sends 4096 bytes to an F303 whose pages take `erase_us`.
#[derive(Clone, Debug)]
struct Session {
    can: bool,
    variant: &'static str,
    /// Baud, or bits a second on CAN.
    rate: u32,
    erase_us: u64,
    program_ns: u64,
    start_ns: u64,
    error_ppm: i32,
    latency_us: u64,
}

const IMAGE: u64 = 4096;
const PAGE: u64 = 2048;

fn session() -> impl Strategy<Value = Session> {
    let uart = (
        Just(false),
        prop::sample::select(vec![
            "plain",
            "handshake",
            "busy-reply",
            "erase-first",
            "ram-isr",
            "crc-resend",
        ]),
        prop::sample::select(vec![57_600u32, 115_200, 230_400, 460_800]),
    );
    let can = (
        Just(true),
        prop::sample::select(vec![
            "plain",
            "handshake",
            "erase-first",
            "ram-isr",
            "crc-resend",
            "both-fifos",
        ]),
        prop::sample::select(vec![125_000u32, 250_000, 500_000, 1_000_000]),
    );
    let times = (
        1_000u64..60_000,
        20_000u64..80_000,
        0u64..2_000_000,
        0u64..3_000,
    );
    (prop_oneof![uart, can], times, -2_000i32..2_000).prop_map(
        |((can, variant, rate), (erase_us, program_ns, start_ns, latency_us), error_ppm)| Session {
            can,
            variant,
            rate,
            erase_us,
            program_ns,
            start_ns,
            error_ppm,
            latency_us,
        },
    )
}

impl Session {
    fn protocol(&self) -> &'static str {
        match self.variant {
            "plain" | "ram-isr" | "both-fifos" => "stream",
            other => other,
        }
    }

    fn run(&self) -> Report {
        let (link, port, speed, symbol, word) = if self.can {
            let brp = 2_000_000 / self.rate - 1;
            ("can", "CAN1", "bitrate", "boot_can_btr", 0x001E_0000 | brp)
        } else {
            ("uart", "USART1", "baud", "boot_config", self.rate)
        };
        let &Self {
            variant,
            rate,
            erase_us,
            program_ns,
            latency_us,
            error_ppm,
            ..
        } = self;
        let both = if variant == "both-fifos" {
            "both-fifos = true"
        } else {
            ""
        };
        let text = format!(
            r#"schema = "flashstall-scenario/1"
chip = "stm32f303xc"

[firmware]
elf = "firmware-under-test/page-bootloader/elf/f303-{link}-{variant}.elf"

[board]
hse = "8MHz"

[flash]
page-erase = "{erase_us}us"
program = "{program_ns}ns"

[[patch]]
symbol = "{symbol}"
words = [{word}]

[[host]]
name = "pc"
kind = "{link}"
port = "{port}"
{speed} = {rate}
clock-error = "{error_ppm}ppm"
{both}
at = "{at}ns"
protocol = "{protocol}"
page = {PAGE}
image = {{ pattern = "random", count = {IMAGE}, seed = 3 }}
stored-at = "0x08008000"
latency = "{latency_us}us"

[run]
max-time = "8s"
until = ["host:pc"]
after = "2ms"
"#,
            at = 20_000_000 + self.start_ns,
            protocol = self.protocol(),
        );
        let all = Scenario::from_toml(&text, Path::new("session.toml"), common::root());
        all.unwrap_or_else(|e| panic!("{e}"))[0].run().unwrap()
    }

    /// Units that the host sends if each page goes out once, and `again` pages once more.
    fn units(&self, again: u64) -> u64 {
        let pages = IMAGE / PAGE + again;
        match (self.can, self.protocol()) {
            (true, "crc-resend") => 1 + pages * (PAGE / 8 + 1),
            (true, _) => 1 + pages * (PAGE / 8),
            (false, "crc-resend") => 12 + pages * (PAGE + 6),
            (false, _) => 12 + pages * PAGE,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_a_host_sends_is_delivered_or_lost_once(session in session()) {
        let report = session.run();
        let host = report.host("pc").unwrap();
        let wire = report.wire("pc").unwrap();
        prop_assert!(host.outcome == "complete" || host.outcome == "refused", "{}", report.to_text());
        // 2000 ppm are understood: SJW 1 of 18 quanta in 2 x 10 bits allows 2777.
        prop_assert_eq!(wire.filtered, 0);
        prop_assert_eq!(host.time_outs, 0, "{}", report.to_text());
        prop_assert!(host.resends == 0 || session.protocol() == "crc-resend");
        prop_assert_eq!(wire.sent, session.units(host.resends), "all that the host says it sent, once");
        prop_assert_eq!(wire.sent, wire.delivered + wire.lost);
        prop_assert_eq!(wire.lost, wire.lost_by_cause.values().sum::<u64>());
        prop_assert_eq!(wire.lost, report.losses.len() as u64 + report.losses_not_listed);
        prop_assert_eq!(report.losses.len() as u64, report.causes.iter().map(|c| c.count).sum::<u64>());
        // Each unit is lost once, and no loss is told before one that came earlier.
        let mut lost: Vec<u64> = report.losses.iter().map(|l| l.unit).collect();
        lost.sort_unstable();
        lost.dedup();
        prop_assert_eq!(lost.len(), report.losses.len());
        prop_assert!(report.losses.windows(2).all(|two| two[0].at_s <= two[1].at_s));
        prop_assert!(report.losses.iter().all(|l| l.unit < wire.sent && l.at_s <= report.time_s));
        prop_assert!(host.duration_s.is_some_and(|d| d > 0.0 && d <= report.time_s));
        // The device vouches for an image exactly if it is there; what was lost and not sent again is missing.
        let stored = host.stored.as_ref().is_some_and(|s| s.equal);
        prop_assert_eq!(stored, host.outcome == "complete", "{}", report.to_text());
        if session.protocol() != "crc-resend" {
            prop_assert_eq!(wire.lost == 0, stored, "{}", report.to_text());
        }
        // Nothing is on the wire while the core stands still, or nothing stands still.
        if ["handshake", "busy-reply", "ram-isr"].contains(&session.variant) {
            prop_assert_eq!(wire.lost, 0, "{}", report.to_text());
        }
    }
}
