//! Owns the proof that past runs are shown on loopback until a signal comes, and that nothing is left then.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::place::Place;

struct Served {
    child: Child,
    /// Such as `127.0.0.1:12345`.
    address: String,
}

impl Served {
    fn start(place: &Place, words: &[&str]) -> Self {
        let mut command = place.command(&[&["serve"], words].concat());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program was built");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("text");
        let address = line.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("`{line}` is no address")).to_owned();
        Self { child, address }
    }

    /// The answer to a request with this line and this host, as it comes.
    fn asked(&self, line: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "{line} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it ends after one answer");
        answer
    }

    fn get(&self, path: &str) -> String {
        self.asked(&format!("GET {path}"), &self.address)
    }

    fn ended_by(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().expect("`kill` is there").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One whose test failed would stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two runs of the same scenario, of which the second explores less.
fn two_runs() -> Place {
    let place = Place::new();
    let run = |name: &str, more: &[&str]| {
        let words = ["run", "counter/incr", "counter/get-set", "--stores", "local", "--out", name];
        place.call(&[&words, more].concat())
    };
    run("runs/first", &[]).ended_with(0);
    run("runs/second", &["--schedules", "1"]).ended_with(1);
    place
}

#[test]
fn past_runs_are_shown_with_what_changed() {
    let place = two_runs();
    let served = Served::start(&place, &["runs"]);
    let list = served.get("/");
    assert!(list.starts_with("HTTP/1.1 200 OK\r\n"), "{list}");
    let (second, first) = (list.find("/run/second"), list.find("/run/first"));
    assert!(second.is_some() && second < first, "the newest comes first: {list}");
    assert!(list.contains("counter/get-set: violation → pass"), "{list}");
    assert!(list.contains("counter/incr: no longer exhausted"), "{list}");
    let page = served.get("/run/first");
    assert!(page.contains("GET counter") && page.contains("replay"), "{page}");
    assert_eq!(served.ended_by("INT"), Some(130));
}

#[test]
fn nothing_but_runs_is_given_to_who_asks_by_our_own_name() {
    let place = two_runs();
    let served = Served::start(&place, &["runs", "--port", "0"]);
    for path in [
        "/../runs/first/report.json",
        "/run/../first",
        "/run/%2e%2e/first",
        "/run/first/report.json",
        "/etc/passwd",
    ] {
        let answer = served.get(path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    let rebound = served.asked("GET /", "attacker.example");
    assert!(rebound.starts_with("HTTP/1.1 421") && !rebound.contains("counter"), "{rebound}");
    assert!(served.asked("POST /", &served.address).starts_with("HTTP/1.1 405"));
    let long = format!("GET /{}", "a".repeat(100_000));
    assert!(!served.asked_roughly(&long).contains("200 OK"));
    assert!(served.get("/").starts_with("HTTP/1.1 200"), "it goes on");
    assert!(served.address.starts_with("127.0.0.1:"), "{}", served.address);
}

impl Served {
    /// As [`Served::asked`], of a server that may hang up before all was said.
    fn asked_roughly(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let _ = write!(stream, "{line} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// Also while somebody is connected who says nothing.
#[test]
fn port_is_free_after_a_signal() {
    let place = Place::new();
    let served = Served::start(&place, &["."]);
    assert!(served.get("/").contains("There are none yet"));
    let address = served.address.clone();
    let silent = TcpStream::connect(&address).expect("it listens");
    assert_eq!(served.ended_by("TERM"), Some(143));
    drop(silent);
    // What was closed by us may rest for a while; nobody listens any more.
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn port_that_is_taken_and_folder_that_is_none_are_told() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let told = place.call(&["serve", ".", "--port", &port]).ended_with(4);
    assert!(told.stderr.contains(&format!("failed to listen on port {port} of loopback")), "{told:?}");
    let told = place.call(&["serve", "nowhere"]).ended_with(2);
    assert!(told.stderr.contains("failed to read the folder `nowhere`"), "{told:?}");
}
