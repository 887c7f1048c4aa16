//! One module per command of `o2o`.

pub mod config;
