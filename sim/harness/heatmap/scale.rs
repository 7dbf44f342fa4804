//! Which numbers get which colour: none at all is apart, the others are on seven levels.

/// Levels above zero.
pub const LEVELS: u8 = 7;

/// Numbers on levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The least number of each level, from the lowest level; the last entry is one more than the greatest number.
    edges: Vec<u64>,
}

impl Scale {
    /// For these numbers. Levels are equally wide if the greatest number is less than fifty times the least above zero; else each is so many times as
    /// wide as the one before. There are no more levels than numbers.
    #[must_use]
    pub fn new(values: impl Iterator<Item = u64> + Clone) -> Self {
        /// From this ratio on, levels of equal width would put nearly everything on the lowest.
        const WIDE: u64 = 50;
        let above = values.filter(|v| *v > 0);
        let (Some(least), Some(greatest)) = (above.clone().min(), above.max()) else {
            return Self { edges: Vec::new() };
        };
        let end = greatest.saturating_add(1);
        let mut edges = vec![least];
        if greatest / least < WIDE {
            let (span, levels) = (u128::from(end - least), u128::from(LEVELS));
            for n in 1..levels {
                let offset = (span * n).div_ceil(levels);
                edges.push(least.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX)));
            }
        } else {
            // The least factor with which seven levels reach the end.
            let reaches = |factor: &u64| {
                let power = u128::from(*factor).checked_pow(u32::from(LEVELS));
                power.is_none_or(|p| p.saturating_mul(u128::from(least)) >= u128::from(end))
            };
            let factor = (2..=u64::MAX).find(reaches).unwrap_or(u64::MAX);
            for _ in 1..LEVELS {
                let last = edges.last().copied().unwrap_or(least);
                edges.push(last.saturating_mul(factor));
            }
        }
        edges.dedup();
        edges.retain(|edge| *edge < end);
        edges.push(end);
        Self { edges }
    }

    /// The level of `value`: 0 is for none at all, [`LEVELS`] the highest. If there are fewer levels, they are spread.
    #[must_use]
    pub fn level(&self, value: u64) -> u8 {
        if value == 0 {
            return 0;
        }
        let at = self.edges.partition_point(|edge| *edge <= value);
        self.spread(at.clamp(1, self.levels().max(1)))
    }

    fn levels(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Level `at` of as many as there are, from 1, as one of [`LEVELS`].
    fn spread(&self, at: usize) -> u8 {
        let levels = self.levels();
        if levels <= 1 {
            return LEVELS.div_ceil(2);
        }
        let of = usize::from(LEVELS) - 1;
        u8::try_from(1 + (at - 1) * of / (levels - 1)).unwrap_or(LEVELS)
    }

    /// The levels that there are: number, least and greatest.
    pub fn entries(&self) -> impl Iterator<Item = (u8, u64, u64)> + '_ {
        let pairs = self.edges.windows(2).enumerate();
        pairs.filter_map(|(n, pair)| match pair {
            [from, to] => Some((self.spread(n + 1), *from, to - 1)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(values: &[u64]) -> Vec<(u8, u64, u64)> {
        Scale::new(values.iter().copied()).entries().collect()
    }

    #[test]
    fn levels_are_even_or_grow_by_a_factor() {
        assert_eq!(entries(&[0, 0]), []);
        assert_eq!(entries(&[0, 61]), [(4, 61, 61)]);
        assert_eq!(entries(&[1, 0, 3]), [(1, 1, 1), (4, 2, 2), (7, 3, 3)]);
        let even = entries(&[10, 79]);
        assert_eq!((even[0], even[6]), ((1, 10, 19), (7, 70, 79)));
        let wide = entries(&[1, 1_000]);
        assert_eq!((wide[0], wide[1]), ((1, 1, 2), (2, 3, 8)));
        assert_eq!(wide.last(), Some(&(7, 729, 1_000)));
    }

    #[test]
    fn every_number_is_on_the_level_that_its_entry_says() {
        for values in [
            &[1, 2, 500][..],
            &[7, 8, 9, 300],
            &[3, u64::MAX],
            &[5, 5, 0],
        ] {
            let scale = Scale::new(values.iter().copied());
            for (level, from, to) in scale.entries() {
                assert_eq!(
                    (scale.level(from), scale.level(to)),
                    (level, level),
                    "{values:?}"
                );
            }
            assert_eq!(scale.level(0), 0);
            let greatest = values.iter().max().unwrap();
            let last = scale.entries().last().unwrap();
            assert!(
                last.1 <= *greatest && *greatest <= last.2.max(*greatest),
                "{values:?}"
            );
        }
    }
}
