//! Bursts: units that follow each other, then a pause; and commands, which are bursts of a length of their own.

use flashstall_mcu::Picos;

use super::Located;
use super::diagnostic::ScenarioError;
use super::file::TrafficTable;
use super::traffic;

/// No more commands than this on one wire.
const MAX_COMMANDS: usize = 1 << 16;

/// Refuses bursts that mean nothing.
pub(super) fn check(table: &Located<TrafficTable>) -> Result<(), ScenarioError> {
    let t = &table.value;
    match (&t.burst, &t.pause) {
        (Some(burst), _) if t.commands.is_some() => Err(ScenarioError::at(
            burst,
            "`burst` does not go with `commands`: each of them is a burst",
        )),
        (Some(burst), _) if burst.value == 0 => {
            Err(ScenarioError::at(burst, "a burst has at least one unit"))
        }
        (Some(burst), None) => {
            let message = "`burst` needs a `pause`: the idle time after each burst";
            Err(ScenarioError::at(burst, message))
        }
        (None, Some(pause)) if t.commands.is_none() => {
            let message = "`pause` needs a `burst`: after how many units it comes";
            Err(ScenarioError::at(pause, message).help("idle time after every unit is `gap`"))
        }
        _ => Ok(()),
    }
}

/// The bytes of each of `commands`; none if there are no commands.
pub(super) fn commands(t: &TrafficTable) -> Result<Vec<Vec<u8>>, ScenarioError> {
    let Some(list) = &t.commands else {
        return Ok(Vec::new());
    };
    if list.value.len() > MAX_COMMANDS {
        let message = format!(
            "{} commands are too many, a wire sends at most {MAX_COMMANDS}",
            list.value.len()
        );
        return Err(ScenarioError::at(list, message));
    }
    let one = |(n, hex): (usize, &String)| {
        match traffic::digits(hex) {
            Ok(bytes) if bytes.is_empty() => Err("it is empty".to_owned()),
            other => other,
        }
        .map_err(|why| ScenarioError::at(list, format!("command {n}: {why}")))
    };
    list.value.iter().enumerate().map(one).collect()
}

/// Says after which units a pause comes.
pub(super) struct Bursts {
    /// Lengths of the bursts, in turn.
    lengths: Vec<usize>,
    pause: Picos,
    /// Which of them is going out, and how much of it is out.
    burst: usize,
    out: usize,
}

impl Bursts {
    /// Of a table that was checked.
    pub(super) fn of(t: &TrafficTable) -> Self {
        let lengths = match (&t.burst, commands(t)) {
            (Some(burst), _) => vec![burst.value as usize],
            (None, Ok(commands)) => commands.iter().map(Vec::len).collect(),
            (None, Err(_)) => Vec::new(),
        };
        Self {
            lengths,
            pause: t.pause.as_ref().map_or(Picos::ZERO, |p| p.value.0),
            burst: 0,
            out: 0,
        }
    }

    /// Idle time after the next unit.
    pub(super) fn after_unit(&mut self) -> Picos {
        let Some(length) = self.lengths.get(self.burst) else {
            return Picos::ZERO;
        };
        self.out += 1;
        if self.out < *length {
            return Picos::ZERO;
        }
        (self.out, self.burst) = (0, (self.burst + 1) % self.lengths.len());
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(change: impl FnOnce(&mut TrafficTable)) -> TrafficTable {
        let mut t = TrafficTable {
            pause: Some(super::super::Time(Picos(7)).into()),
            ..Default::default()
        };
        change(&mut t);
        t
    }

    #[test]
    fn a_pause_comes_after_each_burst_and_after_each_command() {
        let pauses = |t: &TrafficTable| {
            let mut bursts = Bursts::of(t);
            (0..7).map(|_| bursts.after_unit().0).collect::<Vec<u64>>()
        };
        let bursts = table(|t| t.burst = Some(3.into()));
        assert_eq!(pauses(&bursts), [0, 0, 7, 0, 0, 7, 0]);
        let pieces = vec!["01 02".to_owned(), "03".to_owned(), "04 05 06".to_owned()];
        let commands = table(|t| t.commands = Some(pieces.into()));
        assert_eq!(pauses(&commands), [0, 7, 7, 0, 0, 7, 0]);
        assert_eq!(pauses(&TrafficTable::default()), [0; 7]);
    }

    #[test]
    fn bursts_that_mean_nothing_are_refused() {
        let complaint = |t: TrafficTable| check(&t.into()).unwrap_err().message;
        assert!(complaint(table(|_| {})).contains("`pause` needs a `burst`"));
        assert!(complaint(table(|t| t.burst = Some(0.into()))).contains("at least one"));
        let alone = table(|t| (t.burst, t.pause) = (Some(2.into()), None));
        assert!(complaint(alone).contains("`burst` needs a `pause`"));
        let both = table(|t| {
            t.burst = Some(2.into());
            t.commands = Some(vec!["00".to_owned()].into());
        });
        assert!(complaint(both).contains("does not go with `commands`"));
        let odd = table(|t| t.commands = Some(vec!["00".to_owned(), "123".to_owned()].into()));
        assert!(
            commands(&odd)
                .unwrap_err()
                .message
                .contains("command 1: 3 hex digits")
        );
    }
}
