//! GitHub workflow commands: `::error file=…,line=…,title=…::…` on standard output becomes an annotation of that line.
//!
//! Escaping as the runner's toolkit does it: `%`, CR and LF everywhere; `:` and `,` in properties too.

use super::{Gate, Level};

/// One command for each error and warning; notes are no annotations, since GitHub shows only ten of a kind.
#[must_use]
pub fn write(gate: &Gate) -> String {
    let mut text = String::new();
    for outcome in &gate.outcomes {
        for problem in &outcome.problems {
            let command = match problem.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => continue,
            };
            let title = format!("{}: {}", outcome.report.scenario, problem.rule);
            text.push_str(&format!(
                "::{command} file={},line={},title={}::{}\n",
                property(&problem.location.path),
                problem.location.line,
                property(&title),
                data(&format!(
                    "{}\nreproduce: {}",
                    problem.message,
                    outcome.reproduce()
                )),
            ));
        }
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_end_its_command_or_begin_another() {
        assert_eq!(data("5 %\r\n::error::x"), "5 %25%0D%0A::error::x");
        assert_eq!(property("a:b,c=d\n"), "a%3Ab%2Cc=d%0A");
    }
}
