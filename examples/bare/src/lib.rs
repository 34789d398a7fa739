//! What the utilities share: options, messages, a command that is executed.
#![no_std]

pub mod command;
pub mod duration;
pub mod options;
pub mod say;
