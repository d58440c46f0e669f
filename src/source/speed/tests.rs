use super::*;
use crate::p1::line::Rng;
use crate::p1::readout::crc16;
use crate::source::line_settings::Mode;

fn telegram() -> Vec<u8> {
    let mut text = b"/ABC5x\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n1-0:1.7.0(00.005*kW)\r\n!".to_vec();
    let crc = crc16(&text);
    text.extend(format!("{crc:04X}\r\n").bytes());
    text
}

fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    (0..length).map(|_| rng.next_byte()).collect()
}

fn search() -> Search {
    Search::among(&LineSettings::candidates(None)).unwrap()
}

/// Runs a search on a meter that sends bursts at settings; gives when it was right, with what was passed on and said.
fn run(
    right: Option<LineSettings>,
    burst: &[u8],
    period: Duration,
    limit: Duration,
) -> (Option<Duration>, Vec<u8>, Vec<LineNews>) {
    let mut search = search();
    let start = Instant::now();
    let (mut now, mut next) = (start, start + Duration::from_secs(1));
    let (mut passed, mut said, mut seed) = (Vec::new(), Vec::new(), 1);
    while now - start < limit {
        let mut bytes = Vec::new();
        let mut came = match now >= next && !burst.is_empty() {
            true => {
                next += period;
                seed += 1;
                bytes = match right == Some(search.line()) {
                    true => burst.to_vec(),
                    false => noise(burst.len(), seed),
                };
                search.take(&bytes, now)
            }
            false => {
                now += Duration::from_millis(250);
                search.quiet(now)
            }
        };
        if came == Next::Pass {
            passed.extend_from_slice(&bytes);
            came = Next::Hold;
        }
        if let Next::Release(bytes, news) | Next::Set(_, bytes, news) = came {
            passed.extend(bytes);
            said.extend(news);
        }
        if search.proven.is_some() {
            return (Some(now - start), passed, said);
        }
    }
    (None, passed, said)
}

#[test]
fn a_good_port_is_left_alone_and_loses_no_byte() {
    let burst = telegram();
    let (at, passed, said) = run(
        Some(LineSettings::P1),
        &burst,
        Duration::from_secs(10),
        DWELL,
    );
    assert!(at.is_some());
    assert_eq!(passed, burst);
    assert!(said.is_empty());
}

#[test]
fn each_speed_is_found_in_bounded_time() {
    let lines = LineSettings::candidates(None);
    for (place, line) in lines.iter().enumerate() {
        for period in [1, 2, 10] {
            let period = Duration::from_secs(period);
            let limit = (DWELL + BURST) * (place as u32 + 1);
            let (at, passed, said) = run(Some(*line), &telegram(), period, limit);
            assert!(at.is_some(), "{line} each {period:?}");
            assert_eq!(passed, telegram());
            match place {
                0 => assert!(said.is_empty()),
                _ => assert_eq!(
                    said,
                    [LineNews::Looking(lines.clone()), LineNews::Found(*line)]
                ),
            }
        }
    }
}

#[test]
fn where_nothing_fits_the_first_bytes_are_passed_on_and_it_is_said_once() {
    let limit = DWELL * 20;
    let (at, passed, said) = run(None, &[0; 400], Duration::from_secs(10), limit);
    assert_eq!(at, None);
    assert!(passed.len() >= 400);
    assert_eq!(said.len(), 2);
    assert_eq!(said[1], LineNews::NotFound { heard: true });
    let (at, passed, said) = run(None, &[], Duration::from_secs(1000), limit);
    assert_eq!((at, passed.len()), (None, 0));
    assert_eq!(said[1..], [LineNews::NotFound { heard: false }]);
}

#[test]
fn damaged_text_keeps_its_speed() {
    let mut damaged = telegram();
    damaged[30] = b'9';
    let mut search = search();
    let mut now = Instant::now();
    let mut passed = Vec::new();
    for _ in 0..20 {
        for step in 0..40 {
            let next = match step {
                0 => search.take(&damaged, now),
                _ => search.quiet(now),
            };
            match next {
                Next::Pass if step == 0 => passed.extend_from_slice(&damaged),
                Next::Release(bytes, news) => {
                    assert_eq!(news, None);
                    passed.extend(bytes);
                }
                Next::Pass | Next::Hold => {}
                Next::Set(line, ..) => panic!("went to {line}"),
            }
            now += Duration::from_millis(250);
        }
    }
    assert_eq!(passed.len(), damaged.len() * 20);
}

#[test]
fn what_was_proven_stays_through_silence_and_noise_for_ten_minutes() {
    let mut search = search();
    let mut now = Instant::now();
    assert!(matches!(search.take(&telegram(), now), Next::Release(..)));
    let end = now + RELAPSE - Duration::from_secs(1);
    let mut seed = 0;
    while now < end {
        now += Duration::from_secs(1);
        seed += 1;
        assert_eq!(search.take(&noise(300, seed), now), Next::Pass);
        assert_eq!(search.quiet(now), Next::Pass);
    }
    let mut moved = false;
    for _ in 0..200 {
        now += Duration::from_millis(250);
        moved |= matches!(search.quiet(now), Next::Set(..));
    }
    assert!(moved, "nothing was proven for long");
}

#[test]
fn noise_of_megabytes_proves_nothing() {
    for seed in 0..40 {
        assert!(!proves(&noise(HEARD_MAX, seed)), "seed {seed}");
    }
}

#[test]
fn each_kind_of_frame_is_a_proof() {
    let push = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/push");
        let text = std::fs::read_to_string(path.join(name)).unwrap();
        let digits: String = text.split_whitespace().collect();
        hex::decode(digits).unwrap()
    };
    for name in ["at-mbus.hex", "no-rows.hex", "ch-blocks.hex"] {
        assert!(proves(&push(name)), "{name}");
    }
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for name in ["lu.bin", "nl5.txt", "nl22.txt", "nl30.txt", "se.txt"] {
        assert!(
            proves(&std::fs::read(samples.join(name)).unwrap()),
            "{name}"
        );
    }
    assert!(proves(&[0, 0x10, 0x40, 0xF0, 0x30, 0x16]));
}

#[test]
fn a_mode_that_is_given_is_kept() {
    let mode: Mode = "8E1".parse().unwrap();
    let lines = LineSettings::candidates(Some(mode));
    assert!(lines.iter().all(|line| line.mode == mode));
    let speeds: Vec<_> = lines.iter().map(|line| line.baud).collect();
    assert_eq!(speeds, [115_200, 9600, 2400, 38_400]);
}
