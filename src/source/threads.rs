//! Several sources at once, each read by a thread of its own.
//!
//! ```text
//! thread of source 0 --\
//! thread of source 1 ---+--> one channel, in order of arrival --> recv_timeout()
//! thread of source 2 --/     at most 64 KiB and 1024 arrivals of each source in it
//! ```
//!
//! A source of which so much waits already is not read on, and it alone: what others send never waits for more than
//! the shares of the rest. The shares bound the memory.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::source::event::{Arrival, Received, SourceEvent};
use crate::source::reconnect::Reconnecting;
use crate::sys::stop::Stop;

/// Threads that read sources, and what they have read.
#[derive(Debug)]
pub struct ReaderThreads {
    arrivals: Receiver<Arrival<Received>>,
    threads: Vec<ReaderThread>,
    stop: Stop,
}

#[derive(Debug)]
struct ReaderThread {
    handle: JoinHandle<()>,
    share: Arc<Share>,
}

/// What of a source waits to be received: bytes, a small arrival counted as [`ARRIVAL`] of them.
#[derive(Debug, Default)]
struct Share(AtomicUsize);

impl ReaderThreads {
    /// Starts a thread for each source. `stop` is the handle that the sources were made with.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(sources: Vec<Reconnecting>, stop: Stop) -> io::Result<Self> {
        let (sender, arrivals) = mpsc::channel();
        let mut readers = Self {
            arrivals,
            threads: Vec::with_capacity(sources.len()),
            stop,
        };
        for (index, source) in sources.into_iter().enumerate() {
            let share = Arc::new(Share::default());
            let reader = Reader {
                index,
                source,
                stop: readers.stop.clone(),
                share: Arc::clone(&share),
                sender: sender.clone(),
            };
            let handle = thread::Builder::new()
                .name(format!("source {index}"))
                .spawn(|| reader.run())?;
            readers.threads.push(ReaderThread { handle, share });
        }
        Ok(readers)
    }

    /// Takes the next thing that came, waiting for it up to `time`.
    ///
    /// # Errors
    /// Nothing came within the time; or all sources are at their end or stopped, and everything was given out.
    pub fn recv_timeout(&self, time: Duration) -> Result<Arrival<Received>, RecvTimeoutError> {
        let arrival = self.arrivals.recv_timeout(time)?;
        if let Some(thread) = self.threads.get(arrival.source)
            && thread.share.give_back(weight(&arrival))
        {
            thread.handle.thread().unpark();
        }
        Ok(arrival)
    }
}

/// Rings the handle, ends the threads and waits for them: they end at once wherever they are.
impl Drop for ReaderThreads {
    fn drop(&mut self) {
        self.stop.stop();
        for ReaderThread { handle, .. } in self.threads.drain(..) {
            handle.thread().unpark();
            // One that panicked has said so itself.
            let _ = handle.join();
        }
    }
}

/// What a thread works with.
struct Reader {
    index: usize,
    source: Reconnecting,
    stop: Stop,
    share: Arc<Share>,
    sender: Sender<Arrival<Received>>,
}

impl Reader {
    fn run(mut self) {
        let mut buffer = vec![0; BUFFER];
        loop {
            let event = self.source.read(&mut buffer);
            if matches!(event, SourceEvent::Stopped) {
                return;
            }
            let broken = self.source.source().map_or(&[][..], |open| open.broken());
            let label = self.source.source().and_then(|open| open.label());
            let event = event.map(|count| Received {
                bytes: buffer.get(..count).unwrap_or_default().to_vec(),
                broken: broken.to_vec(),
                label: label.cloned(),
            });
            let last = event.is_last();
            let arrival = Arrival::now(self.index, event);
            while self.share.is_full() {
                if self.stop.is_stopped() {
                    return;
                }
                // A signal handler cannot unpark.
                thread::park_timeout(Duration::from_millis(100));
            }
            self.share.take(weight(&arrival));
            if self.sender.send(arrival).is_err() || last {
                return;
            }
        }
    }
}

impl Share {
    fn is_full(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= SHARE
    }

    fn take(&self, weight: usize) {
        self.0.fetch_add(weight, Ordering::SeqCst);
    }

    /// Makes room; tells whether there was none.
    fn give_back(&self, weight: usize) -> bool {
        self.0.fetch_sub(weight, Ordering::SeqCst) >= SHARE
    }
}

fn weight(arrival: &Arrival<Received>) -> usize {
    match &arrival.event {
        SourceEvent::Bytes(received) => received.bytes.len().max(ARRIVAL),
        _ => ARRIVAL,
    }
}

