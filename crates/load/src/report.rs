//! Figures beside their targets and the floor, as an aligned Markdown table or as JSON. A miss is printed, never an
//! error: the figures of one machine on one day are for people to judge.

use crate::{Result, process::kib, runner::float};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Miss,
    /// A figure without a target.
    None,
}

#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub scenario: &'static str,
    pub measure: &'static str,
    pub unit: &'static str,
    pub measured: f64,
    pub target: Option<Target>,
    pub verdict: Verdict,
    /// The same measure of the bare floor, and measured divided by it.
    pub floor: Option<f64>,
    pub ratio: Option<f64>,
    pub note: String,
}

impl Row {
    pub fn new(scenario: &'static str, measure: &'static str, unit: &'static str, measured: f64) -> Self {
        let verdict = Verdict::None;
        Self { scenario, measure, unit, measured, target: None, verdict, floor: None, ratio: None, note: String::new() }
    }

    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        let met = match target {
            Target::AtLeast(least) => self.measured >= least,
            Target::AtMost(most) => self.measured <= most,
        };
        self.target = Some(target);
        self.verdict = if met { Verdict::Ok } else { Verdict::Miss };
        self
    }

    #[must_use]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = Some(floor);
        self.ratio = (floor > 0.0).then(|| self.measured / floor);
        self
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn cells(&self) -> [String; 8] {
        let target = self.target.map(|target| match target {
            Target::AtLeast(least) => format!("≥ {}", number(least)),
            Target::AtMost(most) => format!("≤ {}", number(most)),
        });
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Miss => "miss",
            Verdict::None => "",
        };
        [
            self.scenario.to_owned(),
            format!("{}, {}", self.measure, self.unit),
            number(self.measured),
            target.unwrap_or_default(),
            verdict.to_owned(),
            self.floor.map(number).unwrap_or_default(),
            self.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            self.note.clone(),
        ]
    }
}

/// Three digits that count, thousands grouped.
fn number(value: f64) -> String {
    match value {
        v if v >= 1000.0 => {
            let digits = format!("{v:.0}");
            let mut grouped = String::new();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i).is_multiple_of(3) {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            grouped
        }
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

/// Where the figures come from.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub processor: String,
    pub memory_gib: f64,
    pub kernel: String,
    /// Median of an append of 4 KiB with fsync in the folder of the data.
    pub fsync_millis: f64,
}

impl Machine {
    pub fn look(folder: &Path) -> Result<Self> {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: model.map_or("unknown", |(_, name)| name.trim()).to_owned(),
            memory_gib: float(kib(&read("/proc/meminfo"), "MemTotal").unwrap_or(0)) / 1_048_576.0,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            fsync_millis: fsync(folder)?.as_secs_f64() * 1000.0,
        })
    }
}

fn fsync(folder: &Path) -> Result<Duration> {
    let path = folder.join("fsync.probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..101 {
        let begin = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_all()?;
        times.push(begin.elapsed());
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub seconds_per_measurement: u64,
    pub rows: Vec<Row>,
}

impl Report {
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub fn markdown(&self) -> String {
        let machine = &self.machine;
        let mut text = format!(
            "{} cores ({}), {:.0} GiB, Linux {}, fsync {} ms, {} s per measurement; generator on the same machine.\n\n",
            machine.cores,
            machine.processor,
            machine.memory_gib,
            machine.kernel,
            number(machine.fsync_millis),
            self.seconds_per_measurement,
        );
        let head =
            ["Scenario", "Measure", "Product", "Target", "", "Floor", "Product / floor", "Note"].map(str::to_owned);
        let rows: Vec<[String; 8]> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(3);
        let widths: [usize; 8] = std::array::from_fn(width);
        let mut lines: Vec<[String; 8]> = Vec::with_capacity(rows.len() + 1);
        lines.push(rows[0].clone());
        lines.push(widths.map(|width| "-".repeat(width)));
        lines.extend_from_slice(&rows[1..]);
        for line in lines {
            for (cell, width) in line.iter().zip(widths) {
                text.push_str("| ");
                text.push_str(cell);
                text.push_str(&" ".repeat(width - cell.chars().count() + 1));
            }
            text.push_str("|\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_judged_both_ways() {
        let row = |measured| Row::new("s", "m", "u", measured);
        assert_eq!(row(5.0).verdict, Verdict::None);
        assert_eq!(row(5.0).target(Target::AtLeast(5.0)).verdict, Verdict::Ok);
        assert_eq!(row(4.9).target(Target::AtLeast(5.0)).verdict, Verdict::Miss);
        assert_eq!(row(5.1).target(Target::AtMost(5.0)).verdict, Verdict::Miss);
    }

    #[test]
    fn numbers_keep_what_counts() {
        let written = [13_600.4, 999.6, 81.26, 1.2345, 0.0214].map(number);
        assert_eq!(written, ["13,600", "1000", "81.3", "1.23", "0.021"]);
        assert_eq!(number(1_234_567.0), "1,234,567");
    }

    #[test]
    fn every_line_of_the_table_is_as_wide_as_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let rows = vec![Row::new("send", "rate", "1/s", 15_000.0).target(Target::AtLeast(13_000.0)).floor(45_000.0)];
        let report = Report { machine: Machine::look(folder.path()).unwrap(), seconds_per_measurement: 1, rows };
        let text = report.markdown();
        let widths: Vec<usize> = text.lines().skip(2).map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 3);
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
        assert!(text.contains("≥ 13,000") && text.contains("| 0.33"), "{text}");
        assert!(report.json().contains("\"at_least\": 13000.0"));
    }
}
