//! From the log and the machine at its end to a [`Report`].

use std::collections::BTreeMap;

use flashstall_cpu::{Addr, ExceptionNumber, HoldKind, VectorAddress};
use flashstall_mcu::log::{FlashOperation, Log, OperationId, StallTotals};
use flashstall_mcu::{Machine, Picos};

use super::account;
use super::expectations;
use super::model::*;
use super::names::{
    cause_name, hold_name, operation_name, place_report, places_report, reset_name, swapped_name,
};
use crate::chain::{Explainer, chain_text, stalled_at, started_by, summary};
use crate::firmware::Firmware;
use crate::memory;
use crate::scenario::Prepared;
use crate::scenario::expect::Expect;
use crate::svd::RegisterNames;

/// Exception number of SysTick (ARMv7-M B1.5.2).
const SYSTICK: u16 = 15;

/// A run that is over.
pub(crate) struct Ending<'a> {
    pub prepared: &'a Prepared,
    pub expect: &'a Expect,
    pub machine: &'a Machine,
    pub engine: &'a str,
    pub stop: StopReport,
    pub svd: Option<&'a RegisterNames>,
}

/// The whole report.
pub(crate) fn build(ending: &Ending<'_>) -> Report {
    let mut report = books(ending);
    let (log, firmware) = (ending.machine.log(), &*ending.prepared.firmware);
    (report.losses, report.losses_not_listed, report.causes) = losses(ending, false);
    buses(&mut report, ending, true);
    report.stall_sites = stall_sites(ending);
    report.operations = operations(log, firmware);
    report.nors = super::nor::nors(ending.machine, firmware, true);
    for (finding, found) in report.findings.iter_mut().zip(&log.findings) {
        finding.place = place_report(&firmware.place(found.pc));
    }
    report.unmodelled = unmodelled(log, firmware, ending.svd);
    expectations::judge(&mut report, ending);
    report
}

/// The report as far as the verdict needs it: for thousands of runs of which nobody reads the rest. Chains are made only if something is
/// expected of them; places in the source are left out.
pub(crate) fn judged(ending: &Ending<'_>) -> Report {
    let mut report = books(ending);
    if ending.expect.wire.iter().any(|w| !w.blames.is_empty()) {
        report.losses = losses(ending, true).0;
    }
    let blamed = |w: &crate::scenario::expect::ExpectWire| !w.stretch_blames.is_empty();
    buses(&mut report, ending, ending.expect.wire.iter().any(blamed));
    report.unmodelled = unmodelled(ending.machine.log(), &ending.prepared.firmware, ending.svd);
    expectations::judge(&mut report, ending);
    report
}

/// All that is counted. What says where in the source something happened is empty.
fn books(ending: &Ending<'_>) -> Report {
    let (prepared, machine) = (ending.prepared, ending.machine);
    let (log, firmware) = (machine.log(), &*prepared.firmware);
    let core = &machine.cpu().core;
    let open = &prepared.open;
    Report {
        schema: REPORT_SCHEMA.to_owned(),
        scenario: prepared.name.clone(),
        verdict: Verdict::Undecided,
        reason: String::new(),
        engine: ending.engine.to_owned(),
        chip: prepared.chip.name.clone(),
        firmware: FirmwareReport {
            elf: prepared.firmware_name.clone(),
            fnv1a: format!("{:016x}", firmware.hash),
        },
        flash_timing: TimingReport {
            page_erase_s: prepared.timing.page_erase.as_secs_f64(),
            mass_erase_s: prepared.timing.mass_erase.as_secs_f64(),
            program_s: prepared.timing.program.as_secs_f64(),
        },
        open_behaviours: OpenReport {
            vector_address: match open.core.vector_address {
                VectorAddress::Add => "add".to_owned(),
                VectorAddress::Or => "or".to_owned(),
            },
            late_arrival_during_held_vector: open.core.late_arrival_during_held_vector,
            interrupt_during_held_fetch: open.core.interrupt_during_held_fetch,
            buffer_hit_while_busy: open.buffer_hit_while_busy,
        },
        open_alternatives: Vec::new(),
        time_s: machine.time().as_secs_f64(),
        cycles: core.now.0,
        instructions: core.instructions,
        stop: ending.stop.clone(),
        wires: log.wires.iter().map(account::wire).collect(),
        hosts: super::hosts::hosts(prepared, machine),
        nors: super::nor::nors(machine, firmware, false),
        buffers: prepared
            .buffers
            .iter()
            .filter_map(|b| Some(account::buffer(b, machine, log.wires.get(b.wire)?)))
            .collect(),
        dma: super::dma::channels(machine),
        stalls: stall_totals(log),
        device_waits: (!log.device_waits.is_empty()).then(|| totals(&log.device_waits)),
        stall_sites: Vec::new(),
        operations: Vec::new(),
        interrupts: interrupts(ending),
        ticks_lost: log.interrupts.get(&SYSTICK).map_or(0, |t| t.pended_lost),
        storms: storms(ending),
        losses: Vec::new(),
        losses_not_listed: 0,
        causes: Vec::new(),
        findings: log
            .findings
            .iter()
            .map(|f| FindingReport {
                rule: f.rule.to_owned(),
                text: f.text.clone(),
                at_s: f.at.as_secs_f64(),
                place: PlaceReport {
                    address: f.pc.to_string(),
                    function: None,
                    file: None,
                    line: None,
                },
            })
            .collect(),
        resets: log
            .resets
            .iter()
            .map(|r| ResetReport {
                at_s: r.at.as_secs_f64(),
                cause: reset_name(r.cause).to_owned(),
                place: place_report(&firmware.place(r.pc)),
            })
            .collect(),
        unmodelled: Vec::new(),
        output: log.output.clone(),
        expectations: Vec::new(),
    }
}

