//! Which model answers for which kind of peripheral: the one place where a kind is looked at.

use thiserror::Error;

use crate::chip::{Param, PeripheralSpec};
use crate::periph::Peripheral;
use crate::periph::afio::Afio;
use crate::periph::backup::Backup;
use crate::periph::backup_ram::BackupRam;
use crate::periph::bxcan::BxCan;
use crate::periph::crc::Crc;
use crate::periph::crc_v1::CrcV1;
use crate::periph::dbgmcu::Dbgmcu;
use crate::periph::device_id::DeviceId;
use crate::periph::dma::Dma;
use crate::periph::dma_stream::DmaStream;
use crate::periph::exti::Exti;
use crate::periph::gpio::Gpio;
use crate::periph::gpio_v1::GpioV1;
use crate::periph::i2c::{I2cV1, I2cV2};
use crate::periph::iwdg::Iwdg;
use crate::periph::otg::Otg;
use crate::periph::pwr::Pwr;
use crate::periph::pwr_f4::PwrF4;
use crate::periph::pwr_l1::PwrL1;
use crate::periph::pwr_l4::PwrL4;
use crate::periph::quadspi::QuadSpi;
use crate::periph::rcc::{Rcc, RccF4};
use crate::periph::rcc_lp::RccLp;
use crate::periph::rtc_v1::RtcV1;
use crate::periph::rtc_v2::RtcV2;
use crate::periph::spi::{Fifo, Single, Spi};
use crate::periph::syscfg::Syscfg;
use crate::periph::syscfg_f4::SyscfgF4;
use crate::periph::syscfg_lp::SyscfgLp;
use crate::periph::timer::Timer;
use crate::periph::usart::{Usart, UsartV1};
use crate::periph::wwdg::Wwdg;

/// Why a peripheral of a chip file cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// No model has this name.
    #[error("{peripheral}: no model is called `{kind}`")]
    UnknownKind {
        /// The peripheral.
        peripheral: String,
        /// What the chip file asks for.
        kind: String,
    },
    /// A parameter or an interrupt that the model cannot do without.
    #[error("{peripheral}: `{kind}` needs {what}")]
    Missing {
        /// The peripheral.
        peripheral: String,
        /// Its model.
        kind: String,
        /// The parameter.
        what: &'static str,
    },
    /// A parameter with a value that makes no sense.
    #[error("{peripheral}: {what}")]
    BadParam {
        /// The peripheral.
        peripheral: String,
        /// What is wrong.
        what: String,
    },
}

