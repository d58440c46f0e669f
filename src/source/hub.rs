//! Several sources in one queue, in the order in which things came.
//!
//! ```text
//! thread of source 0 --\
//! thread of source 1 ---+--> one queue, in order of arrival --> next()
//! thread of source 2 --/     at most 64 KiB and 1024 arrivals of each source in it
//! ```
//!
//! A source whose share of the queue is full waits, and it alone: what others send never waits behind more than the
//! shares of the rest. Memory is bounded by the shares; buffers are used again.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::queue::{Arrival, Found, Next, What};
use super::queue::{Queue, Running};
use super::reopen::{Lasting, Step};
use super::stop::Stop;

/// Several sources, each with a thread of its own.
#[derive(Debug)]
pub struct Hub {
    queue: Arc<Queue>,
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
}

impl Hub {
    /// Starts a thread for each source. `stop` is the handle that the sources were made with.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(sources: Vec<Lasting>, stop: Stop) -> io::Result<Self> {
        let mut hub = Self {
            queue: Arc::new(Queue::new(sources.len())),
            stop,
            threads: Vec::with_capacity(sources.len()),
        };
        for (index, source) in sources.into_iter().enumerate() {
            let running = hub.queue.running();
            let queue = Arc::clone(&hub.queue);
            let stop = hub.stop.clone();
            let thread = thread::Builder::new()
                .name(format!("source {index}"))
                .spawn(move || pump(index, source, &stop, &queue, running))?;
            hub.threads.push(thread);
        }
        Ok(hub)
    }

    /// Takes the next thing that came, waiting for it up to `time`.
    pub fn next(&self, time: Duration) -> Next {
        self.queue.next(time)
    }
}

