//! What a problem can be, and what to do about it: the rules of the SARIF file.

/// One kind of problem.
pub(super) struct Rule {
    /// Stable name.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What it means and what helps.
    pub help: &'static str,
}

/// Something that was sent did not arrive.
pub(super) const LOST: &str = "lost-on-the-wire";
/// An expectation of the scenario does not hold.
pub(super) const EXPECTATION: &str = "expectation-failed";
/// The run decides nothing.
pub(super) const UNDECIDED: &str = "undecided";

/// Worse than the baseline.
pub(super) const REGRESSION: &str = "worse-than-baseline";

/// All of them but findings, which bring their own names.
pub(super) const RULES: [Rule; 4] = [
    Rule {
        id: LOST,
        title: "A byte, frame or edge was lost",
        help: "What was sent did not reach the firmware. The message is the causal chain, from the loss to its origin. If the core was \
               held by busy flash, move what it fetched or read (code, constant or vector table) to RAM, or do not erase or \
               program while data may arrive.",
    },
    Rule {
        id: EXPECTATION,
        title: "An expectation of the scenario does not hold",
        help: "The scenario's [expect] table says what must hold; the message has both sides. Either the firmware is wrong or \
               the expectation is: `flashstall run` on the scenario shows the whole report.",
    },
    Rule {
        id: UNDECIDED,
        title: "The run decides nothing",
        help: "Nothing was expected, the end was not reached, or the firmware read registers that have no model. The message says \
               which; a gate that passes on this would pass on anything.",
    },
    Rule {
        id: REGRESSION,
        title: "Worse than the baseline",
        help: "The scenario may still meet its expectations, but it loses more, waits longer or stalls longer than on the main branch. If \
               that is meant, write the baseline again with `flashstall baseline` and commit it with the change.",
    },
];

/// What helps with a finding.
pub(super) const FINDING_HELP: &str = "Something worth knowing that the run came upon at this line. It does not fail the scenario by itself; \
     an [[expect.finding]] table makes it.";
