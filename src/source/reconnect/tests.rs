//! Ports that are pulled out, servers that die, and when each is tried again.

use super::*;
use crate::source::read::GoneReason;
use crate::source::testing::{Folder, Plug, all_bytes, next_event, options};
use std::io::Write;
use std::net::TcpListener;

fn bytes(source: &mut Reconnecting, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < count {
        let (step, bytes) = next_event(source);
        assert!(matches!(step, SourceEvent::Bytes(_)), "{step:?}");
        all.extend(bytes);
    }
    all
}

fn lasting(place: &str, options: SourceOptions) -> Reconnecting {
    Reconnecting::new(place.parse().unwrap(), options)
}

#[test]
fn a_port_is_removed_and_comes_back_twenty_times() {
    let folder = Folder::new();
    let mut plug = Plug::new(&folder);
    let mut source = lasting(plug.path.to_str().unwrap(), options());
    assert!(matches!(next_event(&mut source).0, SourceEvent::Opened(_)));
    for round in 0..20 {
        plug.send(&all_bytes());
        assert_eq!(bytes(&mut source, 1024), all_bytes(), "round {round}");
        plug.pull_out();
        assert!(matches!(
            next_event(&mut source).0,
            SourceEvent::Lost(GoneReason::HungUp)
        ));
        let mut buf = [0; 9];
        assert!(matches!(source.read(&mut buf), SourceEvent::Quiet));
        plug.plug_in();
        assert!(matches!(
            next_event(&mut source).0,
            SourceEvent::Reopened(_)
        ));
    }
}

#[test]
fn a_server_that_is_killed_is_reached_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut source = lasting(&format!("tcp://{address}"), options());
    assert!(matches!(next_event(&mut source).0, SourceEvent::Opened(_)));
    let (mut server, _) = listener.accept().unwrap();
    server.write_all(b"/Lux5").unwrap();
    assert_eq!(bytes(&mut source, 5), b"/Lux5");
    drop((server, listener));
    assert!(matches!(next_event(&mut source).0, SourceEvent::Lost(_)));
    let listener = TcpListener::bind(address).unwrap();
    assert!(matches!(
        next_event(&mut source).0,
        SourceEvent::Reopened(_)
    ));
    let (mut server, _) = listener.accept().unwrap();
    server.write_all(b"/again").unwrap();
    assert_eq!(bytes(&mut source, 6), b"/again");
}

#[test]
fn the_wait_doubles_to_its_limit_until_bytes_come() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut source = lasting(
        &format!("tcp://{}", listener.local_addr().unwrap()),
        options(),
    );
    let mut waits = Vec::new();
    for round in 0..5 {
        next_event(&mut source);
        let (mut server, _) = listener.accept().unwrap();
        if round == 4 {
            server.write_all(b"/").unwrap();
            bytes(&mut source, 1);
        }
        drop(server);
        waits.push(source.wait.as_millis());
        assert!(matches!(next_event(&mut source).0, SourceEvent::Lost(_)));
    }
    assert_eq!(waits, [5, 10, 20, 40, 5]);
}

#[test]
fn without_reconnecting_the_loss_is_the_end() {
    let folder = Folder::new();
    let mut plug = Plug::new(&folder);
    let mut options = options();
    options.reconnect = Reconnect::Never;
    let mut source = lasting(plug.path.to_str().unwrap(), options);
    assert!(matches!(next_event(&mut source).0, SourceEvent::Opened(_)));
    plug.pull_out();
    assert!(matches!(next_event(&mut source).0, SourceEvent::Lost(_)));
    assert!(matches!(next_event(&mut source).0, SourceEvent::End));
    assert!(matches!(next_event(&mut source).0, SourceEvent::End));
}

#[test]
fn a_source_that_was_never_there_is_an_error_or_waited_for() {
    let folder = Folder::new();
    let mut plug = Plug::new(&folder);
    plug.pull_out();
    let path = plug.path.to_str().unwrap();
    let SourceEvent::Failed(error) = lasting(path, options()).read(&mut [0; 9]) else {
        panic!("it was opened");
    };
    assert!(matches!(error, SourceError::NotFound { .. }));
    let mut patient = options();
    patient.reconnect = Reconnect::FromStart;
    let mut source = lasting(path, patient);
    assert!(matches!(
        next_event(&mut source).0,
        SourceEvent::Refused(SourceError::NotFound { .. })
    ));
    plug.plug_in();
    assert!(matches!(next_event(&mut source).0, SourceEvent::Opened(_)));
}

#[test]
fn a_port_that_another_takes_meanwhile_is_said_to_be_busy_once() {
    let folder = Folder::new();
    let mut plug = Plug::new(&folder);
    let mut source = lasting(plug.path.to_str().unwrap(), options());
    next_event(&mut source);
    plug.pull_out();
    assert!(matches!(next_event(&mut source).0, SourceEvent::Lost(_)));
    plug.plug_in();
    let other = Source::open_path(&plug.path, &options()).unwrap();
    assert!(matches!(
        next_event(&mut source).0,
        SourceEvent::Refused(SourceError::Busy { .. })
    ));
    for _ in 0..4 {
        assert!(matches!(source.read(&mut [0; 9]), SourceEvent::Quiet));
    }
    drop(other);
    assert!(matches!(
        next_event(&mut source).0,
        SourceEvent::Reopened(_)
    ));
}

#[test]
fn a_wait_for_a_lost_port_ends_at_once_when_stopped() {
    let folder = Folder::new();
    let mut plug = Plug::new(&folder);
    let mut options = options();
    options.backoff.first = Duration::from_secs(20);
    let stop = options.stop.clone();
    let mut source = lasting(plug.path.to_str().unwrap(), options);
    next_event(&mut source);
    plug.pull_out();
    next_event(&mut source);
    let thread = std::thread::spawn(move || next_event(&mut source).0);
    std::thread::sleep(Duration::from_millis(20));
    let start = Instant::now();
    stop.stop();
    assert!(matches!(thread.join().unwrap(), SourceEvent::Stopped));
    assert!(start.elapsed() < Duration::from_millis(300));
}
