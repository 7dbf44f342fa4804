//! DWARF: which source line, in which (perhaps inlined) function, an address comes from.

use std::sync::{Arc, Mutex};

use flashstall_cpu::Addr;
use gimli::{EndianArcSlice, RunTimeEndian};
use object::{Object as _, ObjectSection as _};

use super::symbols::demangle;

type Reader = EndianArcSlice<RunTimeEndian>;

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLocation {
    /// File as the debug information names it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

impl SourceLocation {
    /// The file without its folders, and the line: `flash.c:112`.
    #[must_use]
    pub fn short(&self) -> String {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        format!("{name}:{}", self.line)
    }
}

/// One function that an address belongs to; inlined functions make several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFrame {
    /// Name, if known.
    pub function: Option<String>,
    /// Place, if known.
    pub location: Option<SourceLocation>,
}

/// The line table of a file. Look-ups parse on demand and are cached, hence the lock.
pub(super) struct Lines {
    context: Mutex<addr2line::Context<Reader>>,
}

impl Lines {
    /// Reads the DWARF sections; `None` if there are none or they make no sense.
    pub(super) fn read(file: &object::File<'_>) -> Option<Self> {
        file.section_by_name(".debug_info")?;
        let load = |id: gimli::SectionId| -> Result<Reader, gimli::Error> {
            let data = file
                .section_by_name(id.name())
                .and_then(|s| s.data().ok())
                .unwrap_or_default();
            Ok(Reader::new(Arc::from(data), RunTimeEndian::Little))
        };
        let dwarf = gimli::Dwarf::load(load).ok()?;
        let context = addr2line::Context::from_dwarf(dwarf).ok()?;
        Some(Self {
            context: Mutex::new(context),
        })
    }

    /// Functions at `addr`, the innermost inlined one first.
    pub(super) fn frames(&self, addr: Addr) -> Vec<LineFrame> {
        // A poisoned lock would mean that a look-up panicked; its cache is still readable.
        let context = self
            .context
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut found = Vec::new();
        let Ok(mut frames) = context.find_frames(u64::from(addr.0)).skip_all_loads() else {
            return found;
        };
        while let Ok(Some(frame)) = frames.next() {
            let function = frame
                .function
                .as_ref()
                .and_then(|f| f.raw_name().ok())
                .map(|raw| demangle(&raw).unwrap_or_else(|| raw.into_owned()));
            let location = frame.location.and_then(|l| {
                Some(SourceLocation {
                    file: l.file?.to_owned(),
                    line: l.line.filter(|n| *n > 0)?,
                })
            });
            found.push(LineFrame { function, location });
        }
        found
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}
