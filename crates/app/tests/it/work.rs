//! Background work: relay, jobs, timers, reconcilers.
