//! Verifying a backup and putting it in place.
//!
//! Everything is read into a folder beside the place, compared with its digests, and the databases are examined as the
//! server would find them. Only then the folder gets its name. Whatever goes wrong before leaves no trace.

use super::{
    BackupError, ITEMS, KEYS, MAIL, OBJECTS, SQL, at,
    create::Watch,
    format::{Manifest, Reader},
    stage::{self, PartFolder},
};
use ports::{
    Fault,
    embedded::snapshot,
    sql::{Db, migrate},
};
use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Component, Path, PathBuf},
};

/// A backup that was found whole.
pub struct Verified {
    pub manifest: Manifest,
    pub bytes: u64,
    pub sha256: String,
}

/// Reads all of it; the databases go through a folder beside the file, or among the system's temporary ones.
pub async fn verify(path: &Path, watch: &mut dyn Watch) -> Result<Verified, BackupError> {
    let reader = Reader::open(path)?;
    let temporary = std::env::temp_dir().join("o2o-verify");
    let stage = PartFolder::new(path).or_else(|_| PartFolder::new(&temporary)).map_err(at(&temporary))?;
    unpack(reader, stage.path(), &|member| member == SQL || member == ITEMS, watch).await
}

/// Puts the backup at `data`, which must be absent or empty.
pub async fn restore(path: &Path, data: &Path, watch: &mut dyn Watch) -> Result<Verified, BackupError> {
    must_be_free(data)?;
    let reader = Reader::open(path)?;
    let stage = PartFolder::new(data).map_err(at(data))?;
    let verified = unpack(reader, stage.path(), &|_| true, watch).await?;
    stage.place(data).map_err(|error| match error.kind() {
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => occupied(data),
        io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => BackupError::Place(format!(
            "{} is where a disk is mounted and cannot be replaced; restore into a folder below it",
            data.display()
        )),
        _ => at(data)(error),
    })?;
    Ok(verified)
}

fn occupied(data: &Path) -> BackupError {
    BackupError::Place(format!("{} is not empty; restore into a folder that is empty or not there", data.display()))
}

fn must_be_free(data: &Path) -> Result<(), BackupError> {
    match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(data)(error)),
        Ok(mut entries) => {
            if entries.next().is_none() {
                Ok(())
            } else {
                Err(occupied(data))
            }
        }
    }
}

/// Reads every member, keeps the wanted ones below `stage`, and examines the databases there.
async fn unpack(
    mut reader: Reader,
    stage: &Path,
    wanted: &dyn Fn(&str) -> bool,
    watch: &mut dyn Watch,
) -> Result<Verified, BackupError> {
    watch.expect(reader.bytes);
    for name in [OBJECTS, MAIL, KEYS] {
        stage::folder(&stage.join(name)).map_err(at(stage))?;
    }
    let members = std::mem::take(&mut reader.manifest.members);
    for member in &members {
        let below = place(&member.path).ok_or_else(|| reader.altered(&format!("{} has no place", member.path)))?;
        let progress = &mut |bytes| watch.passed(bytes);
        if wanted(&member.path) {
            let path = stage.join(below);
            stage::folder(stage::parent(&path)).map_err(at(&path))?;
            // An object that was replaced while the backup was made is in it twice; the later one counts.
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
            reader.next(member, &mut file.map_err(at(&path))?, &path, progress)?;
        } else {
            reader.next(member, &mut io::sink(), Path::new("-"), progress)?;
        }
    }
    reader.manifest.members = members;
    for name in [SQL, ITEMS] {
        let path = stage.join(name);
        if !path.is_file() {
            return Err(reader.altered(&format!("{name} is missing in it")));
        }
        let found = snapshot::examine(&path).or_else(|error| match error.fault {
            Fault::Corrupt => Ok(vec![error.detail]),
            _ => Err(error),
        })?;
        match found.first() {
            Some(finding) if finding.starts_with("written by a newer release") => {
                return Err(reader.newer(finding.clone()));
            }
            Some(finding) => return Err(reader.altered(&format!("{name}: {finding}"))),
            None => {}
        }
    }
    let db = Db::open_sqlite(&stage.join(SQL), 1).await?;
    let status = migrate::status(&db).await;
    db.close().await;
    let status = status?;
    if let Some(name) = status.newer.last() {
        return Err(reader.newer(format!("it has the migration {name}")));
    }
    if let Some(name) = status.changed.first() {
        return Err(reader.altered(&format!("migration {name} is not the one of this program")));
    }
    Ok(Verified { manifest: reader.manifest, bytes: reader.bytes, sha256: reader.sha256 })
}

/// Where a member belongs; none for what does not belong in a data folder or would lead out of it.
fn place(member: &str) -> Option<PathBuf> {
    let path = PathBuf::from(member);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let parts = path.components().count();
    let first = path.components().next()?.as_os_str().to_str()?;
    let fits = match first {
        SQL | ITEMS => parts == 1,
        OBJECTS | MAIL | KEYS => parts > 1,
        _ => false,
    };
    (plain && fits && !member.contains('\0')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stay_within_the_folder() {
        for good in ["sql.db", "items.db", "objects/a~/b@", "keys/refresh.ring", "mail/x.eml"] {
            assert_eq!(place(good), Some(PathBuf::from(good)));
        }
        for bad in ["", "/etc/passwd", "objects/../../x", "../sql.db", ".lock", "sql.db/x", "objects", "keys/../.lock"]
        {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
