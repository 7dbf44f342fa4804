//! Which two axes and which column a map shows.

use super::column::Quantity;
use crate::scenario::ScenarioError;
use crate::vary::COLUMNS;

/// Most values along one side: more cells than that are no picture.
pub const MAX_SIDE: u64 = 256;

/// What is asked for; what is not given is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapChoice {
    /// Axis to the right. Else the first with more than one value.
    pub x: Option<String>,
    /// Axis upwards. Else the next one.
    pub y: Option<String>,
    /// Column. Else `lost`.
    pub of: Option<String>,
}

/// What a map shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Number of the axis to the right.
    pub x: usize,
    /// Number of the axis upwards.
    pub y: usize,
    /// The column.
    pub of: Quantity,
}

impl MapChoice {
    /// Finds axes and column among `axes`: names, and how many values each has.
    ///
    /// # Errors
    /// [`ScenarioError`] for an axis or a column that is not there, for a column of words, for fewer than two axes, and for more than
    /// [`MAX_SIDE`] values along one of them.
    pub fn resolve(&self, axes: &[(&str, u64)]) -> Result<Chosen, ScenarioError> {
        let of = quantity(self.of.as_deref().unwrap_or("lost"))?;
        let x = named(self.x.as_deref(), "--map-x", axes)?;
        let y = named(self.y.as_deref(), "--map-y", axes)?;
        if let (Some(x), true) = (&self.x, x.is_some() && x == y) {
            let message = format!("`{x}` cannot be both sides of a map");
            return Err(ScenarioError::new(message));
        }
        let mut free = (0..axes.len()).filter(|n| {
            let several = axes.get(*n).is_some_and(|(_, count)| *count > 1);
            several && Some(*n) != x && Some(*n) != y
        });
        let both = x.or_else(|| free.next()).zip(y.or_else(|| free.next()));
        let Some((x, y)) = both else {
            return Err(too_few(axes));
        };
        for n in [x, y] {
            if let Some((name, count)) = axes.get(n)
                && *count > MAX_SIDE
            {
                let message = format!(
                    "`{name}` has {count} values: a map has at most {MAX_SIDE} along a side"
                );
                return Err(ScenarioError::new(message)
                    .help("give fewer values, or choose axes with --map-x and --map-y"));
            }
        }
        Ok(Chosen { x, y, of })
    }
}

fn named(
    name: Option<&str>,
    option: &str,
    axes: &[(&str, u64)],
) -> Result<Option<usize>, ScenarioError> {
    let Some(name) = name else { return Ok(None) };
    let found = axes.iter().position(|(axis, _)| *axis == name);
    match found {
        Some(n) => Ok(Some(n)),
        None => {
            let message = format!("{option}: there is no axis `{name}`");
            let names = axes.iter().map(|(axis, _)| *axis);
            Err(ScenarioError::new(message).suggest(name, names))
        }
    }
}

fn quantity(name: &str) -> Result<Quantity, ScenarioError> {
    if let Some(found) = Quantity::of(name) {
        return Ok(found);
    }
    let message = if COLUMNS.contains(&name) {
        format!("--map-of: `{name}` is a column of words, and a map needs numbers")
    } else {
        format!("--map-of: there is no column `{name}`")
    };
    Err(ScenarioError::new(message).suggest(name, Quantity::all().map(|q| q.column)))
}

fn too_few(axes: &[(&str, u64)]) -> ScenarioError {
    let several: Vec<String> = axes
        .iter()
        .filter(|(_, count)| *count > 1)
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let there = match several.as_slice() {
        [] => "none has".to_owned(),
        names => format!("only {} has", names.join(", ")),
    };
    ScenarioError::new(format!(
        "a map needs two axes with more than one value: {there}"
    ))
    .help("sweep over another one, for example --grid erase=20ms..40ms/5")
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXES: [(&str, u64); 4] = [("seed", 1), ("baud", 3), ("erase", 2), ("phase", 64)];

    fn choose(x: Option<&str>, y: Option<&str>) -> Result<(usize, usize), String> {
        let choice = MapChoice {
            x: x.map(str::to_owned),
            y: y.map(str::to_owned),
            of: None,
        };
        let found = choice.resolve(&AXES).map_err(|e| e.message)?;
        Ok((found.x, found.y))
    }

    #[test]
    fn the_first_two_axes_with_several_values_are_chosen() {
        assert_eq!(choose(None, None), Ok((1, 2)));
        assert_eq!(choose(Some("erase"), None), Ok((2, 1)));
        assert_eq!(choose(None, Some("baud")), Ok((2, 1)));
        assert_eq!(choose(Some("phase"), Some("seed")), Ok((3, 0)));
        assert_eq!(
            choose(Some("phase"), Some("phase")),
            Err("`phase` cannot be both sides of a map".to_owned())
        );
        assert_eq!(
            choose(None, Some("bauds")),
            Err("--map-y: there is no axis `bauds`".to_owned())
        );
    }

    #[test]
    fn too_many_and_too_few_are_refused() {
        let refused = |axes: &[(&str, u64)]| {
            let error = MapChoice::default().resolve(axes).unwrap_err();
            error.message
        };
        assert_eq!(
            refused(&[("baud", 2), ("erase", 1)]),
            "a map needs two axes with more than one value: only `baud` has"
        );
        assert_eq!(
            refused(&[]),
            "a map needs two axes with more than one value: none has"
        );
        assert_eq!(
            refused(&[("baud", 257), ("erase", 2)]),
            "`baud` has 257 values: a map has at most 256 along a side"
        );
    }
}
