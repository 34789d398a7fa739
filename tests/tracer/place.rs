//! What an instruction is called: function, offset, source line.

use core::ffi::c_void;
use core::ptr;

/// `function+0x1f (file:line)` of an instruction of this program, which is loaded where the processes
/// that it forks have it.
pub(crate) fn name(pc: u64) -> String {
    let address: *mut c_void = ptr::without_provenance_mut(pc as usize);
    let mut name = None;
    backtrace::resolve(address, |symbol| {
        // The first is the innermost of those that were inlined.
        name = name.take().or_else(|| {
            let offset = pc.saturating_sub(symbol.addr()? as u64);
            let function = format!("{:#}+{offset:#x}", symbol.name()?);
            let line = symbol.filename().zip(symbol.lineno());
            let line = line.map(|(file, line)| format!(" ({}:{line})", file.display()));
            Some(function + &line.unwrap_or_default())
        });
    });
    name.unwrap_or_else(|| format!("{pc:#x}"))
}