/// Bytes of a source that may wait: 5 s of a line at 115200 baud.
const SHARE: usize = 64 * 1024;
/// What an arrival weighs at the least, in bytes.
const ARRIVAL: usize = SHARE / 1024;
/// What one read may take, in bytes.
const BUFFER: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::super::read::SourceOptions;
    use super::super::testing::{Folder, Plug, all_bytes, fifo, options};
    use super::*;
    use std::io::Write;
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::Instant;

    fn start(places: &[&str], options: &SourceOptions) -> ReaderThreads {
        let sources = places
            .iter()
            .map(|place| Reconnecting::new(place.parse().unwrap(), options.clone()))
            .collect();
        ReaderThreads::start(sources, options.stop.clone()).unwrap()
    }

    fn server() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// The next arrival that is no silence, within 10 s.
    fn arrival(threads: &ReaderThreads) -> Arrival<Received> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            match threads.recv_timeout(Duration::from_secs(1)) {
                Ok(arrival) if !matches!(arrival.event, SourceEvent::Quiet) => return arrival,
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("done"),
            }
        }
        panic!("nothing for 10 s");
    }

    #[test]
    fn two_ports_come_in_order_and_end_with_the_hub() {
        let folders = [Folder::new(), Folder::new()];
        let mut plugs = [Plug::new(&folders[0]), Plug::new(&folders[1])];
        let places: Vec<_> = plugs.iter().map(|p| p.path.to_str().unwrap()).collect();
        let threads = start(&places, &options());
        for _ in 0..2 {
            assert!(matches!(arrival(&threads).event, SourceEvent::Opened(_)));
        }
        for round in 0..20 {
            let index = round % 2;
            plugs[index].send(&[round as u8]);
            let came = arrival(&threads);
            assert_eq!(came.source, index);
            assert!(
                matches!(&came.event, SourceEvent::Bytes(received) if received.bytes == [round as u8])
            );
        }
        let start = Instant::now();
        drop(threads);
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
        let threads = start(
            &[&format!("tcp://{address}"), plug.path.to_str().unwrap()],
            &options(),
        );
        let (mut flooded, mut opened) = (0, false);
        while flooded == 0 || !opened {
            match arrival(&threads) {
                Arrival {
                    source: 1,
                    event: SourceEvent::Opened(_),
                    ..
                } => opened = true,
                Arrival {
                    event: SourceEvent::Bytes(received),
                    ..
                } => flooded += received.bytes.len(),
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
                let came = arrival(&threads);
                match came.event {
                    SourceEvent::Bytes(received) if came.source == 1 => {
                        assert_eq!(received.bytes, [round]);
                        break;
                    }
                    SourceEvent::Bytes(received) => flooded += received.bytes.len(),
                    _ => {}
                }
            }
            waits.push(sent.elapsed());
            let waiting = threads.threads[0].share.0.load(Ordering::SeqCst);
            assert!(waiting < SHARE + BUFFER, "{waiting}");
        }
        waits.sort();
        assert!(waits[40] < Duration::from_millis(20), "{waits:?}");
        assert!(flooded > SHARE, "{flooded}");
        drop(threads);
        flood.join().unwrap();
    }

    #[test]
    fn a_source_that_fails_or_stalls_leaves_the_others_alone() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let stalled = folder.path("fifo");
        fifo(&stalled);
        let (_silent, address) = server();
        let threads = start(
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
            match arrival(&threads) {
                Arrival {
                    source: 0,
                    event: SourceEvent::Failed(_),
                    ..
                } => failed = true,
                Arrival {
                    source: 3,
                    event: SourceEvent::Bytes(received),
                    ..
                } => bytes.extend(&received.bytes),
                Arrival {
                    event: SourceEvent::Opened(_) | SourceEvent::NoWriter,
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
        let threads = start(&[path.to_str().unwrap(); 2], &options());
        let mut read: [Vec<u8>; 2] = Default::default();
        let mut ends = 0;
        loop {
            match threads.recv_timeout(Duration::from_secs(10)) {
                Ok(Arrival {
                    source,
                    event: SourceEvent::Bytes(received),
                    ..
                }) => {
                    read[source].extend(&received.bytes);
                }
                Ok(Arrival {
                    event: SourceEvent::End,
                    ..
                }) => ends += 1,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("nothing for 10 s"),
                Err(RecvTimeoutError::Disconnected) => break,
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
        let threads = start(&[place, &format!("tcp://{address}"), "/dev/zero"], &options);
        while !matches!(arrival(&threads).event, SourceEvent::Opened(found) if found.name == place)
        {
        }
        plug.pull_out();
        while !matches!(arrival(&threads).event, SourceEvent::Lost(_)) {}
        thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        options.stop.stop();
        while !matches!(
            threads.recv_timeout(Duration::from_secs(5)),
            Err(RecvTimeoutError::Disconnected)
        ) {}
        assert!(start.elapsed() < Duration::from_millis(300));
    }
}
