//! The engines by name. The only file that knows of the second one.

use flashstall_cpu::Addr;
use flashstall_mcu::{Engine, NativeEngine};

/// Which engine executes instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Our own core: the default.
    #[default]
    Native,
    /// Unicorn (QEMU): the second opinion. Needs the cargo feature `unicorn`.
    Unicorn,
}

/// The engine is not in this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the unicorn engine is not in this build: build with `cargo build --release --features unicorn` (needs cmake and libclang)"
)]
pub struct EngineError;

/// A new engine.
///
/// # Errors
/// [`EngineError`] for an engine that was not built in.
pub fn engine(kind: EngineKind) -> Result<Box<dyn Engine>, EngineError> {
    match kind {
        EngineKind::Native => Ok(Box::new(NativeEngine)),
        #[cfg(feature = "unicorn")]
        EngineKind::Unicorn => Ok(Box::new(flashstall_unicorn::UnicornEngine::new())),
        #[cfg(not(feature = "unicorn"))]
        EngineKind::Unicorn => Err(EngineError),
    }
}

/// How many instructions were compared, and the first difference: its description and the address of the instruction.
pub(crate) type Compared = (u64, Option<(String, Addr)>);

/// Lets `run` run something with both engines at once, and compares at most `most` instructions. What `run` returns as an
/// error is passed on.
///
/// # Errors
/// [`EngineError`] if the second engine was not built in; `run` is not called then.
#[cfg(feature = "unicorn")]
pub(crate) fn lockstep<E>(
    most: u64,
    run: impl FnOnce(&mut dyn Engine) -> Result<(), E>,
) -> Result<Result<Compared, E>, EngineError> {
    let mut engine = flashstall_unicorn::lockstep::LockstepEngine::new(most);
    if let Err(error) = run(&mut engine) {
        return Ok(Err(error));
    }
    let difference = engine.difference().map(|d| (d.to_string(), Addr(d.pc)));
    Ok(Ok((engine.compared(), difference)))
}

/// As with the feature: but there is no second engine.
///
/// # Errors
/// Always [`EngineError`].
#[cfg(not(feature = "unicorn"))]
pub(crate) fn lockstep<E>(
    _most: u64,
    _run: impl FnOnce(&mut dyn Engine) -> Result<(), E>,
) -> Result<Result<Compared, E>, EngineError> {
    Err(EngineError)
}
