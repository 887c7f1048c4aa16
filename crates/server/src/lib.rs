//! The binary `o2o`: configuration, command line, and what ties the features to the adapters.

pub mod backup;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod lock;
pub mod logging;
mod web;
pub mod wire;
