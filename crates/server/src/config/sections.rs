//! The sections that belong to the binary: data, log, server. What the product lets an operator choose is in
//! `app::settings`; the adapters are in [`super::adapters`]. `config/laptop.toml` explains every key.

use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Everything this machine keeps.
    pub dir: PathBuf,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Directives of `tracing_subscriber::EnvFilter`.
    pub level: String,
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Pretty on a terminal, else JSON.
    Auto,
    Json,
    Pretty,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Port 0 picks a free one.
    pub listen: SocketAddr,
    /// 0: as many as there are cores.
    pub worker_threads: usize,
    /// Length of the kernel's queue of connections not yet accepted.
    pub backlog: i32,
}
