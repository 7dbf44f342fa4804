//! Names of functions and variables.

use std::collections::BTreeMap;

use flashstall_cpu::Addr;
use object::{Object as _, ObjectSymbol as _};

/// What a symbol names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SymbolKind {
    /// Code.
    Function,
    /// A variable or a table.
    Data,
    /// A label without a type, such as a linker script makes.
    Label,
}

/// One symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// As it stands in the file.
    pub name: String,
    /// As its source has it, where the name is mangled (Rust, C++).
    pub demangled: Option<String>,
    /// Address; the Thumb bit of a function is cleared.
    pub address: Addr,
    /// Size in bytes, 0 where the file does not say.
    pub size: u32,
    /// What it names.
    pub kind: SymbolKind,
    /// Visible in other files, as opposed to `static`.
    pub global: bool,
    /// Gives way to another symbol of its name: the default handlers of a vector table are such.
    pub weak: bool,
}

impl Symbol {
    /// The name to show to people.
    #[must_use]
    pub fn display(&self) -> &str {
        self.demangled.as_deref().unwrap_or(&self.name)
    }
}

/// Why a name does not lead to one symbol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// Nothing bears this name.
    #[error("no symbol `{name}` in the ELF")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The most similar name that there is.
        similar: Option<String>,
    },
    /// Several `static` symbols bear it.
    #[error("{count} symbols are called `{name}`, at {first} and {second}")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// How many there are.
        count: usize,
        /// Address of one.
        first: Addr,
        /// Address of another.
        second: Addr,
    },
}

/// All symbols of a file, in order of address.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    sorted: Vec<Symbol>,
    names: BTreeMap<String, Vec<usize>>,
}

impl Symbols {
    /// Reads the symbol table; mapping symbols (`$t`, `$d`, `$a`), sections and files are left out.
    pub(super) fn read(file: &object::File<'_>) -> Self {
        let mut sorted: Vec<Symbol> = file.symbols().filter_map(|s| symbol(&s)).collect();
        // Of several names for one address the best comes first: strong before weak, global before static.
        sorted.sort_by(|a, b| {
            let key = |s: &Symbol| (s.address, s.kind, s.weak, !s.global);
            key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
        });
        let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, symbol) in sorted.iter().enumerate() {
            names.entry(symbol.name.clone()).or_default().push(i);
            if let Some(demangled) = symbol.demangled.as_ref().filter(|d| **d != symbol.name) {
                names.entry(demangled.clone()).or_default().push(i);
            }
        }
        Self { sorted, names }
    }

    /// The one symbol called `name`, mangled or not; a global one wins over `static` ones.
    ///
    /// # Errors
    /// [`SymbolError`] if there is none, or if there are several and none is global.
    pub fn find(&self, name: &str) -> Result<&Symbol, SymbolError> {
        let all: Vec<&Symbol> = self
            .names
            .get(name)
            .into_iter()
            .flatten()
            .filter_map(|i| self.sorted.get(*i))
            .collect();
        match all.as_slice() {
            [] => Err(SymbolError::Unknown {
                name: name.to_owned(),
                similar: self.similar(name),
            }),
            [one] => Ok(one),
            [first, second, ..] => {
                all.iter()
                    .find(|s| s.global)
                    .copied()
                    .ok_or_else(|| SymbolError::Ambiguous {
                        name: name.to_owned(),
                        count: all.len(),
                        first: first.address,
                        second: second.address,
                    })
            }
        }
    }

    /// The function that `addr` lies in; of several names for it a strong one.
    #[must_use]
    pub fn function_at(&self, addr: Addr) -> Option<&Symbol> {
        let candidate = self.nearest(addr, SymbolKind::Function)?;
        let reach = match candidate.size {
            // Hand-written assembly without .size: up to the next symbol.
            0 => {
                let next = self.sorted.iter().find(|s| s.address > candidate.address);
                next.map_or(u32::MAX, |next| next.address.0 - candidate.address.0)
            }
            size => size,
        };
        (addr.0 - candidate.address.0 < reach).then_some(candidate)
    }

    /// The variable or table that `addr` lies in.
    #[must_use]
    pub fn data_at(&self, addr: Addr) -> Option<&Symbol> {
        let candidate = self.nearest(addr, SymbolKind::Data)?;
        (addr.0 - candidate.address.0 < candidate.size).then_some(candidate)
    }

    /// The best symbol of `kind` at the highest address that is not above `addr`.
    fn nearest(&self, addr: Addr, kind: SymbolKind) -> Option<&Symbol> {
        let end = self.sorted.partition_point(|s| s.address <= addr);
        let below = &self.sorted[..end];
        let at = below.iter().rev().find(|s| s.kind == kind)?.address;
        let first = below.partition_point(|s| s.address < at);
        below[first..].iter().find(|s| s.kind == kind)
    }

    /// All of them, in order of address.
    pub fn iter(&self) -> impl Iterator<Item = &Symbol> {
        self.sorted.iter()
    }

    fn similar(&self, name: &str) -> Option<String> {
        crate::suggest::similar(name, self.names.keys().map(String::as_str)).map(str::to_owned)
    }
}

fn symbol(symbol: &object::Symbol<'_, '_>) -> Option<Symbol> {
    let name = symbol
        .name()
        .ok()
        .filter(|n| !n.is_empty() && !n.starts_with('$'))?;
    let kind = match symbol.kind() {
        object::SymbolKind::Text => SymbolKind::Function,
        object::SymbolKind::Data => SymbolKind::Data,
        object::SymbolKind::Unknown | object::SymbolKind::Label => SymbolKind::Label,
        _ => return None,
    };
    if symbol.is_undefined() {
        return None;
    }
    let raw = symbol.address() as u32;
    let thumb = u32::from(kind == SymbolKind::Function);
    Some(Symbol {
        name: name.to_owned(),
        demangled: demangle(name),
        address: Addr(raw & !thumb),
        size: symbol.size() as u32,
        kind,
        global: symbol.is_global(),
        weak: symbol.is_weak(),
    })
}

/// The source's spelling of a Rust or C++ symbol.
pub(super) fn demangle(name: &str) -> Option<String> {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        return Some(format!("{rust:#}"));
    }
    if name.starts_with("_Z") {
        return cpp_demangle::Symbol::new(name).ok()?.demangle().ok();
    }
    None
}
