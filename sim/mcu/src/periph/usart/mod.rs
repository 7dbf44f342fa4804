//! USARTs: [`v3`], the one with ISR, ICR, RDR and TDR (F3, L4), and [`v1`], the one with SR and DR (F1, L1, F4). The second is
//! other registers before the same receiver and transmitter.

mod bitclock;
mod bits;
mod delivery;
mod flow;
mod format;
mod hearing;
mod line;
mod rates;
mod receiver;
mod registers;
mod transmitter;
mod v1;
mod v3;

pub(super) use hearing::{Route, routes};
pub(super) use v1::UsartV1;
pub(super) use v3::Usart;
