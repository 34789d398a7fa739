//! What forks anyway, in one binary: a family of scenarios a module, each scenario in a process of
//! its own.
//!
//! ```text
//! cargo test --test scenarios                                           all
//! cargo test --test scenarios latch::                                   a family
//! cargo test --test scenarios -- --exact latch::set_needs_no_signal     one
//! ```

mod action;
mod action_handler;
mod alternate_stack;
mod auto_traits;
mod bad_input;
mod cancel;
mod chain;
mod chain_layers;
mod chain_over;
mod chained;
mod chained_matrix;
mod child_adopt;
mod child_exec;
mod child_faults;
mod child_fork;
mod child_reap;
mod child_sigchld;
mod child_status;
mod child_wake;
mod dispatch;
mod dispatch_threads;
mod event_loops;
mod examples;
mod exit;
mod fork;
mod fork_twins;
mod group_send;
mod harness;
mod hook;
mod hook_told;
mod info;
mod info_child;
mod info_faults;
mod info_table;
mod keep_newest;
mod kernel;
mod latch;
mod latch_rule;
mod mask;
mod nohup;
mod one_entry;
mod pidfd;
mod pidfd_wait;
mod posix_spawn;
mod posix_timer;
mod python_page;
mod queue;
mod queue_details;
mod queue_send;
mod raise_fork;
mod release;
mod release_storm;
mod release_tells;
mod restart;
mod send;
mod shutdown;
mod shutdown_deadline;
mod shutdown_request;
mod shutdown_states;
mod signal_context;
mod signalfd;
mod signalfd_records;
mod stack;
mod stop;
mod storm;
mod supervisor;
mod sync_wait;
mod synchronous;
mod syscalls;
mod terminal;
mod timer;
mod tutorial;
mod unload;
mod unwind;
mod wait;
mod wake_fd;
mod watchdog;

use std::env;
use std::process::ExitCode;
use support::Scenario;

fn main() -> ExitCode {
    for (variable, program) in PROGRAMS {
        if env::var_os(variable).is_some() {
            program();
            return ExitCode::SUCCESS;
        }
    }
    support::main(families().into_iter().flatten())
}

/// Each module has its line here.
fn families() -> Vec<Vec<Scenario>> {
    vec![
        action::scenarios(),
        action_handler::scenarios(),
        alternate_stack::scenarios(),
        auto_traits::scenarios(),
        bad_input::scenarios(),
        cancel::scenarios(),
        chain::scenarios(),
        chain_layers::scenarios(),
        chain_over::scenarios(),
        chained::scenarios(),
        chained_matrix::scenarios(),
        child_adopt::scenarios(),
        child_exec::scenarios(),
        child_faults::scenarios(),
        child_fork::scenarios(),
        child_reap::scenarios(),
        child_sigchld::scenarios(),
        child_status::scenarios(),
        child_wake::scenarios(),
        dispatch::scenarios(),
        dispatch_threads::scenarios(),
        event_loops::scenarios(),
        examples::scenarios(),
        exit::scenarios(),
        fork::scenarios(),
        fork_twins::scenarios(),
        group_send::scenarios(),
        harness::scenarios(),
        hook::scenarios(),
        hook_told::scenarios(),
        info::scenarios(),
        info_child::scenarios(),
        info_faults::scenarios(),
        info_table::scenarios(),
        keep_newest::scenarios(),
        kernel::scenarios(),
        latch::scenarios(),
        latch_rule::scenarios(),
        mask::scenarios(),
        nohup::scenarios(),
        one_entry::scenarios(),
        pidfd::scenarios(),
        pidfd_wait::scenarios(),
        posix_spawn::scenarios(),
        posix_timer::scenarios(),
        python_page::scenarios(),
        queue::scenarios(),
        queue_details::scenarios(),
        queue_send::scenarios(),
        raise_fork::scenarios(),
        release::scenarios(),
        release_storm::scenarios(),
        release_tells::scenarios(),
        restart::scenarios(),
        send::scenarios(),
        shutdown::scenarios(),
        shutdown_deadline::scenarios(),
        shutdown_request::scenarios(),
        shutdown_states::scenarios(),
        signal_context::scenarios(),
        signalfd::scenarios(),
        signalfd_records::scenarios(),
        stack::scenarios(),
        stop::scenarios(),
        storm::scenarios(),
        supervisor::scenarios(),
        sync_wait::scenarios(),
        synchronous::scenarios(),
        syscalls::scenarios(),
        terminal::scenarios(),
        timer::scenarios(),
        tutorial::scenarios(),
        unload::scenarios(),
        unwind::scenarios(),
        wait::scenarios(),
        wake_fd::scenarios(),
        watchdog::scenarios(),
    ]
}

/// What this binary is with one of these in its environment: a program that a scenario starts.
const PROGRAMS: [(&str, fn()); 4] = [
    (nohup::PROGRAM, nohup::program),
    (syscalls::TRACED, syscalls::work),
    (terminal::PROGRAM, terminal::program),
    (unwind::DEBUGGED, unwind::program),
];
