//! A bar on standard error: on a terminal it moves, elsewhere a line tells every quarter.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// Time between two pictures of the bar.
const FRAME: Duration = Duration::from_millis(100);
const WIDTH: u64 = 30;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    Pieces(&'static str),
}

pub struct Progress {
    label: &'static str,
    unit: Unit,
    total: u64,
    done: u64,
    since: Instant,
    drawn: Option<Instant>,
    /// Quarters that were told, where the bar cannot move.
    told: u64,
    moves: bool,
}

impl Progress {
    pub fn new(label: &'static str, unit: Unit, total: u64) -> Self {
        let moves = io::stderr().is_terminal();
        Self { label, unit, total, done: 0, since: Instant::now(), drawn: None, told: 0, moves }
    }

    pub fn expect(&mut self, total: u64) {
        self.total = total;
    }

    pub fn add(&mut self, done: u64) {
        self.done += done;
        if self.moves {
            if self.drawn.is_none_or(|at| at.elapsed() >= FRAME) {
                self.drawn = Some(Instant::now());
                Self::say(&format!("\r{}\x1b[K", self.line()));
            }
        } else {
            let quarter = self.percent() / 25;
            if quarter > self.told {
                self.told = quarter;
                Self::say(&format!("{}\n", self.line()));
            }
        }
    }

    /// Takes the moving bar away; how long it took.
    pub fn end(self) -> Duration {
        if self.moves {
            Self::say("\r\x1b[K");
        }
        self.since.elapsed()
    }

    fn percent(&self) -> u64 {
        // More may pass than was expected: what is copied may grow meanwhile.
        (self.done * 100).checked_div(self.total).unwrap_or(100).min(100)
    }

    fn line(&self) -> String {
        let percent = self.percent();
        let full = WIDTH * percent / 100;
        let bar: String = (0..WIDTH).map(|i| if i < full { '#' } else { '.' }).collect();
        let amount = match self.unit {
            Unit::Bytes => format!("{} MB, {:.0} MB/s", self.done / 1_000_000, rate(self.done, self.since.elapsed())),
            Unit::Pieces(name) => format!("{} of {} {name}", self.done, self.total),
        };
        format!("{} [{bar}] {percent:>3} %  {amount}", self.label)
    }

    fn say(text: &str) {
        // A bar that nobody sees is no reason to stop.
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

impl crate::backup::create::Watch for Progress {
    fn expect(&mut self, bytes: u64) {
        Self::expect(self, bytes);
    }
    fn passed(&mut self, bytes: u64) {
        self.add(bytes);
    }
}

/// Megabytes a second.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub fn rate(bytes: u64, took: Duration) -> f64 {
    bytes as f64 / 1e6 / took.as_secs_f64().max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_and_never_overflows() {
        let mut bar = Progress::new("x", Unit::Pieces("couples"), 4);
        assert!(bar.line().contains("[..............................]   0 %  0 of 4 couples"));
        bar.add(2);
        assert!(bar.line().contains("[###############...............]  50 %"), "{}", bar.line());
        bar.add(9);
        assert!(bar.line().contains("100 %"));
        assert_eq!(Progress::new("x", Unit::Bytes, 0).percent(), 100);
    }
}
