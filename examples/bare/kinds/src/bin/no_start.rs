//! Does not name its main.
#![no_std]
#![no_main]

use siglatch_start as _;
