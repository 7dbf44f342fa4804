//! What happened on an I2C bus: transactions, and the time that the chip held SCL. That is no loss, and is told apart from it.

use std::collections::BTreeMap;

use flashstall_mcu::Picos;
use flashstall_mcu::periph::HoldReason;
use flashstall_mcu::wire::{I2cRecord, Stretch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::seconds;
use crate::chain::{Explainer, Link, chain_text};

/// An I2C bus beside its bytes. A transaction is counted once, however often the host tried; each poll is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct I2cReport {
    /// Transactions that the host began.
    pub transactions: u64,
    /// Those that went well in the end.
    pub completed: u64,
    /// Those that the host gave up for good.
    pub failed: u64,
    /// Attempts that ended because an address or a byte was not acknowledged.
    pub nacked: u64,
    /// Those of them in which it was the address.
    pub address_nacked: u64,
    /// Why the first was not acknowledged, where the chip can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_nack: Option<String>,
    /// Attempts that ended because SCL was held for longer than the host waits.
    pub timed_out: u64,
    /// Bytes that the host has read.
    pub read: u64,
    /// Transactions whose `answer` was another.
    pub wrong_answers: u64,
    /// How often the chip held SCL low longer than the host did.
    pub stretches: u64,
    /// For how long, altogether.
    pub stretched_s: f64,
    /// For what: `address`, `received`, `transmit`, `count`. Of the first million.
    pub stretched_for_s: BTreeMap<String, f64>,
    /// The longest time; null if there was none.
    pub longest: Option<StretchReport>,
}

/// One time that the chip held SCL low.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StretchReport {
    /// When the host let SCL go.
    pub at_s: f64,
    /// For how long it stayed low.
    pub length_s: f64,
    /// `address`: firmware had not taken notice of its address. `received`: it had not read what came. `transmit`: it had not written what is to be sent.
    /// `count`: it had not set the next number of bytes.
    pub reason: String,
    /// Why that took so long, from the effect to its cause.
    pub chain: Vec<Link>,
    /// The same in words.
    pub text: String,
}

/// Why SCL is held.
pub(crate) const fn reason_name(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::Address => "address",
        HoldReason::Received => "received",
        HoldReason::Transmit => "transmit",
        HoldReason::Count => "count",
    }
}

/// From the record of a run that ended at `end`. Without an `explainer` the chain is left out.
pub(super) fn report(
    record: &I2cRecord,
    end: Picos,
    explainer: Option<&Explainer<'_>>,
) -> I2cReport {
    let (total, count, longest) = record.until(end);
    let mut sums: BTreeMap<String, Picos> = BTreeMap::new();
    let open = record.open.map(|(from, hold)| Stretch {
        from,
        to: end.max(from),
        hold,
    });
    for stretch in record.stretches.kept.iter().chain(&open) {
        *sums
            .entry(reason_name(stretch.hold.reason).to_owned())
            .or_default() += stretch.to - stretch.from;
    }
    I2cReport {
        transactions: record.transactions,
        completed: record.completed,
        failed: record.failed,
        nacked: record.address_nacks + record.data_nacks,
        address_nacked: record.address_nacks,
        first_nack: record.first_nack.map(str::to_owned),
        timed_out: record.timed_out,
        read: record.read,
        wrong_answers: record.wrong_answers,
        stretches: count,
        stretched_s: total.as_secs_f64(),
        stretched_for_s: sums
            .into_iter()
            .map(|(reason, sum)| (reason, sum.as_secs_f64()))
            .collect(),
        longest: longest.map(|stretch| {
            let chain = explainer.map_or_else(Vec::new, |e| e.explain_stretch(&stretch));
            StretchReport {
                at_s: stretch.from.as_secs_f64(),
                length_s: (stretch.to - stretch.from).as_secs_f64(),
                reason: reason_name(stretch.hold.reason).to_owned(),
                text: chain_text(&chain),
                chain,
            }
        }),
    }
}

/// The books of one bus in a sentence.
pub(super) fn text(name: &str, bus: &I2cReport) -> String {
    let mut parts = vec![format!(
        "{} transactions, {} completed",
        bus.transactions, bus.completed
    )];
    let more = [
        (bus.failed, "failed"),
        (bus.nacked, "attempts not acknowledged"),
        (bus.timed_out, "timed out"),
        (bus.wrong_answers, "answered wrongly"),
    ];
    parts.extend(
        more.iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}")),
    );
    if bus.read > 0 {
        parts.push(format!("{} bytes read", bus.read));
    }
    let held = if bus.stretches == 0 {
        "SCL was never held".to_owned()
    } else {
        format!(
            "SCL held {} in {} stretches (no loss)",
            seconds(bus.stretched_s),
            bus.stretches
        )
    };
    let why = bus
        .first_nack
        .as_ref()
        .map_or_else(String::new, |why| format!("; first refusal: {why}"));
    format!("  i2c {name}: {}; {held}{why}", parts.join(", "))
}
