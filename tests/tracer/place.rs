//! What an instruction is called: function, offset, source line.

use addr2line::Loader;
use std::env;
use std::fs;

/// `function+0x1f (file:line)` of an instruction of this program.
pub(crate) fn name(pc: u64) -> String {
    let known = base().and_then(|base| symbol(pc.checked_sub(base)?));
    known.unwrap_or_else(|| format!("{pc:#x}"))
}

fn symbol(probe: u64) -> Option<String> {
    let loader = Loader::new(env::current_exe().ok()?).ok()?;
    let function = match loader.find_symbol_info(probe) {
        Some(symbol) => {
            let name = addr2line::demangle_auto(symbol.name().into(), None);
            format!("{name}+{:#x}", probe - symbol.address())
        }
        None => format!("{probe:#x}"),
    };
    let location = loader.find_location(probe).ok().flatten();
    let line = location.and_then(|at| Some(format!("{function} ({}:{})", at.file?, at.line?)));
    Some(line.unwrap_or(function))
}

/// Where the program is loaded: what is told by addresses in its file is so far away in memory.
fn base() -> Option<u64> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let exe = env::current_exe().ok()?;
    let line = maps.lines().find(|line| line.ends_with(&*exe.to_string_lossy()))?;
    u64::from_str_radix(line.split('-').next()?, 16).ok()
}
