//! Where a key lies in the folder, and how the folder is walked in the order of keys.
//!
//! A segment `a` of a key is a folder `a~`, or the file `a@` when it is the last one, so that `a` and `a/b` do not
//! meet. Segments of 80 bytes and more are spread over folders `…+`, because file systems stop at 255. Whatever is not
//! a lower-case letter, a digit, `-`, `_` or `.` is percent-encoded: some file systems ignore case or rewrite Unicode,
//! and no name can climb out of the folder, since all end in one of the three marks.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use std::{
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// Bytes of a segment per name: three characters each at most, and the mark.
const PART: usize = 80;

const PLAIN: &AsciiSet = &{
    let mut set = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    let mut letter = b'A';
    while letter <= b'Z' {
        set = set.add(letter);
        letter += 1;
    }
    set
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// The file of an object.
    Object,
    /// A segment with more of the key below it.
    Folder,
    /// The first part of a long segment.
    Part,
}

impl Mark {
    fn char(self) -> char {
        match self {
            Self::Object => '@',
            Self::Folder => '~',
            Self::Part => '+',
        }
    }
}

/// The file of an object.
pub(super) fn file(root: &Path, key: &str) -> PathBuf {
    let (above, last) = key.rsplit_once('/').map_or(("", key), |(above, last)| (above, last));
    let mut path = folder(root, above);
    push(&mut path, last, Mark::Object);
    path
}

/// The folder of what has `above` and a slash before it.
fn folder(root: &Path, above: &str) -> PathBuf {
    let mut path = root.to_owned();
    for segment in above.split('/').filter(|s| !s.is_empty()) {
        push(&mut path, segment, Mark::Folder);
    }
    path
}

fn push(path: &mut PathBuf, segment: &str, mark: Mark) {
    let mut rest = segment.as_bytes();
    while let Some((part, more)) = rest.split_at_checked(PART) {
        path.push(format!("{}{}", percent_encode(part, PLAIN), Mark::Part.char()));
        rest = more;
    }
    path.push(format!("{}{}", percent_encode(rest, PLAIN), mark.char()));
}

/// The inverse of one name; `None` for what is not ours.
fn read(name: &str) -> Option<(Vec<u8>, Mark)> {
    let mark = [Mark::Object, Mark::Folder, Mark::Part].into_iter().find(|mark| name.ends_with(mark.char()))?;
    Some((percent_decode_str(&name[..name.len() - 1]).collect(), mark))
}

/// Takes a key and its file; says when it is enough.
type Visit<'a, E> = &'a mut dyn FnMut(String, &Path) -> Result<ControlFlow<()>, E>;

/// Walks the keys that begin with `prefix` and lie after `after`, in order, until `visit` has enough.
pub(super) fn walk<E: From<io::Error>>(root: &Path, prefix: &str, after: &str, visit: Visit<'_, E>) -> Result<(), E> {
    // What begins no key: an empty segment would be lost on the way to a folder, and a long name makes no path.
    if prefix.starts_with('/') || prefix.contains("//") || prefix.len() > 512 {
        return Ok(());
    }
    let above = prefix.rfind('/').map_or("", |at| &prefix[..=at]);
    let wanted = Wanted { prefix: prefix.as_bytes(), after: after.as_bytes() };
    wanted.below(&folder(root, above), above.as_bytes(), visit).map(drop)
}

struct Wanted<'a> {
    prefix: &'a [u8],
    after: &'a [u8],
}

impl Wanted<'_> {
    fn concerns(&self, name: &[u8], mark: Mark) -> bool {
        match mark {
            Mark::Object => name.starts_with(self.prefix) && name > self.after,
            Mark::Folder | Mark::Part => {
                (name.starts_with(self.prefix) || self.prefix.starts_with(name))
                    && (name > self.after || self.after.starts_with(name))
            }
        }
    }

    /// `base`: what the keys below `folder` begin with.
    fn below<E: From<io::Error>>(&self, folder: &Path, base: &[u8], visit: Visit<'_, E>) -> Result<ControlFlow<()>, E> {
        let Some(entries) = crate::durable::found(fs::read_dir(folder))? else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let Some((end, mark)) = path.file_name().and_then(|name| read(name.to_str()?)) else { continue };
            let mut name = [base, &end].concat();
            if mark == Mark::Folder {
                name.push(b'/');
            }
            if self.concerns(&name, mark) {
                names.push((name, mark, path));
            }
        }
        names.sort_unstable();
        for (name, mark, path) in names {
            let flow = match mark {
                Mark::Object => match String::from_utf8(name) {
                    Ok(key) => visit(key, &path)?,
                    Err(_) => continue,
                },
                Mark::Folder | Mark::Part => self.below(&path, &name, visit)?,
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Keys that are close to each other, with segments around the length of a part.
    fn keys() -> impl Strategy<Value = BTreeSet<String>> {
        let segment =
            prop_oneof!["[aAéb.+@~% -]{1,3}", "[ab]{1,2}".prop_map(|end| "x".repeat(PART - 1) + &end), "[é0]{1,60}",];
        let key = prop::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"));
        prop::collection::btree_set(key.prop_filter("a key", |key| super::super::is_key(key)), 1..12)
    }

    #[test]
    fn names_survive_file_systems_that_ignore_case_or_rewrite_unicode() {
        let keys = ["a", "A", "é", "e\u{301}", "É", "a/b", "a/B", "a%41", "a~", "a@"];
        let names: BTreeSet<_> = keys.map(|key| file(Path::new(""), key).to_str().unwrap().to_lowercase()).into();
        assert_eq!(names.len(), keys.len());
        assert!(names.iter().all(|name| name.is_ascii()), "{names:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn the_walk_gives_every_key_once_in_order(keys in keys(), from in 0_usize..12, cut in 0_usize..6) {
            let root = tempfile::tempdir().unwrap();
            for key in &keys {
                let path = file(root.path(), key);
                prop_assert!(path.file_name().unwrap().len() <= 255);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, key).unwrap();
            }
            let after = keys.iter().nth(from).cloned().unwrap_or_default();
            let prefix: String = keys.first().unwrap().chars().take(cut).collect();
            let mut seen = Vec::new();
            walk::<io::Error>(root.path(), &prefix, &after, &mut |key, path| {
                assert_eq!(fs::read_to_string(path).unwrap(), key);
                seen.push(key);
                Ok(ControlFlow::Continue(()))
            }).unwrap();
            let wanted: Vec<_> = keys.into_iter().filter(|k| k.starts_with(&prefix) && *k > after).collect();
            prop_assert_eq!(seen, wanted);
        }
    }
}
