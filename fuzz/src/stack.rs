//! Room for handlers.

use siglatch::stack::StackGuard;

/// Handlers lie on top of each other here, more than on the 8 KiB that Rust gives a thread.
pub fn enlarge() {
    thread_local! {
        static STACK: StackGuard = StackGuard::map(1 << 18).expect("a stack");
    }
    STACK.with(|_| ());
}
