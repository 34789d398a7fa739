//! Constants that hold addresses: functions, and objects behind dyn.
#![no_std]
#![no_main]

use core::hint::black_box;
use kinds::{check, ok};
use siglatch_start::{Process, start};

start!(main);

trait Shape: Sync {
    fn area(&self) -> u64;
}

struct Square(u64);
struct Rectangle(u64, u64);

impl Shape for Square {
    fn area(&self) -> u64 {
        self.0 * self.0
    }
}

impl Shape for Rectangle {
    fn area(&self) -> u64 {
        self.0 * self.1
    }
}

static SHAPES: [&dyn Shape; 2] = [&Square(5), &Rectangle(2, 7)];
static FUNCTIONS: [fn(u64) -> u64; 3] = [double, increment, u64::count_ones_of];
static TEXTS: [&str; 3] = ["one", "two", "three"];

trait CountOnes {
    fn count_ones_of(self) -> u64;
}

impl CountOnes for u64 {
    fn count_ones_of(self) -> u64 {
        self.count_ones().into()
    }
}

fn double(number: u64) -> u64 {
    number * 2
}

fn increment(number: u64) -> u64 {
    number + 1
}

fn main(_: Process) -> u8 {
    check!(black_box(&SHAPES).iter().map(|shape| shape.area()).sum::<u64>() == 39);
    check!(black_box(&FUNCTIONS).iter().map(|function| function(7)).sum::<u64>() == 14 + 8 + 3);
    check!(black_box(&TEXTS).iter().map(|text| text.len()).sum::<usize>() == 11);
    ok()
}
