//! The arguments, the environment and the auxiliary vector, each on a line.
#![no_std]
#![no_main]

use kinds::print;
use siglatch_start::{Arg, Process, start};

start!(main);

const AT_PAGESZ: usize = 6;

fn main(process: Process) -> u8 {
    for (kind, texts) in [("argument ", process.args()), ("variable ", process.env())] {
        for text in texts.iter().copied().map(Arg::as_c_str) {
            print(kind);
            print(text.to_str().unwrap_or("not UTF-8"));
            print("\n");
        }
    }
    if let Some(value) = process.var(b"WANTED") {
        print("wanted ");
        print(value.to_str().unwrap_or("not UTF-8"));
        print("\n");
    }
    let pages = process.aux(AT_PAGESZ).is_some_and(|size| size.is_power_of_two() && size >= 4096);
    if !pages || process.aux(usize::MAX).is_some() {
        print("the auxiliary vector is not what the kernel has made\n");
    }
    process.args().len() as u8
}
