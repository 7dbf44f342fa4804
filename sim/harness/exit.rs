//! Exit codes of the command line. They are an API: scripts and CI depend on them.

use crate::report::Verdict;

/// Expectations met.
pub const MET: u8 = 0;
/// An expectation failed.
pub const FAILED: u8 = 1;
/// Bad input or wrong usage: nothing was run, nothing was written.
pub const BAD_INPUT: u8 = 2;
/// Not decided: nothing was expected, the end was not reached, or a register without a model stood in the way.
pub const UNDECIDED: u8 = 3;

/// The code for one verdict.
#[must_use]
pub const fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Met => MET,
        Verdict::Failed => FAILED,
        Verdict::Undecided => UNDECIDED,
    }
}

/// The code for several verdicts: failed if any failed, else undecided if any is undecided.
#[must_use]
pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> u8 {
    let codes = verdicts.into_iter().map(code);
    codes.fold(MET, |worst, code| {
        if worst == FAILED || code == MET {
            worst
        } else {
            code
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_outranks_an_undecided_run() {
        assert_eq!(
            worst([
                Verdict::Met,
                Verdict::Undecided,
                Verdict::Failed,
                Verdict::Undecided
            ]),
            FAILED
        );
        assert_eq!(worst([Verdict::Met, Verdict::Undecided]), UNDECIDED);
        assert_eq!(worst([]), MET);
    }
}
