//! Where the files of a firmware and its scenarios lie in the repository: debug information names them as the compiler saw them.

use std::path::{Component, Path, PathBuf};

use crate::scenario::Scenario;

/// The root that paths are told relative to, and folders in which the firmware's sources are looked for.
#[derive(Clone, Debug)]
pub struct Sources {
    root: PathBuf,
    folders: Vec<PathBuf>,
}

impl Sources {
    /// `root` is the repository's root, absolute; `folders` are looked through first.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, folders: Vec<PathBuf>) -> Self {
        let root = root.into();
        let folders = folders.into_iter().map(|f| root.join(f)).collect();
        Self { root, folders }
    }

    /// A scenario's path for people and tools.
    #[must_use]
    pub fn scenario(&self, scenario: &Scenario) -> String {
        scenario
            .path()
            .map_or_else(|| scenario.name().to_owned(), |path| self.shown(path))
    }

    /// `path` relative to the root where it lies below it, with `/`.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        let whole = flat(&self.root.join(path));
        let shown = whole.strip_prefix(flat(&self.root)).unwrap_or(&whole);
        shown.to_string_lossy().replace('\\', "/")
    }

    /// The file that debug information of `elf` calls `name`, relative to the root; `None` if it is not there. Compilers
    /// name files as they were called, so the longest end of the name that exists counts: below a folder that was given,
    /// below the root, or below a folder that `elf` is in.
    #[must_use]
    pub fn firmware(&self, elf: &Path, name: &str) -> Option<String> {
        let name = name.replace('\\', "/");
        let parts: Vec<&str> = name
            .split('/')
            .filter(|p| !matches!(*p, "" | "." | ".."))
            .collect();
        let elf = flat(&self.root.join(elf));
        let root = flat(&self.root);
        let around = elf.ancestors().skip(1).filter(|a| a.starts_with(&root));
        let bases: Vec<PathBuf> = self
            .folders
            .iter()
            .cloned()
            .chain([root.clone()])
            .chain(around.map(Path::to_owned))
            .collect();
        (0..parts.len()).find_map(|from| {
            let end: PathBuf = parts[from..].iter().collect();
            let found = bases.iter().map(|b| b.join(&end)).find(|p| p.is_file())?;
            Some(self.shown(&found))
        })
    }
}

/// Without `.` and `..`, by name alone: a link in between is not followed.
fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if flat.file_name().is_some() => {
                flat.pop();
            }
            part => flat.push(part),
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_as_the_repository_has_them() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let elf = Path::new("firmware-under-test/hawk-midi/elf/before.elf");
        let here = Some("firmware-under-test/hawk-midi/flash.c".to_owned());
        let sources = Sources::new(root, vec![]);
        for name in [
            "hawk-midi/flash.c",
            "flash.c",
            "/build/x/firmware-under-test/hawk-midi/flash.c",
            r"C:\work\hawk-midi\flash.c",
            "../hawk-midi/./flash.c",
        ] {
            assert_eq!(sources.firmware(elf, name), here, "{name}");
        }
        assert_eq!(sources.firmware(elf, "crt0.S"), None);
        // Another ELF's folder does not lead there, a folder that is given does.
        let other = Path::new("target/x.elf");
        assert_eq!(sources.firmware(other, "flash.c"), None);
        let told = Sources::new(root, vec!["firmware-under-test/hawk-midi".into()]);
        assert_eq!(told.firmware(other, "flash.c"), here);
    }

    #[test]
    fn paths_are_relative_to_the_root() {
        let sources = Sources::new("/repo", vec![]);
        assert_eq!(sources.shown(Path::new("a/../b/./c.toml")), "b/c.toml");
        assert_eq!(sources.shown(Path::new("/repo/b/c.toml")), "b/c.toml");
        assert_eq!(sources.shown(Path::new("/other/c.toml")), "/other/c.toml");
        assert_eq!(sources.shown(Path::new("../c.toml")), "/c.toml");
    }
}
