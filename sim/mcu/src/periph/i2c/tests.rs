//! Every I2C controller of every built-in part, on each of its pins.

use crate::chip::{Chip, Param};
use crate::periph::testbench::Bench;
use crate::periph::{I2cStep, PinMode};

const OWN: u8 = 0x42;

/// `PB6:4` as port, number and function.
fn pin(item: &str) -> (usize, usize, u8) {
    let (pin, function) = item[1..].split_once(':').expect("a function");
    let port = usize::from(pin.as_bytes()[0] - b'A');
    let number = pin[1..].parse().expect("a number");
    (port, number, function.parse().expect("a number"))
}

/// START and its own address: does the controller answer?
fn answers(b: &mut Bench, v1: bool) -> bool {
    b.reset();
    let own = u32::from(OWN) << 1;
    if v1 {
        b.write(0x08, own);
        b.write(0x00, 1 | 1 << 10);
    } else {
        b.write(0x08, own | 1 << 15);
        b.write(0x00, 1);
    }
    b.with_device(|device, cx| {
        let port = device.i2c().expect("an I2C controller");
        port.step(cx, I2cStep::Start);
        let value = OWN << 1;
        port.step(cx, I2cStep::Sent { value, unit: None });
        port.step(cx, I2cStep::Ninth { acknowledged: None })
            .acknowledged
    })
}

#[test]
fn every_controller_answers_on_each_of_its_pins() {
    let mut controllers = 0;
    for part in Chip::names() {
        let chip = Chip::builtin(part).expect("it is built in");
        for spec in chip
            .peripherals
            .iter()
            .filter(|p| p.kind.starts_with("i2c"))
        {
            let list = |key: &str| match spec.params.get(key) {
                Some(Param::Text(list)) => list.split_whitespace().map(pin).collect::<Vec<_>>(),
                other => panic!("{part} {}: {key} is {other:?}", spec.name),
            };
            let remap = match spec.params.get("remap_bit") {
                Some(Param::Int(bit)) => Some(*bit as u32),
                _ => None,
            };
            let connect = |b: &mut Bench, (port, number, function): (usize, usize, u8)| {
                b.shared.pins.mode[port][number] = match remap {
                    Some(bit) => {
                        b.shared.remap = u32::from(function) << bit;
                        PinMode::Alternate(0)
                    }
                    None => PinMode::Alternate(function),
                };
            };
            let v1 = spec.kind == "i2c-v1";
            let mut b = Bench::on(part, &spec.name);
            assert!(!answers(&mut b, v1), "{part} {} without pins", spec.name);
            for scl in list("scl") {
                // An F1 moves both at once.
                for sda in list("sda")
                    .into_iter()
                    .filter(|sda| remap.is_none() || sda.2 == scl.2)
                {
                    let mut b = Bench::on(part, &spec.name);
                    connect(&mut b, scl);
                    connect(&mut b, sda);
                    assert!(answers(&mut b, v1), "{part} {} {scl:?} {sda:?}", spec.name);
                }
            }
            controllers += 1;
        }
    }
    assert!(controllers > 50, "{controllers}");
}
