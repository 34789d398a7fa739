//! A forked child that runs a closure, and the two ends of the link to it.
//!
//! The link is a pair of datagram sockets: a word is a datagram, so words neither merge nor tear,
//! and there is no framing to write. The first byte of a child's datagram says what it is.

use super::failure;
use super::outcome::Outcome;
use super::process::Process;
use super::sys::{self, Side};
use core::ops::Deref;
use core::time::Duration;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixDatagram;
use std::{process, str, thread};

const READY: u8 = b'R';
const WORD: u8 = b'W';
const PANIC: u8 = b'P';

/// Longest datagram either side sends: well below the kernel's limit for a socket buffer.
const LONGEST: usize = 64 * 1024;

/// The exit status of a child whose closure panicked, as of any Rust program.
const PANICKED: i32 = 101;

/// The child's end of the link.
#[derive(Debug)]
pub struct Link(UnixDatagram);

impl Link {
    /// Tells the parent that the child is set up. Pairs with [`Child::await_ready`].
    pub fn ready(&mut self) {
        self.send(READY, "");
    }

    /// Sends a word to the parent. Pairs with [`Child::expect`] and [`Child::hear`].
    pub fn say(&mut self, word: &str) {
        self.send(WORD, word);
    }

    /// Waits for the parent's next word. Pairs with [`Child::tell`].
    pub fn hear(&mut self) -> String {
        receive(&self.0)
    }

    fn send(&self, kind: u8, text: &str) {
        send(&self.0, &[&[kind], text.as_bytes()].concat());
    }
}

/// A forked process that runs a closure. It dies with the test process, and is killed when dropped
/// before it was waited for.
#[derive(Debug)]
pub struct Child {
    process: Process,
    link: UnixDatagram,
    output: File,
    said: Vec<String>,
    panic: Option<String>,
}

/// What a child's datagram says.
#[derive(Debug, PartialEq, Eq)]
enum Message {
    Ready,
    Word(String),
    Panic(String),
}

impl Child {
    /// Forks a child that runs `body` and then exits with status 0, or 101 if `body` panics.
    ///
    /// The child has the signal state of this process; its stdout and stderr are captured.
    #[track_caller]
    pub fn start(body: impl FnOnce(&mut Link)) -> Self {
        let (link, childs_end) = UnixDatagram::pair().expect("socketpair");
        let output = sys::memory_file();
        let us = process::id() as i32;
        match sys::fork() {
            Side::Child => {
                drop(link);
                live(us, &mut Link(childs_end), &output, body)
            }
            Side::Parent { child } => {
                let process = Process::new(child);
                Child { process, link, output, said: Vec::new(), panic: None }
            }
        }
    }

    /// Waits for the child's [`ready`](Link::ready).
    #[track_caller]
    pub fn await_ready(&mut self) {
        match self.next("the child to be ready") {
            Some(Message::Ready) => {}
            other => self.unexpected("the child to be ready", other),
        }
    }

