//! The first line of a table, read back.

use super::{Format, SCHEMA, Shard};

/// Of the first line: itself as that of a whole sweep, the number of points, the shard.
pub(super) fn head(line: &str, format: Format) -> Option<(String, u64, Shard)> {
    let number = |key: &str, end: &[char]| {
        let rest = line.split_once(key)?.1;
        rest.split(end).next()?.parse::<u64>().ok()
    };
    let (index, of, points, whole) = match format {
        Format::Csv => {
            let (before, shard) = line
                .strip_prefix("# flashstall-sweep/1 ")?
                .split_once(" shard=")?;
            let (index, of) = shard.split_once('/')?;
            let points = number("points=", &[' '])?;
            let whole = format!("# {SCHEMA} {before} shard=0/1");
            (index.parse().ok()?, of.parse().ok()?, points, whole)
        }
        Format::JsonLines => {
            let (before, shard) = line.split_once(",\"shard\":[")?;
            let (index, of) = shard.strip_suffix("]}")?.split_once(',')?;
            let points = number("\"points\":", &[',', '}'])?;
            before
                .starts_with("{\"schema\":\"flashstall-sweep/1\"")
                .then_some(())?;
            let whole = format!("{before},\"shard\":[0,1]}}");
            (index.parse().ok()?, of.parse().ok()?, points, whole)
        }
    };
    (of > 0 && index < of).then_some((whole, points, Shard { index, of }))
}