/// Totals by kind.
pub(crate) fn stall_totals(log: &Log) -> StallsReport {
    totals(&log.stall_totals)
}

fn totals(by_kind: &BTreeMap<HoldKind, StallTotals>) -> StallsReport {
    let of = |kind: HoldKind| {
        by_kind
            .get(&kind)
            .map_or_else(StallReport::default, |t| StallReport {
                count: t.count,
                total_s: t.total.as_secs_f64(),
                longest_s: t.longest.as_secs_f64(),
            })
    };
    StallsReport {
        fetch: of(HoldKind::Fetch),
        data: of(HoldKind::Data),
        vector: of(HoldKind::Vector),
        register: of(HoldKind::Register),
    }
}

/// Registers without a model, by address; named by `svd` where it knows them.
pub(crate) fn unmodelled(
    log: &Log,
    firmware: &Firmware,
    svd: Option<&RegisterNames>,
) -> Vec<UnmodelledReport> {
    log.unmodelled
        .iter()
        .map(|(address, u)| UnmodelledReport {
            name: svd
                .and_then(|svd| svd.name(*address))
                .unwrap_or_else(|| u.name.clone()),
            address: address.to_string(),
            reads: u.reads,
            writes: u.writes,
            place: place_report(&firmware.place(u.pc)),
        })
        .collect()
}

fn operation(log: &Log, id: Option<OperationId>) -> Option<&FlashOperation> {
    log.operations.kept.get(id?.0)
}

/// Stalls grouped by kind, function, entered exception and operation; the longest total first.
fn stall_sites(ending: &Ending<'_>) -> Vec<StallSite> {
    struct Sum {
        count: u64,
        total: Picos,
        longest: Picos,
        pc: Addr,
        accessed: Addr,
    }
    let (log, firmware) = (ending.machine.log(), &ending.prepared.firmware);
    let mut sites: BTreeMap<_, Sum> = BTreeMap::new();
    for stall in &log.stalls.kept {
        let pc = stalled_at(stall);
        let function = firmware.symbols.function_at(pc).map_or(pc, |s| s.address);
        let kind = operation(log, stall.operation).map(|o| operation_name(o.kind));
        let length = stall.end - stall.start;
        let sum = sites
            .entry((stall.kind, function, stall.entering, kind))
            .or_insert(Sum {
                count: 0,
                total: Picos::ZERO,
                longest: Picos::ZERO,
                pc,
                accessed: stall.address,
            });
        sum.count += 1;
        sum.total += length;
        if length > sum.longest {
            (sum.longest, sum.pc, sum.accessed) = (length, pc, stall.address);
        }
    }
    let mut sites: Vec<_> = sites.into_iter().collect();
    sites.sort_by(|a, b| b.1.total.cmp(&a.1.total).then(a.0.cmp(&b.0)));
    sites
        .into_iter()
        .map(|((kind, _, entering, operation), sum)| StallSite {
            kind: hold_name(kind).to_owned(),
            place: place_report(&firmware.place(sum.pc)),
            accessed: sum.accessed.to_string(),
            entering: entering.map(|n| ending.prepared.chip.exception_name(n)),
            operation: operation.map(str::to_owned),
            count: sum.count,
            total_s: sum.total.as_secs_f64(),
            longest_s: sum.longest.as_secs_f64(),
        })
        .collect()
}

fn operations(log: &Log, firmware: &Firmware) -> Vec<OperationReport> {
    let mut order: Vec<OperationReport> = Vec::new();
    let mut totals: Vec<(Picos, Picos)> = Vec::new();
    for operation in &log.operations.kept {
        let kind = operation_name(operation.kind);
        let length = operation.end - operation.start;
        let at = order
            .iter()
            .position(|o| o.kind == kind)
            .unwrap_or_else(|| {
                order.push(OperationReport {
                    kind: kind.to_owned(),
                    count: 0,
                    total_s: 0.0,
                    longest_s: 0.0,
                    first_s: operation.start.as_secs_f64(),
                    first_address: operation.address.to_string(),
                    first_swapped: operation.swapped.map(swapped_name),
                    started_by: places_report(&started_by(log, firmware, operation)),
                });
                totals.push((Picos::ZERO, Picos::ZERO));
                order.len() - 1
            });
        order[at].count += 1;
        totals[at].0 += length;
        totals[at].1 = totals[at].1.max(length);
    }
    for (report, (total, longest)) in order.iter_mut().zip(totals) {
        (report.total_s, report.longest_s) = (total.as_secs_f64(), longest.as_secs_f64());
    }
    order
}

