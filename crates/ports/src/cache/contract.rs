//! The contract of the cache: one case per sentence of the port's documentation.
//!
//! Times are given by the subject's world. What is stored under real expiry elsewhere must still honour them.

mod buckets;
mod loads;
mod locks;
mod values;

use super::Cache;
use crate::contract::{Case, cases};

/// `reopen` may give an empty cache: nothing here may be relied on.
pub type Subject = crate::contract::Subject<dyn Cache>;

pub const CASES: &[Case<Subject>] = cases![
    "a value is there until the moment of its expiry" => values::expiry,
    "setting replaces value and life" => values::replaces,
    "removed keys are gone, those of one hash tag together" => values::remove,
    "keys without a common hash tag are refused together" => values::hash_tags,
    "what is beyond the limits is refused" => values::limits,
    "a counter adds up and ends with its first add" => values::counter,
    "a counter counts every one of many" => values::counter_race,
    "a bucket gives its capacity at once and no more" => buckets::capacity,
    "a bucket refills evenly" => buckets::refill,
    "a take says when it would succeed and when the bucket is full" => buckets::times,
    "a refused take costs nothing" => buckets::refused_is_free,
    "a bucket without sense is refused" => buckets::limits,
    "exactly the capacity gets through at once" => buckets::race,
    "one holder at a time, until released or expired" => locks::one_holder,
    "fencing tokens grow" => locks::tokens_grow,
    "who lost a lock cannot release it" => locks::lost,
    "of many who lock one holds" => locks::race,
    "a hundred misses cause one load" => loads::single_flight,
    "what is loaded is cached, what is not there for a shorter time" => loads::lives,
    "a failed load is not remembered and the next one tries" => loads::failure,
    "a load that was cancelled does not hold the others up" => loads::cancelled,
];
