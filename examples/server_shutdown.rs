//! A server that ends well: SIGTERM has it accept no more, serve the connections that are open to
//! their end, for a limited time, and leave. A second request, half a second later or more, ends it at
//! once.
//!
//! ```text
//! cargo run --example server_shutdown [SECONDS]     # nc to the address; kill -TERM PID
//! ```
//!
//! It sends every line back. The status is 0, as a supervisor expects of a service that it has asked
//! to stop, or 1 if connections were cut off at the end.

use core::error::Error;
use core::time::Duration;
use siglatch::fd::OnceEventFd;
use siglatch::wait::{Events, PollFd, poll};
use siglatch::{Errno, Shutdown, Signal};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::{env, thread};

static SHUTDOWN: Shutdown = Shutdown::new();
static ASKED: OnceEventFd = OnceEventFd::new();

fn main() -> Result<ExitCode, Box<dyn Error>> {
    println!("pid {}", std::process::id());
    let limit = env::args().nth(1).map_or(Ok(10.0), |seconds| seconds.parse())?;
    let limit = Duration::try_from_secs_f64(limit)?;

    let asked = ASKED.open()?;
    SHUTDOWN.wake_through(asked)?;
    SHUTDOWN.catch([Signal::INT, Signal::TERM])?;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("listening on {}", listener.local_addr()?);

    // Each connection holds a sender, and nothing is ever sent: when the last one is dropped, the
    // receiver knows that all have ended.
    let (alive, all_ended) = mpsc::channel();
    while !SHUTDOWN.is_requested() {
        let mut fds = [listener.as_raw_fd(), asked.as_raw()].map(|fd| PollFd::new(fd, Events::IN));
        match poll(&mut fds, None, None) {
            // A handler ran, and the loop's condition looks at what it left.
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        match listener.accept() {
            Ok((connection, _)) => start(connection, alive.clone())?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // The client has gone again, or there are too many for the moment.
            Err(error) => eprintln!("accept: {error}"),
        }
    }

    // First of all, nobody new: a client that is refused can go to another server.
    drop(listener);
    drop(alive);
    println!("Shutting down server...");
    match all_ended.recv_timeout(limit) {
        Err(RecvTimeoutError::Timeout) => {
            println!("Time is up, some connections are cut off");
            Ok(ExitCode::FAILURE)
        }
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {
            println!("All connections have ended");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Serves a connection in a thread of its own, to the end.
fn start(connection: TcpStream, alive: Sender<()>) -> io::Result<()> {
    connection.set_nonblocking(false)?;
    println!("connected");
    thread::spawn(move || {
        if let Err(error) = serve(&connection) {
            eprintln!("connection: {error}");
        }
        drop(alive);
    });
    Ok(())
}

/// Sends back line by line, until the client sends no more.
fn serve(mut connection: &TcpStream) -> io::Result<()> {
    for line in BufReader::new(connection).lines() {
        writeln!(connection, "{}", line?)?;
    }
    Ok(())
}