fn interrupts(ending: &Ending<'_>) -> Vec<InterruptReport> {
    let log = ending.machine.log();
    log.interrupts
        .iter()
        .map(|(number, t)| InterruptReport {
            name: ending.prepared.chip.exception_name(*number),
            number: *number,
            taken: t.taken,
            latency_min_s: t.latency.map(|l| l.0.as_secs_f64()),
            latency_max_s: t.latency.map(|l| l.1.as_secs_f64()),
            pended_lost: t.pended_lost,
        })
        .collect()
}

/// The function that an exception's vector leads to, as VTOR stands at the end.
fn handler(ending: &Ending<'_>, number: u16) -> Option<String> {
    let machine = ending.machine;
    let (vtor, offset) = (machine.cpu().scb.vtor(), 4 * u32::from(number));
    let at = match ending.prepared.open.core.vector_address {
        VectorAddress::Add => Addr(vtor.wrapping_add(offset)),
        VectorAddress::Or => Addr(vtor | offset),
    };
    let address = Addr(memory::word(machine, at) & !1);
    ending
        .prepared
        .firmware
        .symbols
        .function_at(address)
        .map(|s| s.display().to_owned())
}

fn storms(ending: &Ending<'_>) -> Vec<StormReport> {
    let log = ending.machine.log();
    let stormy = log
        .interrupts
        .iter()
        .filter(|(_, t)| t.longest_storm >= STORM);
    stormy
        .map(|(number, t)| StormReport {
            interrupt: ending.prepared.chip.exception_name(*number),
            runs: t.longest_storm,
            handler: handler(ending, *number),
        })
        .collect()
}

/// Fills in what happened on I2C buses, explained or not.
fn buses(report: &mut Report, ending: &Ending<'_>, explained: bool) {
    let log = ending.machine.log();
    if log.i2c.is_empty() {
        return;
    }
    let end = ending.machine.time();
    with_explainer(ending, |explainer| {
        let explainer = explained.then_some(explainer);
        for (id, record) in &log.i2c {
            if let Some(wire) = report.wires.get_mut(id.0) {
                wire.i2c = Some(super::i2c::report(record, end, explainer));
            }
        }
    });
}

fn with_explainer<T>(ending: &Ending<'_>, f: impl FnOnce(&Explainer<'_>) -> T) -> T {
    let (machine, prepared) = (ending.machine, ending.prepared);
    let enabled = |number: u16| machine.cpu().nvic.is_enabled(ExceptionNumber(number));
    let handler = |number: u16| handler(ending, number);
    f(&Explainer::new(
        machine.log(),
        &prepared.chip,
        &prepared.firmware,
        machine.time(),
        &enabled,
        &handler,
    ))
}

/// Losses in order of time with their chains, and the causes that they share; or only the first of each wire.
fn losses(ending: &Ending<'_>, only_first: bool) -> (Vec<LossReport>, u64, Vec<CauseReport>) {
    with_explainer(ending, |explainer| explained(ending, explainer, only_first))
}

fn explained(
    ending: &Ending<'_>,
    explainer: &Explainer<'_>,
    only_first: bool,
) -> (Vec<LossReport>, u64, Vec<CauseReport>) {
    let log = ending.machine.log();
    let mut lost: Vec<(Picos, usize, usize)> = Vec::new();
    for (w, wire) in log.wires.iter().enumerate() {
        lost.extend(
            wire.units
                .iter()
                .enumerate()
                .filter(|(_, u)| account::is_lost(u))
                .map(|(n, u)| (u.settled, w, n)),
        );
    }
    lost.sort_unstable();
    if only_first {
        let mut seen = vec![false; log.wires.len()];
        lost.retain(|(_, w, _)| {
            seen.get_mut(*w)
                .is_some_and(|s| !std::mem::replace(s, true))
        });
    }
    let mut listed = Vec::new();
    let mut causes: Vec<CauseReport> = Vec::new();
    for (at, w, n) in lost.iter().take(MAX_LOSSES) {
        let wire = &log.wires[*w];
        let unit = &wire.units[*n];
        let chain = explainer.explain(wire, *n);
        let (text, common) = (chain_text(&chain), summary(&chain));
        let cause = cause_name(unit.fate).to_owned();
        match causes
            .iter_mut()
            .find(|c| c.wire == wire.name && c.cause == cause && c.summary == common)
        {
            Some(known) => known.count += 1,
            None => causes.push(CauseReport {
                wire: wire.name.clone(),
                cause: cause.clone(),
                summary: common,
                count: 1,
                chain: chain.clone(),
                text: text.clone(),
            }),
        }
        listed.push(LossReport {
            wire: wire.name.clone(),
            unit: *n as u64,
            value: unit.value,
            cause,
            at_s: at.as_secs_f64(),
            chain,
            text,
        });
    }
    causes.sort_by_key(|c| std::cmp::Reverse(c.count));
    let rest = lost.len() - listed.len();
    (listed, rest as u64, causes)
}
