//! Bisection over forked machines.

use super::line::{Line, LineTimes};
use super::{Binding, Boundary, Limit};
use crate::scenario::ScenarioError;
use crate::vary::sweep::in_order;
use crate::vary::value::{Value, Values};
use crate::vary::{Fork, Outcome, Point, Variation};

/// Points that are run at once. Fixed, so that the worst point does not hang on the number of threads.
const BLOCK: usize = 16;
/// Values that are looked at on each side of the boundary, ever closer to it.
const AROUND: u32 = 8;
/// Most points that are gone over at each value.
const MAX_OVER: u64 = 1_000_000;

/// Finds boundaries of a variation: its first axis is the one that is varied, the others are gone over.
pub struct Search<'a> {
    variation: &'a Variation,
    fork: &'a Fork<'a>,
    threads: usize,
    /// Points of the other axes.
    over: u64,
    /// Point of the other axes that was the worst so far: it is tried first.
    worst: u64,
    runs: u64,
}

impl<'a> Search<'a> {
    /// Prepares it.
    ///
    /// # Errors
    /// [`ScenarioError`] if the first axis is one along which higher is not harder, if another is a range without steps, and for too many points.
    pub fn new(
        variation: &'a Variation,
        fork: &'a Fork<'a>,
        threads: usize,
    ) -> Result<Self, ScenarioError> {
        let Some((first, rest)) = variation.axes().split_first() else {
            return Err(ScenarioError::new("nothing is varied"));
        };
        if !first.kind.is_load() {
            let message = format!("no highest {}: more of it is not harder", first.name);
            return Err(ScenarioError::new(message).help(
                "vary baud, bitrate, erase, program, burst, jitter or count, and go over this with --over",
            ));
        }
        if let Values::List(list) = &first.values
            && !list.is_sorted_by_key(|v| v.number())
        {
            let message = format!("the values of {} must go up", first.name);
            return Err(ScenarioError::new(message));
        }
        let mut over = 1u128;
        for axis in rest {
            let Some(count) = axis.values.count() else {
                let message =
                    format!("{axis} is a range without steps: what is gone over needs values");
                return Err(ScenarioError::new(message).help(format!("write {axis}/5")));
            };
            over = over.saturating_mul(u128::from(count));
        }
        let over = u64::try_from(over)
            .ok()
            .filter(|n| *n <= MAX_OVER)
            .ok_or_else(|| {
                ScenarioError::new(format!(
                    "{over} points at each value are too many: at most {MAX_OVER}"
                ))
            })?;
        Ok(Self {
            variation,
            fork,
            threads,
            over,
            worst: 0,
            runs: 0,
        })
    }

    /// The point with the varied value `value`, and point number `n` of the others, all of which but `fixed` are counted.
    fn point(&self, value: Value, n: u64) -> Point {
        let rest = self.variation.axes().get(1..).unwrap_or_default();
        let mut left = n;
        let mut point: Point = rest
            .iter()
            .rev()
            .map(|axis| {
                let count = axis.values.count().unwrap_or(1).max(1);
                let value = axis.values.get(left % count);
                left /= count;
                value
            })
            .collect();
        point.push(value);
        point.reverse();
        point
    }

    /// The first point, in their order, at which something is lost with this value; the one that was the worst the last time is tried before all others.
    fn loss(&mut self, value: Value) -> Result<Option<(Point, Outcome)>, ScenarioError> {
        let (variation, fork) = (self.variation, self.fork);
        let point = self.point(value, self.worst);
        let outcome = variation.run(fork, &point)?;
        self.runs += 1;
        if !outcome.is_clean() {
            return Ok(Some((point, outcome)));
        }
        let mut next = 0;
        while next < self.over {
            let count = usize::try_from(self.over - next)
                .unwrap_or(BLOCK)
                .min(BLOCK);
            let one = |n: usize| {
                let point = self.point(value, next + n as u64);
                let outcome = variation.run(fork, &point)?;
                Ok((point, outcome))
            };
            let all = in_order(count, self.threads, one)?;
            self.runs += count as u64;
            let lossy = |(_, (_, outcome)): &(usize, (Point, Outcome))| !outcome.is_clean();
            if let Some((n, found)) = all.into_iter().enumerate().find(lossy) {
                self.worst = next + n as u64;
                return Ok(Some(found));
            }
            next += count as u64;
        }
        Ok(None)
    }

