//! A counterexample as a scenario file.

use std::path::{Component, Path, PathBuf};

use crate::scenario::{Located, ScenarioFile};
use crate::vary::Variation;

/// The file as TOML for `target`: what it names is named from there.
#[must_use]
pub fn to_toml(variation: &Variation, file: &ScenarioFile, target: &Path) -> String {
    let mut file = file.clone();
    let base = variation.scenario().base();
    let from = target.parent().unwrap_or(Path::new(""));
    let rename = |path: &mut Located<String>| {
        path.value = relative(from, &base.join(&path.value));
    };
    if let Some(firmware) = &mut file.firmware {
        rename(&mut firmware.elf);
    }
    if let Some(chip) = &mut file.chip
        && chip.contains(['.', '/'])
    {
        rename(chip);
    }
    file.chip_file.iter_mut().for_each(rename);
    for wire in &mut file.wire {
        let traffic = &mut wire.traffic.value;
        traffic
            .file
            .iter_mut()
            .chain(&mut traffic.candump)
            .for_each(rename);
    }
    for host in &mut file.host {
        host.image.value.file.iter_mut().for_each(rename);
    }
    let scenario = variation
        .scenario()
        .with_file(file, &variation.prepared().firmware);
    scenario.to_toml()
}

/// `to`, seen from the folder `from`.
fn relative(from: &Path, to: &Path) -> String {
    let here = if from.as_os_str().is_empty() {
        Path::new(".")
    } else {
        from
    };
    let (Ok(from), Ok(to)) = (here.canonicalize(), to.canonicalize()) else {
        return to.display().to_string();
    };
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(same).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.iter().skip(same).copied()).collect();
    path.display().to_string()
}
