//! What the tests of MQTT have in common: a broker, one who listens, a relay that can be cut, the running program.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rumqttc_v5::{Client, Event, MqttOptions, Packet, QoS};
use rustix::process::{Pid, Signal, kill_process};

/// The broker of this machine; where it is missing the test is left out, and says so.
pub fn mosquitto(test: &str) -> Option<PathBuf> {
    let places = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];
    let found = places
        .iter()
        .map(|folder| Path::new(folder).join("mosquitto"))
        .find(|path| path.exists());
    if found.is_none() {
        eprintln!("left out: {test}: there is no mosquitto here (apt-get install mosquitto)");
    }
    found
}

/// A folder, gone at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("smarty-mqtt-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The program with arguments, in this folder, with nothing of the environment.
    pub fn smarty(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smarty"));
        command
            .env_clear()
            .envs([("TZ", "UTC"), ("NO_COLOR", "1")])
            .env("HOME", &self.0)
            .current_dir(&self.0)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end: what it said, and the exit code.
    pub fn said(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = self.smarty(arguments).output().unwrap();
        (said(&output), output.status.code())
    }
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A broker that can be killed and started again.
pub struct Broker {
    program: PathBuf,
    config: PathBuf,
    child: Child,
    pub port: u16,
}

impl Broker {
    /// Starts one with lines of configuration; `%p` in them is its port.
    pub fn start(program: &Path, folder: &Folder, lines: &str) -> Self {
        let port = free_port();
        let config = folder.path(&format!("mosquitto-{port}.conf"));
        fs::write(&config, lines.replace("%p", &port.to_string())).unwrap();
        let child = spawn(program, &config);
        let broker = Self {
            program: program.to_owned(),
            config,
            child,
            port,
        };
        broker.wait();
        broker
    }

    /// One that lets everybody in.
    pub fn open(program: &Path, folder: &Folder) -> Self {
        Self::start(
            program,
            folder,
            "listener %p 127.0.0.1\nallow_anonymous true\n",
        )
    }

    /// One that lets nobody in but anna, whose password is "open sesame"; where that cannot be made the test is left
    /// out, and says so.
    pub fn locked(test: &str, folder: &Folder) -> Option<Self> {
        let program = mosquitto(test)?;
        let passwords = folder.path("passwords");
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&passwords)
            .args(["anna", "open sesame"])
            .status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("left out: {test}: there is no mosquitto_passwd here");
            return None;
        }
        let lines = format!(
            "user root\nlistener %p 127.0.0.1\nallow_anonymous false\npassword_file {}\n",
            passwords.display()
        );
        Some(Self::start(&program, folder, &lines))
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.child = spawn(&self.program, &self.config);
        self.wait();
    }

    fn wait(&self) {
        wait_until("the broker listens", || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &Path, config: &Path) -> Child {
    Command::new(program)
        .arg("-c")
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub fn free_port() -> u16 {
    // The system gives each port once before it begins anew.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

pub fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "waited in vain: {what}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// One message as a subscriber got it.
#[derive(Clone, Debug)]
pub struct Heard {
    pub topic: String,
    pub text: String,
    /// An old one that the broker had kept.
    pub kept: bool,
}

/// One who listens to all, and comes back by itself.
pub struct Listener {
    heard: Arc<Mutex<Vec<Heard>>>,
    subscribed: Arc<AtomicBool>,
    pub client: Client,
}

impl Listener {
    pub fn start(port: u16, login: Option<(&str, &str)>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("listener-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut options = MqttOptions::new(name, ("127.0.0.1", port));
        options.set_keep_alive(5);
        options.set_unlimited_incoming_packet_size();
        if let Some((user, password)) = login {
            options.set_credentials(user, password.to_owned());
        }
        let (client, mut connection) = Client::builder(options).capacity(10).build();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let subscribed = Arc::new(AtomicBool::new(false));
        let (asker, all, ready) = (client.clone(), Arc::clone(&heard), Arc::clone(&subscribed));
        thread::spawn(move || {
            for event in connection.iter() {
                match event {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        asker.try_subscribe("#", QoS::AtLeastOnce).unwrap();
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => ready.store(true, Ordering::SeqCst),
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        all.lock().unwrap().push(Heard {
                            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                            text: String::from_utf8_lossy(&publish.payload).into_owned(),
                            kept: publish.retain,
                        });
                    }
                    Ok(_) => {}
                    Err(_) => {
                        ready.store(false, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(20));
                    }
                }
            }
        });
        let listener = Self {
            heard,
            subscribed,
            client,
        };
        listener.wait_subscribed();
        listener
    }

    pub fn wait_subscribed(&self) {
        wait_until("the subscriber is there", || {
            self.subscribed.load(Ordering::SeqCst)
        });
    }

    pub fn wait_lost(&self) {
        wait_until("the subscriber is cut off", || {
            !self.subscribed.load(Ordering::SeqCst)
        });
    }

    pub fn all(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// What came on a topic, in order.
    pub fn of(&self, topic: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let of = heard
            .iter()
            .filter(|heard| heard.topic == topic && !heard.kept);
        of.map(|heard| heard.text.clone()).collect()
    }

    pub fn wait_for(&self, topic: &str, text: &str) {
        wait_until(&format!("{topic} {text}"), || {
            self.of(topic).iter().any(|heard| heard.contains(text))
        });
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.client.try_disconnect();
    }
}

/// A port that leads to another, and can be cut.
pub struct Relay {
    pub port: u16,
    open: Arc<AtomicBool>,
    target: Arc<AtomicU16>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let relay = Self {
            port: listener.local_addr().unwrap().port(),
            open: Arc::new(AtomicBool::new(true)),
            target: Arc::new(AtomicU16::new(target)),
            streams: Arc::default(),
        };
        let (open, target) = (Arc::clone(&relay.open), Arc::clone(&relay.target));
        let streams = Arc::clone(&relay.streams);
        thread::spawn(move || {
            for inside in listener.incoming().map_while(Result::ok) {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(outside) = TcpStream::connect(("127.0.0.1", target.load(Ordering::SeqCst)))
                else {
                    continue;
                };
                let copies = [&inside, &outside].map(|stream| stream.try_clone().unwrap());
                streams.lock().unwrap().extend(copies);
                pass(inside.try_clone().unwrap(), outside.try_clone().unwrap());
                pass(outside, inside);
            }
        });
        relay
    }

    /// Cuts all connections, and lets none through.
    pub fn cut(&self) {
        self.open.store(false, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn mend(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

/// The program while it runs.
pub struct Run(Option<Child>);

impl Run {
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self(Some(folder.smarty(arguments).spawn().unwrap()))
    }

    /// Resident memory in kB.
    pub fn memory(&self) -> u64 {
        let id = self.0.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Ends it by a signal; what it said, and how long the end took.
    pub fn terminate(mut self) -> (String, Duration) {
        let child = self.0.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let started = Instant::now();
        let output = child.wait_with_output().unwrap();
        (said(&output), started.elapsed())
    }

    pub fn kill(&mut self) {
        let child = self.0.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
