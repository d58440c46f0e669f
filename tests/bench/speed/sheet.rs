//! Times with criterion, and a table of ratios at the end.

use std::time::Instant;

use criterion::{Criterion, Throughput};

/// Everything that was timed.
pub struct Sheet {
    criterion: Criterion,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    limit: &'static str,
    bytes: f64,
    frames: f64,
    /// Seconds a run, of the quickest sample: whatever else the machine does only adds to it.
    seconds: f64,
}

impl Sheet {
    pub fn new(criterion: Criterion) -> Self {
        Self {
            criterion,
            rows: Vec::new(),
        }
    }

    /// Times a run over so many bytes and frames; `limit` names the row it is compared with.
    pub fn time(
        &mut self,
        name: &'static str,
        limit: &'static str,
        (bytes, frames): (usize, usize),
        mut run: impl FnMut(),
    ) {
        let mut samples = Vec::new();
        let mut group = self.criterion.benchmark_group("speed");
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let started = Instant::now();
                (0..count).for_each(|_| run());
                let taken = started.elapsed();
                samples.push(taken.as_secs_f64() / count as f64);
                taken
            });
        });
        group.finish();
        if let Some(seconds) = samples.into_iter().min_by(f64::total_cmp) {
            let (bytes, frames) = (bytes as f64, frames as f64);
            self.rows.push(Row {
                name,
                limit,
                bytes,
                frames,
                seconds,
            });
        }
    }

    /// Prints the table, as it stands in the README.
    pub fn finish(self) {
        self.criterion.final_summary();
        println!("| | µs a frame | GB/s | against |\n| --- | ---: | ---: | --- |");
        for row in &self.rows {
            let micros = row.seconds / row.frames * 1e6;
            let rate = row.bytes / row.seconds / 1e9;
            let limit = self.rows.iter().find(|other| other.name == row.limit);
            let against = limit.map_or(String::new(), |limit| {
                let ratio = micros / (limit.seconds / limit.frames * 1e6);
                format!("{ratio:.1} × {}", limit.name)
            });
            println!("| {} | {micros:.3} | {rate:.2} | {against} |", row.name);
        }
    }
}
