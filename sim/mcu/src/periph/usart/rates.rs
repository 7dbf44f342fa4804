//! Whether both ends of a line mean the same bit rate.
//!
//! What a wrong rate does to characters comes out of the sampling by itself; this only says so, once for each pair of rates.

use super::receiver::Settings;
use super::v3::Usart;
use crate::Hertz;
use crate::periph::{Cx, UartFrame};

/// Per mille by which the rates may differ before it is a finding. A receiver tolerates 3.3 to 4.4 % for 8N1 by its settings
/// (RM0364 §tolerance of the receiver \[M\]), the sender's share included.
const TOLERATED: u64 = 30;
/// Bits that are compared: enough for per mille of a picosecond at any rate.
const BITS: u64 = 1_000;

impl Usart {
    /// Compares the rate of a frame that is heard with the receiver's own.
    pub(super) fn check_rate(&mut self, cx: &mut Cx<'_>, frame: &UartFrame, ours: &Settings) {
        let pair = (frame.bit_rate, ours.rate, ours.format.bit);
        if self.checked_rates.replace(pair) == Some(pair) {
            return;
        }
        let bit_rate = ours.rate.scaled(1, ours.format.bit);
        let Some((per_mille, more)) = deviation(bit_rate, frame.bit_rate) else {
            return;
        };
        if per_mille > TOLERATED {
            let name = &self.name;
            cx.find("uart-baud-mismatch", || {
                format!(
                    "{name} is set to {} baud, {}.{} % {} than what is sent to it at {} baud",
                    bit_rate.whole(),
                    per_mille / 10,
                    per_mille % 10,
                    if more { "more" } else { "less" },
                    frame.bit_rate.whole()
                )
            });
        }
    }
}

/// By how many per mille, rounded, `rate` differs from `wanted`, and whether it is higher; `None` if one of them stands.
fn deviation(rate: Hertz, wanted: Hertz) -> Option<(u64, bool)> {
    if !rate.is_running() || !wanted.is_running() {
        return None;
    }
    let (ours, theirs) = (rate.periods(BITS).0, wanted.periods(BITS).0);
    let difference = u128::from(ours.abs_diff(theirs)) * 1_000;
    let per_mille = (difference + u128::from(ours) / 2) / u128::from(ours.max(1));
    Some((u64::try_from(per_mille).unwrap_or(u64::MAX), theirs > ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_compared_in_per_mille_of_what_is_sent() {
        let of = |rate, wanted| deviation(Hertz::new(rate), Hertz::new(wanted));
        assert_eq!(of(230_400, 115_200), Some((1_000, true)));
        assert_eq!(of(57_600, 115_200), Some((500, false)));
        assert_eq!(of(118_656, 115_200), Some((30, true)));
        assert_eq!(of(115_200, 115_200), Some((0, false)));
        assert_eq!(deviation(Hertz::STOPPED, Hertz::new(1)), None);
    }
}
