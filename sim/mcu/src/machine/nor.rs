//! Serial flashes on the board.

use std::sync::Arc;

use super::{AttachError, Machine};
use crate::nor::{Nor, NorPart, NorSocket, NorTiming};
use crate::periph::{Pin, Signal};

/// A serial flash, and how it is wired.
#[derive(Clone, Debug)]
pub struct BoardNor {
    /// Its name in the scenario.
    pub name: String,
    /// Which one.
    pub part: Arc<NorPart>,
    /// How long things take on it.
    pub timing: NorTiming,
    /// The SPI or QUADSPI that it is wired to: `SPI1`.
    pub port: String,
    /// Its chip select; a QUADSPI has its own.
    pub cs: Option<Pin>,
    /// What it holds when the board is switched on: address and bytes.
    pub images: Vec<(u32, Arc<[u8]>)>,
}

impl Machine {
    /// Puts a serial flash on the board.
    ///
    /// # Errors
    /// [`AttachError`] if the chip has no such SPI or pin, if the chip select is taken, and for contents that do not fit.
    pub fn attach_nor(&mut self, nor: BoardNor) -> Result<(), AttachError> {
        let name = nor.name;
        let Some(port) = self.soc.peripheral(&nor.port) else {
            return Err(AttachError::NoSuchPort {
                wire: name,
                port: nor.port,
            });
        };
        let kind = self.chip().peripherals.get(port.0).map(|p| p.kind.as_str());
        let own_select = kind == Some("quadspi");
        if !own_select && !kind.is_some_and(|kind| kind.starts_with("spi")) {
            return Err(AttachError::NotASpi {
                nor: name,
                port: nor.port,
            });
        }
        if own_select != nor.cs.is_none() {
            return Err(AttachError::ChipSelect {
                nor: name,
                port: nor.port,
            });
        }
        if let Some(cs) = nor.cs
            && (!self.chip().has_port(cs.port) || cs.number >= 16)
        {
            return Err(AttachError::NoSuchPin {
                wire: name,
                port: cs.port,
                number: cs.number,
            });
        }
        let taken = |other: &&NorSocket| match other.cs {
            None => other.port == port,
            cs => cs == nor.cs,
        };
        if let Some(other) = self.nors().iter().find(taken) {
            return Err(AttachError::ChipSelectTaken {
                nor: name,
                other: other.name.clone(),
            });
        }
        let size = nor.part.geometry.size;
        let mut device = Nor::new(nor.part, nor.timing);
        for (address, bytes) in nor.images {
            if !device.load(address, &bytes) {
                return Err(AttachError::ImageTooLong {
                    nor: name,
                    address,
                    length: bytes.len(),
                    size,
                });
            }
        }
        let shared = &mut self.soc.shared;
        if let Some(pin) = nor.cs {
            shared.pins.watch(pin);
            let low = shared.pins.drives_low(pin);
            shared.outbox.push(Signal::ChipDrives { pin, low });
        }
        shared.nors.push(NorSocket {
            name,
            device,
            port,
            cs: nor.cs,
        });
        self.soc.outside_changed(&mut self.cpu.core);
        Ok(())
    }

    /// The serial flashes on the board, in the order in which they were attached.
    #[must_use]
    pub fn nors(&self) -> &[NorSocket] {
        &self.soc.shared.nors
    }
}
