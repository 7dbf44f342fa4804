//! A port of the chip at a pseudo-terminal: a client of our own talks to the firmware, and the recording replays to the same report.
//! Real programs are in `tests/host-tools`, which `./test --all` runs.
#![cfg(unix)]

mod common;

use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::root;
use flashstall::serve::{Pace, PortOption, ServeOptions, Served, Speed, serve};
use flashstall::{Report, Scenario, ScenarioError};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A folder of the test's own, empty.
fn scratch(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("serve")
        .join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn scenario(name: &str) -> Scenario {
    Scenario::from_path(root().join("tests/host-tools").join(name))
        .unwrap_or_else(|e| panic!("{e}"))
}

fn options(port: &str, folder: &Path) -> ServeOptions {
    ServeOptions {
        ports: vec![PortOption {
            port: port.to_owned(),
            link: Some(folder.join("tty")),
        }],
        pace: Pace::Fast,
        speed: Speed::Scenario,
        max_time: Some(flashstall_mcu::Picos::from_millis(60_000)),
        once: true,
        wait: true,
        record: Some(folder.join("recorded.toml")),
    }
}

/// Serves while `client` runs with the terminal open.
fn served(
    scenario: &Scenario,
    options: &ServeOptions,
    client: impl FnOnce(std::fs::File, &AtomicBool) + Send,
) -> Served {
    let stop = Arc::new(AtomicBool::new(false));
    let link = options.ports[0].link.clone().unwrap();
    std::thread::scope(|scope| {
        let flag = Arc::clone(&stop);
        scope.spawn(move || {
            let give_up = Instant::now() + Duration::from_secs(60);
            while !link.exists() {
                assert!(Instant::now() < give_up, "no terminal");
                std::thread::sleep(Duration::from_millis(1));
            }
            let mut open = std::fs::OpenOptions::new();
            let tty = open.read(true).write(true).open(&link).unwrap();
            client(tty, &flag);
        });
        serve(scenario, options, &stop, &mut |_| ()).unwrap_or_else(|e| panic!("{e}"))
    })
}

fn complaint(scenario: &Scenario, options: &ServeOptions) -> String {
    let stop = Arc::new(AtomicBool::new(false));
    let result: Result<Served, ScenarioError> = serve(scenario, options, &stop, &mut |_| ());
    result.err().map(|e| e.to_string()).unwrap_or_default()
}

fn heard(tty: &mut std::fs::File) -> u8 {
    let mut byte = [0];
    tty.read_exact(&mut byte).unwrap();
    byte[0]
}

/// Reports are the same but for the path of the ELF, which the two scenarios see from different folders.
fn assert_replays(live: &Report, folder: &Path) {
    let mut replay = Scenario::from_path(folder.join("recorded.toml"))
        .unwrap()
        .run()
        .unwrap();
    replay.firmware.elf.clone_from(&live.firmware.elf);
    assert_eq!(replay.to_json(), live.to_json());
}

#[test]
fn a_client_sends_and_hears() {
    let folder = scratch("client");
    let options = options("USART1", &folder);
    let served = served(&scenario("xmodem.toml"), &options, |mut tty, _| {
        assert_eq!(heard(&mut tty), b'C');
        // One block of zeros, whose CRC is zero, and the end. An ACK for each.
        let block = [&[1, 1, 0xFE][..], &[0; 130]].concat();
        tty.write_all(&block).unwrap();
        assert_eq!(heard(&mut tty), 6);
        tty.write_all(&[4]).unwrap();
        assert_eq!(heard(&mut tty), 6);
    });
    let report = &served.report;
    assert!(report.is_met(), "{}", report.to_text());
    assert_eq!((report.wires[0].sent, report.wires[0].lost), (134, 0));
    // The block is 133 characters of 86.8 us on the line; nobody can have it earlier.
    assert!(report.time_s > 133.0 * 10.0 / 115_200.0);
    assert!(
        served
            .notes
            .iter()
            .any(|n| n == "pc: opened once, 134 bytes came"),
        "{:?}",
        served.notes
    );
    assert!(!folder.join("tty").is_symlink(), "the link is gone");
    assert_replays(report, &folder);
}

#[test]
fn what_comes_during_an_erase_comes_then_and_is_lost() {
    let folder = scratch("erase");
    let options = options("USART1", &folder);
    let served = served(&scenario("stream.toml"), &options, |mut tty, _| {
        // Idle simulated time goes by ten times as fast: the board is up by then.
        std::thread::sleep(Duration::from_millis(50));
        let header = [&b"FSB1"[..], &6_144u32.to_le_bytes(), &[0; 4]].concat();
        tty.write_all(&header).unwrap();
        tty.write_all(&[0x5A; 6_144]).unwrap();
        assert_eq!(heard(&mut tty), b'F', "the boot loader has noticed");
    });
    // The pages are erased while the next ones come: 20 ms are 230 characters of 86.8 us, one waits in RDR.
    assert!(served.report.is_met(), "{}", served.report.to_text());
    assert_replays(&served.report, &folder);
}

#[test]
fn the_rate_that_the_client_sets_is_honoured_or_told_of() {
    for (speed, delivered) in [
        (Speed::Client, false),
        (Speed::Scenario, true),
        (Speed::Baud(9_600), false),
    ] {
        let folder = scratch(&format!("speed-{delivered}-{}", speed == Speed::Client));
        let options = ServeOptions {
            speed,
            max_time: Some(flashstall_mcu::Picos::from_millis(2_000)),
            ..options("USART1", &folder)
        };
        let served = served(&scenario("handshake.toml"), &options, |mut tty, stop| {
            let mut termios = tcgetattr(&tty).unwrap();
            termios.set_speed(57_600).unwrap();
            tcsetattr(&tty, OptionalActions::Now, &termios).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            tty.write_all(b"FSB1\x01\0\0\0\0\0\0\0").unwrap();
            std::thread::sleep(Duration::from_millis(100));
            stop.store(true, Ordering::Relaxed);
        });
        let wire = &served.report.wires[0];
        assert_eq!(wire.sent, 12, "{speed:?}");
        assert_eq!(
            wire.lost == 0,
            delivered,
            "{speed:?}: the firmware listens at 115200"
        );
        let told = served.notes.iter().any(|n| n.contains("57600 baud"));
        assert_eq!(told, speed != Speed::Client, "{:?}", served.notes);
        assert_replays(&served.report, &folder);
    }
}

#[test]
fn real_time_is_not_outrun() {
    let folder = scratch("real");
    let options = ServeOptions {
        pace: Pace::Real,
        once: false,
        wait: false,
        max_time: Some(flashstall_mcu::Picos::from_millis(300)),
        ..options("USART1", &folder)
    };
    let start = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let served = serve(&scenario("xmodem.toml"), &options, &stop, &mut |_| ()).unwrap();
    // Half a period of grace; slower than real is what a busy machine may be.
    assert!(
        start.elapsed() >= Duration::from_millis(299),
        "{:?}",
        start.elapsed()
    );
    assert!(
        served
            .notes
            .iter()
            .any(|n| n == "pc: opened by nobody, 0 bytes came"),
        "{:?}",
        served.notes
    );
    assert!(
        served
            .notes
            .iter()
            .any(|n| n.contains("bytes for the client were dropped")),
        "{:?}",
        served.notes
    );
}

#[test]
fn what_cannot_be_served_is_said_before_anything_runs() {
    let folder = scratch("bad");
    let ymodem = scenario("ymodem.toml");
    let on = |port: &str| options(port, &folder);
    let text = complaint(&ymodem, &on("USART9"));
    assert!(
        text.contains("no port `USART9`") && text.contains("USART1"),
        "{text}"
    );
    let text = complaint(&ymodem, &on("USART2"));
    assert!(
        text.contains("nobody is at USART2") && text.contains("--speed"),
        "{text}"
    );
    std::fs::write(folder.join("tty"), "somebody's file").unwrap();
    let text = complaint(&ymodem, &on("USART1"));
    assert!(text.contains("cannot make the link"), "{text}");
    assert_eq!(
        std::fs::read_to_string(folder.join("tty")).unwrap(),
        "somebody's file"
    );
    assert!(
        flashstall::serve::speed("fast")
            .unwrap_err()
            .contains("neither")
    );
    assert!("USART1=".parse::<PortOption>().is_err());
    assert!("=x".parse::<PortOption>().is_err());

    // A link that a killed run has left behind points nowhere, and is taken over.
    let folder = scratch("stale");
    symlink("/dev/pts/99999", folder.join("tty")).unwrap();
    let options = ServeOptions {
        wait: false,
        once: false,
        max_time: Some(flashstall_mcu::Picos::from_millis(5)),
        ..options("USART1", &folder)
    };
    assert_eq!(complaint(&ymodem, &options), "");
}
