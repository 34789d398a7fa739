//! C code that a test compiles and loads: a shared object of its own, as another language's code in
//! the process would be.

use core::ffi::{CStr, c_void};
use core::hash::{Hash as _, Hasher as _};
use core::mem::{self, MaybeUninit};
use std::ffi::CString;
use std::hash::DefaultHasher;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::{env, fs};

/// A loaded shared object. It stays loaded until it is closed.
#[derive(Debug, Clone, Copy)]
pub struct Library(*mut c_void);

/// Compiles `source` and loads it. Where that cannot be done, marks the scenario as skipped; a
/// source that does not compile fails it.
#[track_caller]
pub fn library(name: &str, source: &str) -> Option<Library> {
    let path = path(name, source);
    if !path.exists() {
        if let Some(why) = unable() {
            // What was compiled on another machine is what there is.
            let stem = Path::new(name).file_stem().expect("a name");
            let before = super::scratch().join(stem).with_extension("so");
            if before.exists() {
                return Some(Library::load(&before));
            }
            super::skip(&why);
            return None;
        }
        compile(name, source, &path);
    }
    Some(Library::load(&path))
}

/// Where a source is compiled to: once for all scenarios, and for all runs until it changes.
fn path(name: &str, source: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (compiler(), WARNINGS, FLAGS, source).hash(&mut hasher);
    super::scratch().join(format!("{}-{:x}.so", name.replace('/', "-"), hasher.finish()))
}

/// Why nothing can be compiled and loaded here, if so.
fn unable() -> Option<String> {
    if cfg!(target_feature = "crt-static") {
        return Some("a static program loads nothing".to_owned());
    }
    let Ok(machine) = Command::new(compiler()).arg("-dumpmachine").output() else {
        return Some("there is no C compiler".to_owned());
    };
    let machine = String::from_utf8_lossy(&machine.stdout).trim().to_owned();
    // i386, i486, i586 and i686 are one.
    let family = if cfg!(target_arch = "x86") { "i" } else { env::consts::ARCH };
    let ours = machine.starts_with(family);
    (!ours).then(|| format!("the C compiler makes code for {machine}"))
}

fn compiler() -> String {
    env::var("CC").unwrap_or_else(|_| "cc".to_owned())
}

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-Wno-clobbered"];
/// Fortified, longjmp(3) refuses what handlers do with it.
const FLAGS: [&str; 6] = ["-shared", "-fPIC", "-O1", "-g", "-pthread", "-U_FORTIFY_SOURCE"];

#[track_caller]
fn compile(name: &str, source: &str, path: &Path) {
    // Another scenario may do the same at once: a name of its own, until it is whole.
    let partial = path.with_extension(process::id().to_string());
    let mut command = Command::new(compiler());
    command.args(WARNINGS).args(FLAGS).args(["-x", "c", "-o"]).arg(&partial).arg("-");
    let mut cc = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cc starts");
    let mut input = cc.stdin.take().expect("a pipe to cc");
    input.write_all(source.as_bytes()).expect("cc reads its input");
    drop(input);
    let done = cc.wait_with_output().expect("cc ends");
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{name}: cc: {errors}");
    fs::rename(&partial, path).expect("a file of its own");
}

impl Library {
    /// Loads what is in this file.
    #[track_caller]
    pub fn load(path: &Path) -> Self {
        let name = CString::new(path.as_os_str().as_bytes()).expect("a path");
        // SAFETY: the name is a C string; what the object does when it is loaded is our own code.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "dlopen {}: {}", path.display(), error());
        Self(handle)
    }

    /// Closes it: dlclose(3).
    ///
    /// # Safety
    ///
    /// Nothing of it is used afterwards, unless it was linked to stay in memory.
    #[track_caller]
    pub unsafe fn close(self) {
        // SAFETY: the object is loaded; the rest is the caller's promise.
        let result = unsafe { libc::dlclose(self.0) };
        assert_eq!(result, 0, "dlclose: {}", error());
    }

    /// A function of the object.
    ///
    /// # Safety
    ///
    /// `F` is the type of a pointer to a C function, and the function's own.
    #[track_caller]
    pub unsafe fn function<F: Copy>(self, name: &str) -> F {
        let name = CString::new(name).expect("a name");
        const { assert!(size_of::<F>() == size_of::<*mut c_void>(), "a pointer") };
        // SAFETY: the object is loaded, and the name is a C string.
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        assert!(!address.is_null(), "dlsym {name:?}: {}", error());
        // SAFETY: the sizes are the same; the rest is the caller's promise.
        unsafe { mem::transmute_copy::<*mut c_void, F>(&address) }
    }
}

/// What dlerror(3) says.
fn error() -> String {
    // SAFETY: no argument; the text is good until the next call of its kind.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "no error".to_owned();
    }
    // SAFETY: not null, so a C string.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// The text that a C function writes into room that it is given; it returns the length.
#[track_caller]
pub fn text(write: impl FnOnce(*mut libc::c_char, usize) -> i32) -> String {
    let mut room = [const { MaybeUninit::<u8>::zeroed() }; 1024];
    let length = write(room.as_mut_ptr().cast(), room.len());
    let length = usize::try_from(length).expect("a length");
    // SAFETY: all bytes are set: zeroed, or written.
    let bytes = room.iter().take(length).map(|byte| unsafe { byte.assume_init() }).collect();
    String::from_utf8(bytes).expect("text")
}

/// A struct of functions of a C source, with a function `load` that compiles and loads it. The types
/// here are those of the source.
#[macro_export]
macro_rules! c_functions {
    ($kind:ident, $source:literal: $($name:ident($($argument:ty),*) $(-> $result:ty)?;)+) => {
        #[derive(Clone, Copy)]
        struct $kind {
            $($name: extern "C" fn($($argument),*) $(-> $result)?,)+
        }

        impl $kind {
            #[track_caller]
            fn load() -> Option<Self> {
                let library = $crate::c::library($source, include_str!($source))?;
                Some(Self {
                    $(
                        // SAFETY: the types are those of the source, as told.
                        $name: unsafe { library.function(stringify!($name)) },
                    )+
                })
            }
        }
    };
}
