//! Latencies in a log-linear histogram: 64 steps per power of two, so that a quantile is at most 1.6 % too high,
//! whatever its size. Recording is a shift and an add.

use std::time::Duration;

/// Steps per power of two, as a power of two.
const STEP_BITS: u32 = 6;
const STEPS: u64 = 1 << STEP_BITS;

#[derive(Debug, Clone, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Histogram {
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        let slot = slot(nanos);
        if slot >= self.counts.len() {
            self.counts.resize(slot + 1, 0);
        }
        self.counts[slot] += 1;
        self.total += 1;
        self.max = self.max.max(nanos);
    }

    pub fn merge(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    pub fn len(&self) -> u64 {
        self.total
    }

    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The latency that `percent` (1..=100) of the requests did not exceed; zero when nothing was recorded.
    pub fn percentile(&self, percent: u64) -> Duration {
        let rank = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        for (slot, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank && seen > 0 {
                return Duration::from_nanos(upper(slot).min(self.max));
            }
        }
        Duration::ZERO
    }
}

/// Values below 64 have a slot each; above, the six bits after the leading one choose the slot of their octave.
fn slot(value: u64) -> usize {
    let slot = if value < STEPS {
        value
    } else {
        let shift = value.ilog2() - STEP_BITS;
        u64::from(shift) * STEPS + (value >> shift)
    };
    usize::try_from(slot).unwrap_or(usize::MAX)
}

/// The largest value of a slot.
fn upper(slot: usize) -> u64 {
    let slot = slot as u64;
    if slot < STEPS {
        return slot;
    }
    let shift = slot / STEPS - 1;
    let first = (slot % STEPS + STEPS) << shift;
    first + ((1_u64 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::SmallRng};

    #[test]
    fn slots_are_contiguous_and_hold_their_values() {
        for value in (0..5_000_u64).chain((10..63).flat_map(|e| [(1 << e) - 1, 1 << e, (1 << e) + 1])) {
            let own = slot(value);
            assert!(upper(own) >= value, "{value}");
            assert!(own == 0 || upper(own - 1) < value, "{value}");
            assert!(upper(own) - value <= value / 64, "{value}");
        }
    }

    #[test]
    fn percentiles_agree_with_a_sorted_list() {
        let mut rng = SmallRng::seed_from_u64(7);
        let mut values: Vec<u64> = (0..10_001).map(|_| 1_u64 << rng.random_range(3..30)).collect();
        for value in &mut values {
            *value += rng.random_range(0..*value);
        }
        let mut halves = [Histogram::default(), Histogram::default()];
        for (i, value) in values.iter().enumerate() {
            halves[i % 2].record(Duration::from_nanos(*value));
        }
        let [mut all, other] = halves;
        all.merge(&other);
        values.sort_unstable();
        assert_eq!(all.len(), 10_001);
        for percent in [1, 50, 90, 99, 100] {
            let exact = values[(10_001_usize * percent).div_ceil(100) - 1];
            let ours = u64::try_from(all.percentile(percent as u64).as_nanos()).unwrap();
            assert!(ours >= exact && ours <= exact + exact / 60, "p{percent}: {ours} for {exact}");
        }
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert!(Histogram::default().is_empty());
        assert_eq!(Histogram::default().percentile(99), Duration::ZERO);
    }
}
