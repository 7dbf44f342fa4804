//! Chip files: what is embedded is consistent, what is wrong is told with its place.

mod common;

use common::{XC, chip};
use flashstall_cpu::{Addr, CpuModel};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::{Chip, Confidence};

#[test]
fn every_embedded_chip_is_read_under_its_own_name() {
    assert!(Chip::names().count() > 0);
    for name in Chip::names() {
        assert_eq!(
            Chip::builtin(name).map(|c| c.name.clone()).as_deref(),
            Some(name)
        );
    }
    assert!(Chip::builtin("stm32f303zz").is_none());
}

#[test]
fn the_figures_of_the_f303xc_are_those_of_its_sources() {
    let c = chip();
    assert_eq!(
        (c.core.model, c.core.irqs, c.core.priority_bits),
        (CpuModel::CortexM4, 82, 4)
    );
    assert_eq!(
        (c.flash.base, c.flash.size, c.flash.page, c.flash.pages()),
        (Addr(0x0800_0000), 0x4_0000, 2048, 128)
    );
    let t = &c.flash.timing;
    assert_eq!(
        t.page_erase.as_ref().map(|t| (t.min, t.typ, t.max)),
        Some((Some(Picos::from_millis(20)), None, Picos::from_millis(40)))
    );
    assert_eq!(
        (t.program.typ, t.program.confidence),
        (Some(Picos(53_500_000)), Confidence::M)
    );
    assert_eq!(
        [24_000_000, 24_000_001, 72_000_000, 72_000_001].map(|hz| c.flash.wait_states_for(hz)),
        [Some(0), Some(1), Some(2), None]
    );
    assert_eq!(
        (c.irq_name(37), c.irq_number("EXTI15_10"), c.irq_name(49)),
        (Some("USART1"), Some(40), None)
    );
    assert_eq!(
        (c.exception_name(15), c.exception_name(53)),
        ("SysTick".into(), "USART1".into())
    );
    assert_eq!(c.vector_table_alignment(), 512);
    assert_eq!(
        c.memory("CCM").map(|m| (m.base, m.size)),
        Some((Addr(0x1000_0000), 0x2000))
    );
}

/// The message for `XC` with `from` replaced by `to`, and the text that its span points at.
fn refused(from: &str, to: &str) -> (String, String) {
    assert!(XC.contains(from), "{from}");
    let text = XC.replacen(from, to, 1);
    let error = Chip::from_toml(&text).expect_err("must be refused");
    let span = error
        .span
        .clone()
        .unwrap_or_else(|| panic!("no span: {error}"));
    (error.message, text[span].to_owned())
}

#[test]
fn an_unknown_key_is_an_error_at_its_place() {
    let (message, at) = refused("page = 2048", "page = 2048\nsector = 3");
    assert!(message.contains("unknown field `sector`"), "{message}");
    assert_eq!(at, "sector");
}

#[test]
fn a_missing_key_and_a_wrong_type_are_errors() {
    assert!(
        refused("fpu = true\n", "")
            .0
            .contains("missing field `fpu`")
    );
    assert!(
        refused("irqs = 82", "irqs = \"many\"")
            .0
            .contains("invalid type")
    );
    assert!(
        refused("model = \"cortex-m4\"", "model = \"cortex-m33\"")
            .0
            .contains("cortex-m33")
    );
    assert!(
        refused("confidence = \"S\"", "confidence = \"sure\"")
            .0
            .contains("sure")
    );
    assert!(refused("name =", "name name").1.len() < 20, "not even TOML");
}

#[test]
fn a_time_without_a_unit_is_an_error_at_its_place() {
    let (message, at) = refused("min = \"20ms\"", "min = \"20\"");
    assert!(message.contains("`20` is not a time"), "{message}");
    assert_eq!(at, "\"20\"");
}

#[test]
fn contradictions_are_errors_at_their_place() {
    for (from, to, says, at) in [
        (
            "page = 2048",
            "page = 3000",
            "not a whole number of 3000-byte pages",
            "page",
        ),
        (
            "min = \"20ms\", max = \"40ms\"",
            "min = \"50ms\", max = \"40ms\"",
            "page_erase: min, typ and max",
            "page_erase",
        ),
        (
            "USART1 = 37",
            "USART1 = 82",
            "number 82, the core has 82 lines",
            "USART1",
        ),
        (
            "irqs = { USART2 = 38 }",
            "irqs = { USART2 = 49 }",
            "interrupt 49, which has no name",
            "USART2",
        ),
        (
            "\"SYSTEM\", \"\", \"SRAM\"]",
            "\"ROM\", \"\", \"SRAM\"]",
            "no memory is called `ROM`",
            "ROM",
        ),
        (
            "base = 0x40004400",
            "base = 0x40004600",
            "USART3 at 0x40004800 overlaps USART2",
            "USART3",
        ),
        (
            "factory = [0xAA, ",
            "factory = [",
            "8 option bytes are needed, 7 are given",
            "factory",
        ),
    ] {
        let (message, place) = refused(from, to);
        assert!(message.contains(says), "{message}");
        assert_eq!(place, at, "{message}");
    }
}