    /// Waits for the child's next word.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        self.word("a word")
    }

    /// Waits for the child's next word, which has to be this one.
    #[track_caller]
    pub fn expect(&mut self, word: &str) {
        let wanted = format!("the word {word:?}");
        let heard = self.word(&wanted);
        assert!(heard == word, "waited for {wanted}, and heard {heard:?}");
    }

    /// Sends a word to the child.
    #[track_caller]
    pub fn tell(&mut self, word: &str) {
        self.process.note(format!("we tell {word:?}"));
        send(&self.link, word.as_bytes());
    }

    /// Stops the child for some time.
    #[track_caller]
    pub fn stop_for(&self, time: Duration) {
        self.kill(libc::SIGSTOP);
        assert_eq!(self.stopped(), libc::SIGSTOP);
        thread::sleep(time);
        self.kill(libc::SIGCONT);
        self.continued();
    }

    /// Waits for the child's end.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        // Read on, for a child that says more than the socket holds would not end.
        while self.next("the end of the child").is_some() {}
        let status = self.process.reap();
        let output = self.output();
        let report = self.process.report(&output);
        let (said, panic) = (self.said.split_off(0), self.panic.take());
        Outcome::new(status, output, said, panic, report)
    }

    #[track_caller]
    fn word(&mut self, awaited: &str) -> String {
        match self.next(awaited) {
            Some(Message::Word(word)) => word,
            other => self.unexpected(awaited, other),
        }
    }

    /// The child's next message; none when it has ended and everything it sent has been read.
    #[track_caller]
    fn next(&mut self, awaited: &str) -> Option<Message> {
        if !self.process.readable(self.link.as_fd(), awaited) {
            return None;
        }
        let datagram = receive(&self.link);
        let (kind, text) = datagram.split_at_checked(1).expect("a datagram with its kind");
        let text = text.to_owned();
        Some(match kind.as_bytes() {
            [READY] => {
                self.process.note("it is ready".to_owned());
                Message::Ready
            }
            [WORD] => {
                self.process.note(format!("it says {text:?}"));
                self.said.push(text.clone());
                Message::Word(text)
            }
            [PANIC] => {
                self.process.note("it panics".to_owned());
                self.panic = Some(text.clone());
                Message::Panic(text)
            }
            _ => panic!("a datagram of an unknown kind: {datagram:?}"),
        })
    }

    #[track_caller]
    fn unexpected(&mut self, awaited: &str, message: Option<Message>) -> ! {
        match message {
            Some(Message::Ready) => panic!("waited for {awaited}, and the child is ready"),
            Some(Message::Word(word)) => panic!("waited for {awaited}, and heard {word:?}"),
            Some(Message::Panic(text)) => {
                panic!("waited for {awaited}, and the child panicked:\n{text}")
            }
            None => {
                let status = self.process.reap();
                panic!("waited for {awaited}, but the child {status}")
            }
        }
    }

    /// What the child has written so far.
    fn output(&self) -> String {
        let length = self.output.metadata().expect("memory has a length").len();
        let mut bytes = vec![0; usize::try_from(length).expect("an output that fits")];
        // At an offset: the position, which the child's descriptors share, must not move.
        self.output.read_exact_at(&mut bytes, 0).expect("memory can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Deref for Child {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if thread::panicking() {
            failure::attach(self.process.report(&self.output()));
        }
    }
}

/// Runs a scenario that needs nothing from outside in a child, which has to come to its end.
#[track_caller]
pub fn in_child(body: impl FnOnce()) {
    Child::start(|_| body()).wait().assert_exited(0);
}

/// The child's whole life.
fn live(parent: i32, link: &mut Link, output: &File, body: impl FnOnce(&mut Link)) -> ! {
    sys::redirect_output(output);
    let result = failure::catch(|| {
        sys::die_with_parent(parent).expect("a parent to die with");
        sys::no_core_files();
        body(link);
    });
    let status = match result {
        Ok(()) => 0,
        Err(text) => {
            // A long backtrace is cut to what one datagram holds.
            let text: String = text.chars().take(LONGEST / 8).collect();
            link.send(PANIC, &text);
            PANICKED
        }
    };
    sys::exit_now(status)
}

/// Sends one datagram, however many signals interrupt that.
#[track_caller]
fn send(socket: &UnixDatagram, datagram: &[u8]) {
    assert!(datagram.len() <= LONGEST, "a word of {} bytes is too long", datagram.len());
    retry(|| socket.send(datagram)).expect("the other side has its end open");
}

/// Receives one datagram, however many signals interrupt that.
#[track_caller]
fn receive(socket: &UnixDatagram) -> String {
    let mut bytes = vec![0; LONGEST];
    let length = retry(|| socket.recv(&mut bytes)).expect("the other side has its end open");
    bytes.truncate(length);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
