//! The configuration: preset, then file, then environment, then flags, laid over one another and read into types.
//!
//! `config/laptop.toml` and `config/aws.toml` are built in and explain every key. What always holds: an unknown key is
//! an error that names its source and what was probably meant; a section that names another `kind` replaces the old one
//! whole; a secret is never printed; everything wrong is reported at once, not one mistake a start.

mod adapters;
mod decode;
mod env;
#[cfg(test)]
mod laws;
mod load;
mod problem;
mod sections;
#[cfg(test)]
mod tests;
mod tree;
mod validate;

pub use adapters::{Cache, Fanout, Items, KINDS, Mail, Objects, Queue, Secrets, Sms, SmtpSecurity, Sql, Stream};
pub use env::PREFIX;
pub use load::{Flags, Preset};
pub use problem::{ConfigError, Problem};
pub use sections::{Data, Format, Log, Server};

use app::settings::{self, Settings};
use base::Secret;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

/// The whole configuration, valid.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data: Data,
    pub log: Log,
    pub server: Server,
    pub edge: settings::Edge,
    pub identity: settings::Identity,
    pub couples: settings::Couples,
    pub notes: settings::Notes,
    pub plans: settings::Plans,
    pub realtime: settings::Realtime,
    pub calls: settings::Calls,
    pub work: settings::Work,
    pub dev: settings::Dev,
    pub sql: Sql,
    pub items: Items,
    pub cache: Cache,
    pub fanout: Fanout,
    pub queue: Queue,
    pub stream: Stream,
    pub objects: Objects,
    pub mail: Mail,
    pub sms: Sms,
    pub secrets: Secrets,
}

impl Config {
    /// Fails when a section names an adapter that this build does not have, naming each of them.
    pub fn require_adapters(&self) -> Result<(), ConfigError> {
        let effective = self.effective();
        let kinds = KINDS.iter().filter_map(|(section, ..)| {
            let kind = effective.get(*section)?.get("kind")?.as_str()?;
            let why = adapters::missing(section, kind)?;
            Some(Problem::new(&[(*section).to_owned(), "kind".to_owned()], None, why))
        });
        ConfigError::unless_empty(kinds.collect())
    }

    /// The product's part.
    pub fn settings(&self) -> Settings {
        Settings {
            edge: self.edge.clone(),
            identity: self.identity.clone(),
            couples: self.couples.clone(),
            notes: self.notes.clone(),
            plans: self.plans.clone(),
            realtime: self.realtime.clone(),
            calls: self.calls.clone(),
            work: self.work.clone(),
            dev: self.dev,
        }
    }

    /// The file of the embedded store: that of `items`, and where the embedded queue, stream, mail and SMS keep theirs
    /// even when `items` is elsewhere.
    pub fn store_path(&self) -> PathBuf {
        match &self.items {
            Items::Sqlite { path } => path.clone(),
            Items::Dynamodb { .. } => self.data.dir.join("items.db"),
        }
    }

    /// Where links lead, without a slash at the end: `edge.public_url`, else the address we listen on. `bound` has the
    /// real port; an address that stands for all of them is written as this machine's own.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        if !self.edge.public_url.is_empty() {
            return self.edge.public_url.clone();
        }
        let ip = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, bound.port()))
    }

    /// Every key with the value in force, as a file would say it; secrets masked.
    pub fn effective(&self) -> toml::Table {
        let mut table = toml::Table::try_from(self).expect("every type of the configuration has a form in TOML");
        for (section, ..) in KINDS {
            // An enum serialises as `{kind: {keys}}`; a file has the kind among the keys.
            if let Some(toml::Value::Table(tagged)) = table.remove(*section) {
                let keys = tagged.into_iter().flat_map(|(kind, keys)| {
                    let keys = if let toml::Value::Table(keys) = keys { keys } else { toml::Table::new() };
                    [("kind".to_owned(), toml::Value::String(kind))].into_iter().chain(keys)
                });
                table.insert((*section).to_owned(), toml::Value::Table(keys.collect()));
            }
        }
        table
    }
}

/// The secret itself: read through the store when the configuration only says where it lies.
pub async fn resolve(secret: &Secret, store: &dyn ports::secrets::Secrets) -> ports::PortResult<Secret> {
    if !secret.is_reference() {
        return Ok(secret.clone());
    }
    let reference = secret.reveal();
    store.get(reference.strip_prefix("secret:").unwrap_or(reference)).await
}