    /// The boundary.
    ///
    /// # Errors
    /// [`ScenarioError`] for values with which the scenario cannot run.
    pub fn boundary(&mut self) -> Result<Boundary, ScenarioError> {
        let variation = self.variation;
        let Some(axis) = variation.axes().first() else {
            return Err(ScenarioError::new("nothing is varied"));
        };
        let count = match &axis.values {
            Values::Range { low, high, .. } => (high - low).unsigned_abs() + 1,
            values => values.count().unwrap_or(1),
        };
        let line = Line {
            values: &axis.values,
            count,
        };
        let runs_before = self.runs;
        let (mut clean, mut lossy) = (None, None);
        let (mut clean_above, mut lossy_below) = (Vec::new(), Vec::new());
        // Both ends first: the answer may be "all" or "none".
        let last = line.count - 1;
        match self.loss(line.get(0))? {
            Some(found) => lossy = Some((0, found)),
            None => clean = Some(0),
        }
        if clean.is_some() && last > 0 {
            match self.loss(line.get(last))? {
                Some(found) => lossy = Some((last, found)),
                None => clean = Some(last),
            }
        }
        loop {
            while let (Some(good), Some((bad, _))) = (clean, &lossy)
                && *bad > good + 1
            {
                let middle = good + (bad - good) / 2;
                match self.loss(line.get(middle))? {
                    Some(found) => lossy = Some((middle, found)),
                    None => clean = Some(middle),
                }
            }
            // Is it so below, too? A value that is not clean there is the new upper end.
            let Some(good) = clean else { break };
            let mut lower = None;
            for shift in 1..=AROUND {
                let n = good - (good >> shift);
                if n < good
                    && n > 0
                    && lower.is_none()
                    && let Some(found) = self.loss(line.get(n))?
                {
                    lower = Some((n, found));
                }
            }
            match lower {
                Some((n, found)) => {
                    lossy_below.push(line.get(n));
                    lossy = Some((n, found));
                    clean = Some(0);
                }
                None => break,
            }
        }
        if let (Some(_), Some((bad, _))) = (clean, &lossy) {
            let (from, room) = (*bad, last - bad);
            for shift in 1..=AROUND {
                let n = from + (room >> shift);
                if n > from
                    && !clean_above.contains(&line.get(n))
                    && self.loss(line.get(n))?.is_none()
                {
                    clean_above.push(line.get(n));
                }
            }
        }
        let highest = clean.map(|n| line.get(n));
        let binding = match lossy {
            Some((_, (point, outcome))) => Some(self.binding(point, outcome)?),
            None => None,
        };
        let times = LineTimes::of(variation, axis);
        // The lowest lossy value says what is needed if no value is clean.
        let rate = highest.map(Value::number);
        Ok(Boundary {
            highest,
            binding,
            clean_above,
            lossy_below,
            needs: times.as_ref().zip(rate).map(|(t, rate)| t.character(rate)),
            has: times.as_ref().map(|t| t.character(t.own)),
            own: times.map(|t| t.own),
            runs: self.runs - runs_before,
        })
    }

    fn binding(&self, point: Point, outcome: Outcome) -> Result<Binding, ScenarioError> {
        let report = self.variation.report(self.fork, &point)?;
        let limit = Limit::of(&outcome, &report);
        let data = |name: &str| report.wire(name).is_some_and(|w| w.kind != "pin");
        let first = report.losses.iter().find(|l| data(&l.wire));
        let chain = first.map(|l| l.text.clone());
        Ok(Binding {
            chain: chain.or_else(|| limit.reason(self.variation.prepared(), &report)),
            point,
            outcome,
            limit,
        })
    }
}