/// Rings the handle, ends the threads and waits for them: they end at once wherever they are.
impl Drop for Hub {
    fn drop(&mut self) {
        self.stop.stop();
        self.queue.close();
        for thread in self.threads.drain(..) {
            // One that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

/// The life of one thread.
fn pump(index: usize, mut source: Lasting, stop: &Stop, queue: &Arc<Queue>, _running: Running) {
    let mut buf = vec![0; BUFFER];
    loop {
        let step = source.read(&mut buf);
        let what = match step {
            Ok(Step::Bytes(count)) => {
                let broken = source.source().map_or(&[][..], |open| open.broken());
                What::Bytes(queue.chunk(&buf[..count], broken))
            }
            Ok(Step::Line(news)) => What::Line(news),
            Ok(Step::Quiet) => What::Quiet,
            Ok(Step::NoWriter) => What::NoWriter,
            Ok(Step::Opened) => match source.source().map(Found::of) {
                Some(found) => What::Opened(found),
                None => continue,
            },
            Ok(Step::Lost(reason)) => What::Lost(reason),
            Ok(Step::Refused(error)) => What::Refused(error),
            Ok(Step::Reopened { after }) => What::Reopened { after },
            Ok(Step::End) => What::End,
            Ok(Step::Stopped) => return,
            Err(error) => What::Failed(error),
        };
        let last = matches!(what, What::End | What::Failed(_));
        let arrival = Arrival {
            source: index,
            at: SystemTime::now(),
            instant: Instant::now(),
            what,
        };
        if !queue.push(arrival, stop) || last {
            return;
        }
    }
}

/// What one read may take, in bytes.
const BUFFER: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::super::queue::SHARE_BYTES;
    use super::super::read::SourceOptions;
    use super::super::testing::{Folder, Plug, all_bytes, fifo, options};
    use super::*;
    use std::io::Write;
    use std::net::{SocketAddr, TcpListener, TcpStream};

    fn start(places: &[&str], options: &SourceOptions) -> Hub {
        let sources = places
            .iter()
            .map(|place| Lasting::new(place.parse().unwrap(), options.clone()))
            .collect();
        Hub::start(sources, options.stop.clone()).unwrap()
    }

    fn server() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// The next arrival that is no silence, within 10 s.
    fn arrival(hub: &Hub) -> Arrival {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            match hub.next(Duration::from_secs(1)) {
                Next::Arrival(arrival) if !matches!(arrival.what, What::Quiet) => return arrival,
                Next::Arrival(_) | Next::Idle => {}
                Next::Done => panic!("done"),
            }
        }
        panic!("nothing for 10 s");
    }

    #[test]
    fn two_ports_come_in_order_and_end_with_the_hub() {
        let folders = [Folder::new(), Folder::new()];
        let mut plugs = [Plug::new(&folders[0]), Plug::new(&folders[1])];
        let places: Vec<_> = plugs.iter().map(|p| p.path.to_str().unwrap()).collect();
        let hub = start(&places, &options());
        for _ in 0..2 {
            assert!(matches!(arrival(&hub).what, What::Opened(_)));
        }
        for round in 0..20 {
            let index = round % 2;
            plugs[index].send(&[round as u8]);
            let came = arrival(&hub);
            assert_eq!(came.source, index);
            assert!(matches!(&came.what, What::Bytes(chunk) if **chunk == [round as u8]));
        }
        let start = Instant::now();
        drop(hub);
        assert!(start.elapsed() < Duration::from_millis(300));
    }

    #[test]
    fn a_source_that_floods_does_not_delay_another() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let (listener, address) = server();
        let flood = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let noise = vec![0xDB; 64 * 1024];
            while stream.write_all(&noise).is_ok() {}
        });
        let hub = start(
            &[&format!("tcp://{address}"), plug.path.to_str().unwrap()],
            &options(),
        );
        let (mut flooded, mut opened) = (0, false);
        while flooded == 0 || !opened {
            match arrival(&hub) {
                Arrival {
                    source: 1,
                    what: What::Opened(_),
                    ..
                } => opened = true,
                Arrival {
                    what: What::Bytes(chunk),
                    ..
                } => flooded += chunk.len(),
                _ => {}
            }
        }
        let mut waits = Vec::new();
        for round in 0..50u8 {
            // Time for the flood to fill its share.
            thread::sleep(Duration::from_millis(2));
            plug.send(&[round]);
            let sent = Instant::now();
            loop {
                let came = arrival(&hub);
                match came.what {
                    What::Bytes(chunk) if came.source == 1 => {
                        assert_eq!(*chunk, [round]);
                        break;
                    }
                    What::Bytes(chunk) => flooded += chunk.len(),
                    _ => {}
                }
            }
            waits.push(sent.elapsed());
            assert!(hub.queue.bytes(0) < SHARE_BYTES + BUFFER);
        }
        waits.sort();
        assert!(waits[40] < Duration::from_millis(20), "{waits:?}");
        assert!(flooded > SHARE_BYTES, "{flooded}");
        drop(hub);
        flood.join().unwrap();
    }

    #[test]
    fn a_source_that_fails_or_stalls_leaves_the_others_alone() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let stalled = folder.path("fifo");
        fifo(&stalled);
        let (_silent, address) = server();
        let hub = start(
            &[
                "/nowhere/at/all",
                &format!("tcp://{address}"),
                stalled.to_str().unwrap(),
                plug.path.to_str().unwrap(),
            ],
            &options(),
        );
        plug.send(&all_bytes());
        let mut failed = false;
        let mut bytes: Vec<u8> = Vec::new();
        while !failed || bytes.len() < 1024 {
            match arrival(&hub) {
                Arrival {
                    source: 0,
                    what: What::Failed(_),
                    ..
                } => failed = true,
                Arrival {
                    source: 3,
                    what: What::Bytes(chunk),
                    ..
                } => bytes.extend(&*chunk),
                Arrival {
                    what: What::Opened(_) | What::NoWriter,
                    ..
                } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(bytes, all_bytes());
    }

    #[test]
    fn files_are_read_to_the_end_and_then_it_is_done() {
        let folder = Folder::new();
        let path = folder.path("dump.bin");
        let data: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &data).unwrap();
        let hub = start(&[path.to_str().unwrap(); 2], &options());
        let mut read: [Vec<u8>; 2] = Default::default();
        let mut ends = 0;
        loop {
            match hub.next(Duration::from_secs(10)) {
                Next::Arrival(Arrival {
                    source,
                    what: What::Bytes(chunk),
                    ..
                }) => {
                    read[source].extend(&*chunk);
                }
                Next::Arrival(Arrival {
                    what: What::End, ..
                }) => ends += 1,
                Next::Arrival(_) => {}
                Next::Idle => panic!("nothing for 10 s"),
                Next::Done => break,
            }
        }
        assert_eq!(ends, 2);
        assert!(read.iter().all(|read| *read == data));
    }

    #[test]
    fn a_stop_ends_threads_in_reading_waiting_connecting_and_pushing() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let (full, address) = server();
        rustix::net::listen(&full, 0).unwrap();
        let _queue: Vec<_> = (0..4)
            .map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(50)))
            .collect();
        let mut options = options();
        options.backoff.first = Duration::from_secs(20);
        let place = plug.path.to_str().unwrap();
        let hub = start(&[place, &format!("tcp://{address}"), "/dev/zero"], &options);
        while !matches!(arrival(&hub).what, What::Opened(found) if found.name == place) {}
        plug.pull_out();
        while !matches!(arrival(&hub).what, What::Lost(_)) {}
        thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        options.stop.stop();
        while !matches!(hub.next(Duration::from_secs(5)), Next::Done) {}
        assert!(start.elapsed() < Duration::from_millis(300));
    }
}
