//! Rules that neither the compiler nor clippy knows.

use crate::say;
use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

/// A file longer than this is mentioned; longer than [`MOST`] it fails.
const MANY: usize = 400;
const MOST: usize = 600;
/// Folders and files that hold nothing of ours, or what the build of the web app makes.
const FOREIGN: [&str; 7] =
    ["target", "node_modules", "dist", "compiled", "schema.d.ts", "test-results", "playwright-report"];

pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut faults = Vec::new();
    let mut files = Vec::new();
    sources(root, &mut files).map_err(|error| format!("the sources cannot be listed: {error}"))?;
    files.sort();
    for path in &files {
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        match text.lines().count() {
            lines if lines > MOST => faults.push(format!("{name}: {lines} lines; at most {MOST}, split it")),
            lines if lines > MANY => say(&format!("warning: {name}: {lines} lines; over {MANY} wants a reason")),
            _ => {}
        }
        if path.extension() == Some(OsStr::new("rs")) {
            faults
                .extend(ignored_tests(&text).map(|line| format!("{name}:{line}: an ignored test; mend or delete it")));
        }
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).map_err(|error| format!("Cargo.toml: {error}"))?;
    faults.extend(unexplained(&manifest).map(|line| format!("Cargo.toml: {line} needs its reason, as a comment")));
    for fault in &faults {
        say(fault);
    }
    if faults.is_empty() { Ok(()) } else { Err(format!("{} faults of style", faults.len())) }
}

/// Our `.rs`, `.ts` and `.tsx` files, hidden ones left out.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') || FOREIGN.contains(&name.as_ref()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            sources(&path, found)?;
        } else if path.extension().and_then(OsStr::to_str).is_some_and(|ending| ["rs", "ts", "tsx"].contains(&ending)) {
            found.push(path);
        }
    }
    Ok(())
}

/// Line numbers of `ignore` attributes, also within `cfg_attr`.
fn ignored_tests(text: &str) -> impl Iterator<Item = usize> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let attribute = line.trim_start().strip_prefix("#[")?;
        let words = attribute.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let mut names = words.take_while(|word| *word != "reason");
        let first = names.next()?;
        (first == "ignore" || first == "cfg_attr" && names.any(|word| word == "ignore")).then_some(index + 1)
    })
}

/// Names of the root table's dependencies without a comment that says what they are for; our own crates need none.
fn unexplained(manifest: &str) -> impl Iterator<Item = &str> {
    let table = manifest.lines().skip_while(|line| line.trim() != "[workspace.dependencies]").skip(1);
    table.take_while(|line| !line.starts_with('[')).filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let named = !name.starts_with(['#', ' ', '\t']);
        let ours = value.contains("path = ");
        let reason = line.rsplit_once("# ").is_some_and(|(_, reason)| !reason.trim().is_empty());
        (named && !ours && !reason).then(|| name.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_tests_are_seen_and_only_they() {
        let text = "#[test]\n#[ignore]\nfn a() {}\n  #[ignore = \"slow\"]\n#[cfg_attr(debug_assertions, ignore)]\n\
                    let s = \"#[ignore]\";\n// #[ignore]\n#[expect(dead_code, reason = \"ignore this\")]\n";
        assert_eq!(ignored_tests(text).collect::<Vec<_>>(), [2, 4, 5]);
    }

    #[test]
    fn a_dependency_gives_its_reason() {
        let manifest = "[workspace]\n[workspace.dependencies]\n# One table.\nbase = { path = \"crates/base\" }\n\n\
                        serde = \"1\" # shapes\nlibc = \"0.2\"\nhttp = \"1\" #\nbytes = { version = \"1\" }   # buffers\n\
                        [workspace.lints.rust]\nunsafe_code = \"forbid\"\n";
        assert_eq!(unexplained(manifest).collect::<Vec<_>>(), ["libc", "http"]);
    }

    #[test]
    fn long_files_fail_and_foreign_ones_do_not_count() {
        let root = std::env::temp_dir().join(format!("xtask-style-{}", std::process::id()));
        let write = |name: &str, lines: usize| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x\n".repeat(lines)).unwrap();
        };
        write("Cargo.toml", 1);
        write("web/node_modules/long.ts", 601);
        write(".hidden/long.rs", 601);
        write("web/long.json", 601);
        write("web/fair.tsx", 600);
        assert_eq!(run(&root), Ok(()));
        write("web/long.tsx", 601);
        assert_eq!(run(&root), Err("1 faults of style".to_owned()));
        fs::remove_dir_all(root).unwrap();
    }
}
