//! Where the parts of a data folder lie.

use super::{BackupError, ITEMS, KEYS, MAIL, OBJECTS, SQL};
use crate::config::{self, Config};
use std::path::{Path, PathBuf};

/// The parts that a backup holds.
pub struct Places {
    pub sql: PathBuf,
    pub items: PathBuf,
    pub objects: PathBuf,
    pub mail: PathBuf,
    pub keys: PathBuf,
}

impl Places {
    /// Of a configuration that keeps everything on this machine; what is elsewhere has tools of its own.
    pub fn of(config: &Config) -> Result<Self, BackupError> {
        let elsewhere = |section: &str| {
            BackupError::Place(format!(
                "[{section}] keeps its data outside of this machine, where its own backups belong; `o2o backup` is for the embedded stores"
            ))
        };
        let config::Sql::Sqlite { path: sql } = &config.sql else { return Err(elsewhere("sql")) };
        let config::Items::Sqlite { path: items } = &config.items else { return Err(elsewhere("items")) };
        let config::Objects::Folder { path: objects } = &config.objects else { return Err(elsewhere("objects")) };
        let config::Secrets::File { path: keys } = &config.secrets else { return Err(elsewhere("secrets")) };
        Ok(Self {
            sql: sql.clone(),
            items: items.clone(),
            objects: objects.clone(),
            mail: config.data.dir.join(MAIL),
            keys: keys.clone(),
        })
    }

    /// A restored folder has the usual names; fails when this configuration would look for something elsewhere.
    pub fn must_be_usual(&self, data: &Path) -> Result<(), BackupError> {
        let parts =
            [(&self.sql, SQL), (&self.items, ITEMS), (&self.objects, OBJECTS), (&self.mail, MAIL), (&self.keys, KEYS)];
        match parts.into_iter().find(|(path, name)| **path != data.join(name)) {
            None => Ok(()),
            Some((path, name)) => Err(BackupError::Place(format!(
                "the configuration puts {name} at {}; restore without it, then move the parts to their places",
                path.display()
            ))),
        }
    }
}
