//! "Did you mean": the nearest name to one that does not exist.

/// The candidate nearest to `word`, if it is near enough to be a slip: at most a third of its letters differ.
#[must_use]
pub fn similar<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, candidates).into_iter().next()
}

/// The question to ask about a slip: all candidates that are equally near, the first few of many.
#[must_use]
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    /// More than a reader takes in at a glance.
    const MOST: usize = 4;
    let near: Vec<String> = nearest(word, candidates)
        .into_iter()
        .take(MOST)
        .map(|c| format!("`{c}`"))
        .collect();
    match near.as_slice() {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        [most @ .., last] => Some(format!("did you mean {} or {last}?", most.join(", "))),
    }
}

/// The candidates at the smallest distance, in order of their names.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|c| (distance(&word.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(d, _)| *d <= limit)
        .collect();
    near.sort_unstable();
    near.dedup();
    let smallest = near.first().map(|(d, _)| *d);
    near.into_iter()
        .filter(|(d, _)| Some(*d) == smallest)
        .map(|(_, c)| c)
        .collect()
}

/// Edit distance where a swap of neighbours counts once (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > a.len() {
        return usize::MAX;
    }
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_does_not() {
        assert_eq!(
            similar("save_pacth", ["save_globals", "save_patch"]),
            Some("save_patch")
        );
        assert_eq!(similar("buad", ["baud", "port"]), Some("baud"));
        assert_eq!(similar("parsecs", ["ms", "us", "s"]), None);
    }

    #[test]
    fn all_that_are_equally_near_are_offered() {
        let parts = ["stm32f303xe", "stm32f303x8", "stm32f303xc", "stm32f429xi"];
        assert_eq!(
            did_you_mean("stm32f303xd", parts).as_deref(),
            Some("did you mean `stm32f303x8`, `stm32f303xc` or `stm32f303xe`?")
        );
        assert_eq!(
            did_you_mean("stm32f249xi", parts).as_deref(),
            Some("did you mean `stm32f429xi`?")
        );
        assert_eq!(did_you_mean("lpc1768", parts), None);
    }
}
