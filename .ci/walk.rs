//! Walks over the machine code that can run in signal context, from the entries of the handler along
//! every reference to a function, and lists each function that it comes to. One that the header of
//! `src/delivery/handler.rs` does not name, in backquotes or as a man page, is an error, and so is a call
//! through a pointer in one that it does not name for that.
//!
//! ```text
//! walk src/delivery/handler.rs OBJECT…
//! ```

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, thread};

/// What a header names.
#[derive(Default)]
struct Named {
    functions: HashSet<String>,
    /// Those that may call through a pointer.
    pointers: HashSet<String>,
}

/// A function in the machine code.
#[derive(Default)]
struct Function {
    refers: Vec<String>,
    calls_through_a_pointer: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let source = arguments.next().ok_or("usage: walk HANDLER.RS OBJECT…")?;
    let named = Named::in_header(&fs::read_to_string(source)?);
    let code = functions(&disassembly(arguments)?);

    let mut found: Vec<&str> =
        code.keys().map(String::as_str).filter(|name| is_entry(name)).collect();
    if found.len() < 6 {
        return Err(format!("the entries of the handler are not there: {found:?}").into());
    }
    found.sort_unstable();
    let mut seen: HashSet<&str> = found.iter().copied().collect();
    let (mut next, mut wrong) = (0, 0);
    while let Some(&name) = found.get(next) {
        next += 1;
        let function = code.get(name);
        let complaints = named.complaints(name, function);
        wrong += usize::from(!complaints.is_empty());
        println!("  {name}{complaints}");
        let refers = function.map(|function| function.refers.as_slice()).unwrap_or_default();
        // Not what is data.
        found
            .extend(refers.iter().map(String::as_str).filter(|to| !is_data(to) && seen.insert(to)));
    }
    println!("{} functions in signal context, {wrong} that handler.rs does not know", found.len());
    Ok(ExitCode::from(u8::from(wrong != 0)))
}

/// What the handler is entered by: from the kernel, and through the pointers that it has.
fn is_entry(name: &str) -> bool {
    let short = short(name);
    ["InfoQueue::deliver", "Hook::deliver", "Shutdown::deliver"].contains(&short.as_str())
        || ["Wake::write_byte", "Wake::wake_event"].contains(&short.as_str())
        || name.ends_with("handler::on_signal")
}

/// Statics, and constants without a name.
fn is_data(name: &str) -> bool {
    let last = name.rsplit("::").next().unwrap_or(name);
    name.starts_with('.')
        || name.contains("::") && last.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

impl Named {
    /// `Type::method`, `module::function`, `memcpy` in backquotes; call(2).
    fn in_header(source: &str) -> Self {
        let lines = source.lines().filter_map(|line| line.strip_prefix("//! ")).map(str::trim);
        let header = lines.collect::<Vec<_>>().join(" ");
        let mut named = Self::default();
        let parts: Vec<&str> = header.split('`').collect();
        for pair in
            parts.chunks(2).map_while(|pair| pair.get(1)).zip(parts.iter().skip(2).step_by(2))
        {
            let (name, behind) = pair;
            named.functions.insert((*name).to_owned());
            if behind.starts_with(", which calls through") {
                named.pointers.insert((*name).to_owned());
            }
        }
        for before in header.split("(2)") {
            let is_of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let name = before.rsplit(|c| !is_of_a_name(c)).next().unwrap_or_default();
            named.functions.insert(name.to_owned());
        }
        named
    }

    fn complaints(&self, name: &str, function: Option<&Function>) -> String {
        let short = short(name);
        // The wrapper of a system call is known by its man page.
        let is_wrapper = name.contains("sys::calls::") || name.contains("sys::arch::");
        let last = short.rsplit("::").next().unwrap_or_default();
        let mut complaints = String::new();
        if !self.functions.contains(&short) && !(is_wrapper && self.functions.contains(last)) {
            complaints += &format!("   <- not named as {short}");
        }
        if function.is_some_and(|it| it.calls_through_a_pointer) && !self.pointers.contains(&short)
        {
            complaints += "   <- calls through a pointer";
        }
        complaints
    }
}

/// The last two parts of a path, without what is generic, and whose method it is: of `<T as Trait>::f`
/// that is `T::f`.
fn short(name: &str) -> String {
    let name = name.replace("::{{closure}}", "");
    let inner = name.trim_start_matches(['<', '&']).trim_start_matches("mut ");
    let whose = inner.split_once(" as ").filter(|_| name.starts_with('<'));
    let path = match whose.and_then(|(of, behind)| Some((of, behind.split_once('>')?.1))) {
        Some((of, behind)) => not_generic(of) + &not_generic(behind),
        None => not_generic(inner),
    };
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [.., of, last] => format!("{of}::{last}"),
        _ => path,
    }
}

/// Without what is in angle brackets.
fn not_generic(path: &str) -> String {
    let mut depth = 0_usize;
    let outside = path.chars().filter(|c| match c {
        '<' => {
            depth += 1;
            false
        }
        '>' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    outside.collect()
}

/// What objdump says of the objects, with the names as Rust has them.
fn disassembly(objects: impl Iterator<Item = String>) -> Result<String, Box<dyn Error>> {
    let objdump =
        Command::new("objdump").args(["-dr", "--no-show-raw-insn"]).args(objects).output()?;
    if !objdump.status.success() {
        return Err(String::from_utf8_lossy(&objdump.stderr).into());
    }
    // Functions of the same object are referred to by the name of their section.
    let text = String::from_utf8(objdump.stdout)?;
    let text = text.replace(".text.unlikely._", "_").replace(".text._", "_");
    let mut filter =
        Command::new("c++filt").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = filter.stdin.take().ok_or("no pipe to c++filt")?;
    let writer = thread::spawn(move || input.write_all(text.as_bytes()));
    let output = filter.wait_with_output()?;
    writer.join().map_err(|_| "c++filt")??;
    Ok(without_hashes(&String::from_utf8(output.stdout)?))
}

/// Without the `::h0123456789abcdef` at the end of a name.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split("::h");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_at_checked(16) {
            Some((hash, rest)) if hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                whole += rest
            }
            _ => {
                whole += "::h";
                whole += part;
            }
        }
    }
    whole
}

fn functions(disassembly: &str) -> HashMap<String, Function> {
    let mut functions: HashMap<String, Function> = HashMap::new();
    let mut at = String::new();
    for line in disassembly.lines() {
        // 0000000000000000 <siglatch::delivery::handler::on_signal>:
        let begins = line.strip_suffix(">:").and_then(|line| line.split_once(" <"));
        if let Some((address, name)) = begins {
            if address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                at = name.to_owned();
                functions.entry(at.clone()).or_default();
                continue;
            }
        }
        let Some(function) = functions.get_mut(&at) else { continue };
        if let Some(to) = referred_to(line) {
            function.refers.push(to.to_owned());
        } else if line.contains("\tcall ") && line.contains('*') && !line.contains("(%rip)") {
            function.calls_through_a_pointer = true;
        }
    }
    functions
}

/// What a relocation refers to, called or only taken the address of.
fn referred_to(line: &str) -> Option<&str> {
    let (_, relocation) = line.split_once("R_X86_64_")?;
    let (kind, to) = relocation.split_once('\t')?;
    let is_of_code =
        ["PLT32", "PC32", "32", "32S", "64"].contains(&kind) || kind.starts_with("GOTPCREL");
    let to = to
        .rsplit_once(['-', '+'])
        .filter(|(_, offset)| offset.starts_with("0x"))
        .map_or(to, |(to, _)| to);
    is_of_code.then_some(to)
}
