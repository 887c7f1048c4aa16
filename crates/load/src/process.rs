//! What a running program costs, read from `/proc` (Linux).

use crate::{Error, Result};
use std::{fs, time::Duration};

/// Processor time is looked at this often while waiting for it to stand still.
const LOOK: Duration = Duration::from_millis(500);
/// Less than this much of a core counts as standing still: idle loops go on for ever.
const STILL: f64 = 0.03;
/// Looks until a program that never rests is taken as it is.
const LOOKS: usize = 60;

/// User and system time since the program began.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let ticks = cpu_ticks(&stat).ok_or_else(|| Error::Program(format!("/proc/{pid}/stat: {stat}")))?;
    Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
}

/// `utime + stime`, fields 14 and 15; the name in field 2 may contain anything, so counting starts after its end.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// The processor time once work in the background (relays, checkpoints, mails) has come to rest.
pub async fn settled_cpu(pid: u32) -> Result<Duration> {
    let mut last = cpu(pid)?;
    let mut quiet = 0;
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let now = cpu(pid)?;
        quiet = if now.saturating_sub(last).as_secs_f64() < STILL * LOOK.as_secs_f64() { quiet + 1 } else { 0 };
        last = now;
        if quiet == 2 {
            break;
        }
    }
    Ok(last)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// All resident pages, those of mapped files too.
    pub resident_kib: u64,
    /// Heap and stacks.
    pub anonymous_kib: u64,
}

pub fn memory(pid: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name| kib(&status, name).ok_or_else(|| Error::Program(format!("/proc/{pid}/status has no {name}")));
    Ok(Memory { resident_kib: field("VmRSS")?, anonymous_kib: field("RssAnon")? })
}

/// The value of a line like `VmRSS:      1234 kB`.
pub(crate) fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Files (and sockets) this program may have open; its children inherit the limit.
pub fn open_files() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_an_awkward_name() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20";
        assert_eq!(cpu_ticks(stat), Some(42));
    }

    #[test]
    fn our_own_figures_are_plausible() {
        let own = std::process::id();
        let before = cpu(own).unwrap();
        let mut x = 1_u64;
        while cpu(own).unwrap() < before + Duration::from_millis(30) {
            x = std::hint::black_box(x.wrapping_mul(31));
        }
        let memory = memory(own).unwrap();
        assert!(memory.resident_kib > memory.anonymous_kib && memory.anonymous_kib > 0);
        assert!(open_files() > 10);
    }
}
