//! USARTs. One variant so far: [`v3`], the one with ISR, ICR, RDR and TDR (F3, L4).

mod bitclock;
mod bits;
mod delivery;
mod format;
mod hearing;
mod line;
mod receiver;
mod registers;
mod transmitter;
mod v3;

pub(super) use v3::Usart;
