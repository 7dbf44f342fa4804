//! Work for several threads, whose results come in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scenario::ScenarioError;

/// Results of `one(0)` to `one(count - 1)`, in order, whoever computes them; the first error in that order.
pub(in super::super) fn in_order<T: Send>(
    count: usize,
    threads: usize,
    one: impl Fn(usize) -> Result<T, ScenarioError> + Sync,
) -> Result<Vec<T>, ScenarioError> {
    if threads <= 1 || count <= 1 {
        return (0..count).map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<T, ScenarioError>)>> =
        Mutex::new(Vec::with_capacity(count));
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return;
            }
            let result = one(n);
            if let Ok(mut all) = results.lock() {
                all.push((n, result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(work);
        }
    });
    let mut all = results.into_inner().unwrap_or_else(|e| e.into_inner());
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, result)| result).collect()
}
