//! Stands for the host-side part of a firmware repository: protocol code, tools, whatever is tested on the host anyway. Timing tests
//! need nothing of it; see `tests/`.
