//! Chip files that say only how a part differs from a built-in one.
//!
//! `extends = "stm32f103xe"` takes everything from there. Tables are merged key by key; lists whose entries have names (memories,
//! peripherals, blocks without a model) entry by entry, by name; what stands alone replaces. `without` lists entries that the part lacks.

use toml::{Table, Value};

use super::check::{ChipError, span_of};
use super::{Chip, builtin};

/// Key: the part that is extended.
const EXTENDS: &str = "extends";
/// Key: names of what it has and this part has not.
const WITHOUT: &str = "without";
/// Lists that `without` takes from.
const LISTS: [&str; 3] = ["memory", "peripheral", "unmodelled"];

/// The chip that `text` describes, if it extends another; `None` if it stands by itself.
pub(super) fn read(text: &str) -> Result<Option<Chip>, ChipError> {
    // What is wrong with the text as TOML is told by whoever reads it next.
    let Ok(mut own) = text.parse::<Table>() else {
        return Ok(None);
    };
    let Some(extends) = own.remove(EXTENDS) else {
        return Ok(None);
    };
    let fail = |about: &str, message: String| ChipError {
        span: span_of(text, about),
        message,
    };
    let base = extends.as_str().and_then(builtin::text);
    let Some(Ok(mut whole)) = base.map(str::parse::<Table>) else {
        let names: Vec<&str> = Chip::names().collect();
        let message = format!(
            "{extends} is no built-in chip to extend; there are {}",
            names.join(", ")
        );
        return Err(fail(EXTENDS, message));
    };
    for name in without(&mut own).map_err(|message| fail(WITHOUT, message))? {
        remove(&mut whole, &name).map_err(|message| fail(&name, message))?;
    }
    merge("the file", &mut whole, own).map_err(|(about, message)| fail(&about, message))?;
    let chip = whole.try_into::<Chip>().map_err(|e| {
        let message = e.message().trim_end().to_owned();
        // Values have no places any more; the name in the message mostly has one.
        let about = message.split('`').nth(1).unwrap_or(EXTENDS).to_owned();
        fail(&about, message)
    })?;
    Ok(Some(chip))
}

fn without(own: &mut Table) -> Result<Vec<String>, String> {
    let Some(list) = own.remove(WITHOUT) else {
        return Ok(Vec::new());
    };
    let names = list.as_array().into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(|n| n.as_str().map(str::to_owned))
        .collect();
    if list.as_array().is_some_and(|all| all.len() == names.len()) {
        Ok(names)
    } else {
        Err("`without` is a list of names".to_owned())
    }
}

fn name_of(entry: &Value) -> Option<&str> {
    entry.get("name")?.as_str()
}

fn remove(whole: &mut Table, name: &str) -> Result<(), String> {
    let mut found = false;
    for list in LISTS {
        if let Some(Value::Array(entries)) = whole.get_mut(list) {
            let before = entries.len();
            entries.retain(|entry| name_of(entry) != Some(name));
            found |= entries.len() < before;
        }
    }
    if found {
        Ok(())
    } else {
        Err(format!(
            "the extended part has no memory or block `{name}` to be without"
        ))
    }
}

/// Puts `over` over `base`. An error names the word to point at.
fn merge(what: &str, base: &mut Table, over: Table) -> Result<(), (String, String)> {
    if base.contains_key("source")
        && !(over.contains_key("source") && over.contains_key("confidence"))
    {
        let message = format!(
            "{what} changes figures that have a source: give `source` and `confidence` of the new ones"
        );
        return Err((what.to_owned(), message));
    }
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(&key, old, new)?,
            (Some(Value::Array(old)), Value::Array(new)) if LISTS.contains(&key.as_str()) => {
                merge_lists(old, new)?;
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
    Ok(())
}

fn merge_lists(old: &mut Vec<Value>, new: Vec<Value>) -> Result<(), (String, String)> {
    for entry in new {
        let name = name_of(&entry).map(str::to_owned);
        let known = old
            .iter_mut()
            .find(|e| name.is_some() && name_of(e) == name.as_deref());
        match (known, entry) {
            (Some(Value::Table(known)), Value::Table(entry)) => {
                merge(&name.unwrap_or_default(), known, entry)?;
            }
            (_, entry) => old.push(entry),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
name = "small"
description = "half the flash, no CCM"
extends = "stm32f303xc"
without = ["CCM"]

[[memory]]
name = "FLASH"
size = 0x20000
source = "made up"
confidence = "M"

[flash]
size = 0x20000
source = "made up"
confidence = "M"
"#;

    #[test]
    fn what_is_not_said_is_as_in_the_extended_part() {
        let (small, base) = (
            Chip::from_toml(SMALL).unwrap(),
            Chip::builtin("stm32f303xc").unwrap(),
        );
        assert_eq!((small.name.as_str(), small.flash.size), ("small", 0x2_0000));
        assert_eq!(small.memory("FLASH").map(|m| m.size), Some(0x2_0000));
        assert!(small.memory("CCM").is_none() && base.memory("CCM").is_some());
        assert_eq!(small.peripherals.len(), base.peripherals.len());
        let erase = |c: &Chip| c.flash.timing.page_erase.as_ref().map(|t| t.max);
        assert_eq!(erase(&small), erase(&base));
    }

    #[test]
    fn an_entry_with_a_new_name_is_added() {
        let more =
            format!("{SMALL}\n[[unmodelled]]\nname = \"XTRA\"\nbase = 0x50001000\nsize = 0x400\n");
        let chip = Chip::from_toml(&more).unwrap();
        assert!(chip.unmodelled.iter().any(|b| b.name == "XTRA"));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let complaint = |from: &str, to: &str| {
            assert!(SMALL.contains(from), "{from}");
            let text = SMALL.replacen(from, to, 1);
            let error = Chip::from_toml(&text).unwrap_err();
            let place = error.span.map(|span| text[span].to_owned());
            (place.unwrap_or_default(), error.message)
        };
        let (place, message) = complaint("stm32f303xc", "stm32f303xz");
        assert_eq!(place, "extends");
        assert!(message.contains("stm32f303xc"), "{message}");
        let (place, message) = complaint("[\"CCM\"]", "[\"CMM\"]");
        assert_eq!(place, "CMM");
        assert!(message.contains("to be without"), "{message}");
        let (place, message) = complaint(
            "[flash]\nsize = 0x20000\nsource = \"made up\"",
            "[flash]\nsize = 0x20000",
        );
        assert_eq!(place, "flash");
        assert!(message.contains("give `source`"), "{message}");
        let (place, message) = complaint("[flash]", "[flash]\npgae = 2048");
        assert_eq!(place, "pgae");
        assert!(message.contains("unknown field"), "{message}");
        let (_, message) = complaint("[flash]\nsize = 0x20000", "[flash]\nsize = 0x30000");
        assert!(message.contains("differs from [flash]"), "{message}");
    }
}
