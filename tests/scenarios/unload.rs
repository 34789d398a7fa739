//! Code that has caught a signal and is closed by dlclose(3): linked with `-Wl,-z,nodelete`, it stays
//! in memory, where the kernel and other code's handlers go on to call it.

#![expect(unsafe_code, reason = "loads a shared object")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use std::env;
use std::path::PathBuf;
use support::c::Library;
use support::oracle::raw_action;
use support::{self, Scenario, foreign, in_child, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        closed_after_a_catch_it_receives,
        closed_after_a_release_under_other_code_it_chains,
        closed_after_the_last_release_it_is_not_called,
    ]
}

/// The shared object that cargo has built beside this test.
fn path() -> Option<PathBuf> {
    let this = env::current_exe().expect("the path of this test");
    let path = this.with_file_name("libunloadable.so");
    if !path.exists() {
        support::skip("no shared object was built");
        return None;
    }
    Some(path)
}

/// A plug-in that catches signals.
struct Plugin {
    object: Library,
    catch: extern "C" fn(i32) -> i32,
    release: extern "C" fn(i32) -> i32,
    taken: extern "C" fn() -> i32,
}

impl Plugin {
    #[track_caller]
    fn open() -> Self {
        let object = Library::load(&path().expect("it was there"));
        Self {
            object,
            // SAFETY: the type of the function, here and below.
            catch: unsafe { object.function("unloadable_catch") },
            // SAFETY: as above.
            release: unsafe { object.function("unloadable_release") },
            // SAFETY: as above.
            taken: unsafe { object.function("unloadable_taken") },
        }
    }

    #[track_caller]
    fn close(&self) {
        // SAFETY: it was linked to stay in memory.
        unsafe { self.object.close() };
    }
}

fn closed_after_a_catch_it_receives() {
    if path().is_none() {
        return;
    }
    in_child(|| {
        let plugin = Plugin::open();
        assert_eq!((plugin.catch)(libc::SIGUSR1), 0);
        plugin.close();
        thread::raise(libc::SIGUSR1);
        assert_eq!((plugin.taken)(), 1);
    });
}

fn closed_after_a_release_under_other_code_it_chains() {
    if path().is_none() {
        return;
    }
    in_child(|| {
        foreign::first().come(libc::SIGUSR1);
        let plugin = Plugin::open();
        assert_eq!((plugin.catch)(libc::SIGUSR1), 0);
        foreign::second().come(libc::SIGUSR1);
        assert_eq!((plugin.release)(libc::SIGUSR1), 1, "its handler may still be called");
        plugin.close();
        thread::raise(libc::SIGUSR1);
        assert_eq!((foreign::first().take_calls(), foreign::second().take_calls()), (1, 1));
        assert_eq!((plugin.taken)(), 0);
    });
}

fn closed_after_the_last_release_it_is_not_called() {
    if path().is_none() {
        return;
    }
    in_child(|| {
        foreign::first().come(libc::SIGUSR1);
        let plugin = Plugin::open();
        assert_eq!((plugin.catch)(libc::SIGUSR1), 0);
        assert_ne!(raw_action(libc::SIGUSR1).handler, foreign::first().address());
        assert_eq!((plugin.release)(libc::SIGUSR1), 0, "nothing calls its handler");
        plugin.close();
        assert!(foreign::first().is_installed(libc::SIGUSR1));
        thread::raise(libc::SIGUSR1);
        assert_eq!(foreign::first().take_calls(), 1);
    });
}