/// The model of the peripheral `spec`, in its reset state. `all` is the whole chip, in the order of the ids: RCC
/// feeds clocks to it.
///
/// # Errors
/// [`BuildError`] for a kind without a model and for parameters that are missing or wrong.
pub fn build(
    spec: &PeripheralSpec,
    all: &[PeripheralSpec],
) -> Result<Box<dyn Peripheral>, BuildError> {
    Ok(match spec.kind.as_str() {
        "afio" => Box::new(Afio::default()),
        "backup-ram" => Box::new(BackupRam::build(spec)),
        "bkp-v1" => Box::new(Backup::build(spec)?),
        "bxcan" => Box::new(BxCan::build(spec)?),
        "crc-v1" => Box::new(CrcV1::new()),
        "crc-v2" => Box::new(Crc::new()),
        "dbgmcu" => Box::new(Dbgmcu::build(spec)?),
        "dbgmcu-l4" => Box::new(Dbgmcu::l4(spec)?),
        "device-id" => Box::new(DeviceId::build(spec)?),
        "dma-channel" => Box::new(Dma::build(spec, all)?),
        "dma-stream" => Box::new(DmaStream::build(spec, all)?),
        "exti" => Box::new(Exti::build(spec)?),
        "exti-l4" => Box::new(Exti::l4(spec)?),
        "gpio-v1" => Box::new(GpioV1::build(spec)?),
        "gpio-v2" => Box::new(Gpio::build(spec)?),
        "i2c-v1" => Box::new(I2cV1::build(spec)?),
        "i2c-v2" => Box::new(I2cV2::build(spec)?),
        "iwdg" => Box::new(Iwdg::new()),
        "otg" => Box::new(Otg::default()),
        "pwr-f1" => Box::new(Pwr::f1()),
        "pwr-f3" => Box::new(Pwr::f3()),
        "pwr-f4" => Box::new(PwrF4::build(spec)?),
        "quadspi" => Box::new(QuadSpi::build(spec)?),
        "rcc-f1" => Box::new(Rcc::f1(spec, all)?),
        "rcc-f100" => Box::new(Rcc::f100(spec, all)?),
        "rcc-f3" => Box::new(Rcc::f3(spec, all)?),
        "rcc-f4" => Box::new(RccF4::build(spec, all)?),
        "pwr-l1" => Box::new(PwrL1::new()),
        "pwr-l4" => Box::new(PwrL4::new()),
        "rcc-l1" => Box::new(RccLp::l1(spec, all)?),
        "rcc-l4" => Box::new(RccLp::l4(spec, all)?),
        "rtc-v1" => Box::new(RtcV1::new()),
        "rtc-v2" => Box::new(RtcV2::new()),
        "spi-v1" => Box::new(Spi::<Single>::build(spec)?),
        "spi-v2" => Box::new(Spi::<Fifo>::build(spec)?),
        "syscfg-f3" => Box::new(Syscfg::build(spec)?),
        "syscfg-f4" => Box::new(SyscfgF4::build(spec)?),
        "syscfg-l1" => Box::new(SyscfgLp::l1(spec)?),
        "syscfg-l4" => Box::new(SyscfgLp::l4(spec)?),
        "tim-basic" => Box::new(Timer::basic(spec)?),
        "tim-general" => Box::new(Timer::general(spec)?),
        "usart-v1" => Box::new(UsartV1::build(spec)?),
        "usart-v3" => Box::new(Usart::build(spec)?),
        "wwdg" => Box::new(Wwdg::build(spec)?),
        _ => {
            return Err(BuildError::UnknownKind {
                peripheral: spec.name.clone(),
                kind: spec.kind.clone(),
            });
        }
    })
}

impl BuildError {
    pub(super) fn missing(spec: &PeripheralSpec, what: &'static str) -> Self {
        Self::Missing {
            peripheral: spec.name.clone(),
            kind: spec.kind.clone(),
            what,
        }
    }

    pub(super) fn bad(spec: &PeripheralSpec, what: impl Into<String>) -> Self {
        Self::BadParam {
            peripheral: spec.name.clone(),
            what: what.into(),
        }
    }
}

/// The one interrupt line of a peripheral.
pub(super) fn only_irq(spec: &PeripheralSpec) -> Result<u16, BuildError> {
    spec.irqs
        .values()
        .next()
        .copied()
        .ok_or_else(|| BuildError::missing(spec, "an interrupt line"))
}

/// The whole-number parameter `key`, if it is given.
pub(super) fn int(spec: &PeripheralSpec, key: &str) -> Result<Option<u64>, BuildError> {
    match spec.params.get(key) {
        None => Ok(None),
        Some(Param::Int(value)) => Ok(Some(*value)),
        Some(Param::Text(_)) => Err(BuildError::bad(spec, format!("`{key}` must be a number"))),
    }
}

/// As [`int`], as the value of a register, 0 if it is not given.
pub(super) fn word(spec: &PeripheralSpec, key: &str) -> Result<u32, BuildError> {
    let value = int(spec, key)?.unwrap_or(0);
    u32::try_from(value)
        .map_err(|_| BuildError::bad(spec, format!("`{key}` does not fit into a register")))
}

/// The text parameter `key`, if it is given.
pub(super) fn text<'a>(spec: &'a PeripheralSpec, key: &str) -> Result<Option<&'a str>, BuildError> {
    match spec.params.get(key) {
        None => Ok(None),
        Some(Param::Text(value)) => Ok(Some(value)),
        Some(Param::Int(_)) => Err(BuildError::bad(spec, format!("`{key}` must be text"))),
    }
}
