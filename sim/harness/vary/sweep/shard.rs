//! One of several parts of a grid, and who says which.

use crate::scenario::ScenarioError;

/// One of several parts of a grid: the points whose number is `index` modulo `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 0.
    pub index: u64,
    /// Of how many, at least 1.
    pub of: u64,
}

impl Shard {
    /// All points.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// How many of `points` are its.
    #[must_use]
    pub const fn count(self, points: u64) -> u64 {
        let more = points.saturating_sub(self.index);
        more.div_ceil(self.of)
    }

    /// Reads `2/8`, or `auto/8`: then the index is what the first of these that is set says.
    ///
    /// | variable | who sets it | counts from |
    /// |---|---|---|
    /// | `SLURM_ARRAY_TASK_ID` | Slurm, `sbatch --array` | `SLURM_ARRAY_TASK_MIN`, which Slurm sets too: `--array=0-7` and `--array=1-8` are the same |
    /// | `HQ_TASK_ID` | HyperQueue, `hq submit --array` | 0: write `--array 0-7` |
    /// | `JOB_COMPLETION_INDEX` | Kubernetes, an Indexed Job | 0 |
    ///
    /// # Errors
    /// [`ScenarioError`] for anything else, and for an index that is not below the number.
    pub fn parse(
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ScenarioError> {
        let wrong = |message: String| {
            ScenarioError::new(message).help("write --shard 0/8 to 7/8, or auto/8")
        };
        let number = |what: &str, text: &str| {
            text.trim()
                .parse::<u64>()
                .map_err(|_| wrong(format!("{what} `{text}` is not a number")))
        };
        let Some((index, of)) = text.split_once('/') else {
            return Err(wrong(format!("`{text}` is not a shard")));
        };
        let of = number("shard count", of)?;
        let index = if index != "auto" {
            number("shard", index)?
        } else if let Some(id) = variable("SLURM_ARRAY_TASK_ID") {
            let first = variable("SLURM_ARRAY_TASK_MIN").unwrap_or_else(|| "0".to_owned());
            let first = number("SLURM_ARRAY_TASK_MIN", &first)?;
            number("SLURM_ARRAY_TASK_ID", &id)?.wrapping_sub(first)
        } else if let Some(id) = variable("HQ_TASK_ID") {
            number("HQ_TASK_ID", &id)?
        } else if let Some(id) = variable("JOB_COMPLETION_INDEX") {
            number("JOB_COMPLETION_INDEX", &id)?
        } else {
            let message = "no SLURM_ARRAY_TASK_ID, HQ_TASK_ID or JOB_COMPLETION_INDEX is set";
            return Err(wrong(message.to_owned()));
        };
        if index >= of {
            return Err(wrong(format!("shard {index} of {of}: they count from 0")));
        }
        Ok(Self { index, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_part_the_points_without_rest() {
        for points in [0, 1, 7, 8, 9, 100] {
            let counts = (0..8).map(|index| Shard { index, of: 8 }.count(points));
            assert_eq!(counts.sum::<u64>(), points);
        }
    }

    #[test]
    fn the_index_comes_from_whoever_started_the_job() {
        let parse = |text: &str, set: &[(&str, &str)]| {
            let set: Vec<(String, String)> = set
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect();
            Shard::parse(text, |name| {
                set.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone())
            })
            .map(|s| (s.index, s.of))
            .map_err(|e| e.to_string())
        };
        assert_eq!(parse("2/8", &[]), Ok((2, 8)));
        assert_eq!(parse("auto/8", &[("HQ_TASK_ID", "0")]), Ok((0, 8)));
        assert_eq!(
            parse("auto/8", &[("JOB_COMPLETION_INDEX", "7")]),
            Ok((7, 8))
        );
        let slurm = [("SLURM_ARRAY_TASK_ID", "8"), ("SLURM_ARRAY_TASK_MIN", "1")];
        assert_eq!(parse("auto/8", &slurm), Ok((7, 8)));
        assert!(parse("auto/8", &slurm[..1]).is_err(), "8 of 8 from 0");
        for bad in ["8/8", "0/0", "x/2", "3", "auto/3", "-1/4"] {
            assert!(parse(bad, &[]).is_err(), "{bad}");
        }
    }
}
