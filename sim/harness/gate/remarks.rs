//! What a comparison with a baseline does not show in its table, and a reader of that table should know.

use super::baseline::{Entry, InterruptEntry};
use super::compare::shown;

/// Ranges of lost units that a remark shows.
const SHOWN_RANGES: usize = 4;

/// What a table of changes does not show: other units lost, another stream, something that is gone.
pub(super) fn remarks(before: &Entry, now: &Entry) -> Vec<String> {
    let path = shown(now);
    let mut remarks = Vec::new();
    for was in &before.wires {
        let name = &was.name;
        let Some(is) = now.wires.iter().find(|w| w.name == *name) else {
            remarks.push(format!("no longer there: {path}: wire {name}"));
            continue;
        };
        if was.sent != is.sent {
            remarks.push(format!(
                "not the same stream: {path}: {name}: {} sent before, {} now",
                was.sent, is.sent
            ));
        }
        // An erase that begins a little later costs as many bytes, and others: no regression, but worth knowing.
        let both = was.lost_units.as_ref().zip(is.lost_units.as_ref());
        if let Some((old, new)) = both.filter(|(old, new)| was.lost == is.lost && old != new) {
            remarks.push(format!(
                "as many lost, but others: {path}: {name}: {} before, {} now",
                clipped(old),
                clipped(new)
            ));
        }
    }
    let gone = |was: &InterruptEntry| now.interrupts.iter().all(|i| i.name != was.name);
    remarks.extend(
        before
            .interrupts
            .iter()
            .filter(|i| gone(i))
            .map(|i| format!("no longer taken: {path}: {}", i.name)),
    );
    remarks
}

/// Ranges as far as a line holds them.
fn clipped(ranges: &str) -> String {
    let mut parts = ranges.split(", ");
    let mut text: Vec<String> = parts
        .by_ref()
        .take(SHOWN_RANGES)
        .map(|r| format!("#{r}"))
        .collect();
    if parts.next().is_some() {
        text.push("…".to_owned());
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::compare::changes;
    use super::super::compare::tests::{NO_TOLERANCE, entry};
    use super::*;

    #[test]
    fn as_many_lost_but_others_is_remarked_and_no_change() {
        let (before, mut now) = (entry(), entry());
        assert_eq!(remarks(&before, &now), Vec::<String>::new());
        now.wires[0].lost_units = Some("8-10".to_owned());
        assert_eq!(changes(&before, &now, NO_TOLERANCE), []);
        let others = "as many lost, but others: s.toml: midi: #7-9 before, #8-10 now";
        assert_eq!(remarks(&before, &now), [others]);
        // One more is a change; then which they are says nothing more.
        now.wires[0].lost = 4;
        assert_eq!(remarks(&before, &now), Vec::<String>::new());
        assert_eq!(clipped("1, 3, 5, 7, 9"), "#1, #3, #5, #7, …");
    }

    #[test]
    fn what_is_gone_is_remarked() {
        let (before, mut now) = (entry(), entry());
        now.wires[0].sent = 10;
        now.interrupts.clear();
        let said = remarks(&before, &now);
        assert_eq!(
            said,
            [
                "not the same stream: s.toml: midi: 640 sent before, 10 now",
                "no longer taken: s.toml: USART1"
            ]
        );
        now.wires.clear();
        assert_eq!(
            remarks(&before, &now)[0],
            "no longer there: s.toml: wire midi"
        );
    }
}
