//! Hosts: what is at the other end of a wire when it talks back to a boot loader.
//!
//! [`Speaker`] follows a [`Protocol`] and knows no wire; a [`Link`] says how its messages look on one. The machine's side, which sends
//! and hears, is [`Peer`](flashstall_mcu::wire::Peer).

mod can;
mod crc32;
mod link;
mod speaker;
mod uart;

pub use can::CanLink;
pub(crate) use can::FRAME_BYTES;
pub use crc32::crc32;
pub use link::{Answer, Link};
pub use speaker::{Manners, Protocol, Speaker};
pub use uart::UartLink;
