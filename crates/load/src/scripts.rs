//! What connections say: the same again, one of many, a fresh key each time, a list to its end.

use crate::{runner::Script, wire::Request};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::{fmt::Write, sync::Arc};

/// The same bytes again and again.
pub struct Repeat(pub Vec<u8>);

impl Script for Repeat {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0);
        true
    }
}

/// One of many at random, the same sequence in every run.
pub struct AnyOf {
    requests: Arc<[Vec<u8>]>,
    rng: SmallRng,
}

impl AnyOf {
    /// One script per connection over the same requests.
    pub fn scripts(requests: &Arc<[Vec<u8>]>, connections: u64) -> Vec<Self> {
        (0..connections).map(|seed| Self { requests: requests.clone(), rng: SmallRng::seed_from_u64(seed) }).collect()
    }
}

impl Script for AnyOf {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.requests[self.rng.random_range(0..self.requests.len())]);
        true
    }
}

/// One request with a key that no other request has.
pub struct FreshKey {
    request: Request,
    key: String,
    constant: usize,
    count: u64,
}

impl FreshKey {
    /// `name` tells this script's keys from all others of the same caller.
    pub fn new(request: Request, name: &str) -> Self {
        let key = format!("{name}-");
        Self { request, constant: key.len(), key, count: 0 }
    }
}

impl Script for FreshKey {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        self.count += 1;
        self.key.truncate(self.constant);
        let written = write!(self.key, "{}", self.count);
        self.request.write_keyed(&self.key, out);
        written.is_ok()
    }
}

/// One request in whose body a number counts on, if it has the mark.
pub struct Counted {
    bytes: Vec<u8>,
    /// Where its digits stand.
    digits: std::ops::Range<usize>,
    count: u64,
}

impl Counted {
    /// What stands in the body for the number.
    pub const MARK: &'static str = "000000000000";

    pub fn new(request: &Request) -> Self {
        let bytes = request.bytes();
        let mark = Self::MARK.as_bytes();
        let at = bytes.windows(mark.len()).position(|part| part == mark);
        Self { bytes, digits: at.map_or(0..0, |at| at..at + mark.len()), count: 0 }
    }
}

impl Script for Counted {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        self.count += 1;
        if !self.digits.is_empty() {
            let digits = format!("{:0width$}", self.count, width = self.digits.len());
            self.bytes[self.digits.clone()].copy_from_slice(digits.as_bytes());
        }
        out.extend_from_slice(&self.bytes);
        true
    }
}

/// One at a time of several scripts, in a random order that is the same in every run.
pub struct Mixed<S> {
    scripts: Vec<S>,
    rng: SmallRng,
}

impl<S> Mixed<S> {
    pub fn new(scripts: Vec<S>, seed: u64) -> Self {
        Self { scripts, rng: SmallRng::seed_from_u64(seed) }
    }
}

impl<S: Script> Script for Mixed<S> {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        let index = self.rng.random_range(0..self.scripts.len());
        self.scripts[index].next(out)
    }
}

/// Each request once, made when it is its turn; keeps what `keep` takes from each answer.
pub struct Each<M, K, T> {
    left: std::ops::Range<usize>,
    make: M,
    keep: K,
    pub kept: Vec<T>,
    /// Answers that were not 2xx, or from which nothing could be kept, with their text.
    pub refused: Vec<String>,
}

impl<M, K, T> Each<M, K, T>
where
    M: Fn(usize) -> Request + Clone,
    K: Fn(&[u8]) -> Option<T> + Clone,
{
    /// `count` requests dealt to `connections` scripts.
    pub fn scripts(count: usize, connections: usize, make: &M, keep: &K) -> Vec<Self> {
        (0..connections)
            .map(|lane| Self {
                left: count * lane / connections..count * (lane + 1) / connections,
                make: make.clone(),
                keep: keep.clone(),
                kept: Vec::new(),
                refused: Vec::new(),
            })
            .collect()
    }
}

impl<M, K, T> Script for Each<M, K, T>
where
    M: Fn(usize) -> Request + Send + 'static,
    K: Fn(&[u8]) -> Option<T> + Send + 'static,
    T: Send + 'static,
{
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(index) = self.left.next() else { return false };
        (self.make)(index).write(out);
        true
    }

    fn answered(&mut self, status: u16, body: &[u8]) {
        let kept = if (200..300).contains(&status) { (self.keep)(body) } else { None };
        match kept {
            Some(value) => self.kept.push(value),
            None => self.refused.push(format!("{status} {}", String::from_utf8_lossy(body))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_from_request_to_request() {
        let mut script = FreshKey::new(Request::post("/x"), "a");
        let mut said = Vec::new();
        for _ in 0..2 {
            let mut out = Vec::new();
            assert!(script.next(&mut out));
            said.push(String::from_utf8(out).unwrap());
        }
        assert!(said[0].contains("Idempotency-Key: a-1\r\n") && said[1].contains("Idempotency-Key: a-2\r\n"));
    }

    #[test]
    fn each_request_is_made_once_over_all_connections() {
        let make = |index: usize| Request::get(&format!("/{index}"));
        let keep = |body: &[u8]| Some(body.len());
        let mut scripts = Each::scripts(10, 3, &make, &keep);
        let mut paths = Vec::new();
        for script in &mut scripts {
            let mut out = Vec::new();
            while script.next(&mut out) {
                paths.push(String::from_utf8(std::mem::take(&mut out)).unwrap());
            }
        }
        assert_eq!(paths.len(), 10);
        assert!((0..10).all(|index| paths[index].starts_with(&format!("GET /{index} "))));
        scripts[0].answered(201, b"ok");
        scripts[0].answered(429, b"slow");
        assert_eq!((scripts[0].kept.len(), scripts[0].refused.len()), (1, 1));
    }
}
