//! Names of files: what people gave them, or one of ours.

use super::Kind;
use base::{Error, Result, Time};

/// Characters of a name at most.
const LONGEST: usize = 255;
/// Endings that make a machine run what it opens.
const RUNNING: [&str; 15] =
    ["exe", "bat", "cmd", "com", "msi", "scr", "ps1", "sh", "js", "vbs", "jar", "apk", "app", "dmg", "lnk"];

/// A name as a caller chose it; none when it is blank. `pointer` is where it stood.
pub(super) fn chosen(name: Option<&str>, pointer: &'static str) -> Result<Option<String>> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
    if name.chars().count() > LONGEST {
        return Err(Error::field(pointer, "too_long", format!("A name has at most {LONGEST} characters.")));
    }
    if name.chars().any(|c| matches!(c, '/' | '\\') || hidden(c)) || matches!(name, "." | "..") {
        return Err(Error::field(pointer, "unknown_value", "This holds a character that is not allowed."));
    }
    if runs(name) {
        return Err(Error::field(pointer, "executable", "Programs cannot be sent."));
    }
    Ok(Some(name.to_owned()))
}

/// A name as a browser sends it with a part of a form: some put a path before it.
pub(super) fn sent(name: Option<&str>, pointer: &'static str) -> Result<Option<String>> {
    let last = name.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !hidden(*c)).take(LONGEST).collect();
    if matches!(&*plain, "." | "..") {
        return Ok(None);
    }
    chosen(Some(&plain), pointer)
}

/// What is not seen, or turns the direction of what is seen, so that an ending reads like another.
fn hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether the ending is one of a program. Dots and blanks at the end do not count: some systems drop them.
fn runs(name: &str) -> bool {
    let name = name.trim_end_matches(['.', ' ']);
    name.rsplit_once('.').is_some_and(|(_, ending)| RUNNING.contains(&&*ending.to_ascii_lowercase()))
}

/// For a file that came without a name: `photo-2026-11-22.jpg`.
pub(super) fn generated(kind: Kind, now: Time, ending: &str) -> String {
    let word = match kind {
        Kind::Image => "photo",
        Kind::Video => "video",
        Kind::Voice => "voice",
        Kind::Document => "document",
    };
    let day = &now.to_string()[..10];
    format!("{word}-{day}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(name: &str) -> Result<Option<String>> {
        chosen(Some(name), "/name")
    }

    #[test]
    fn a_name_is_trimmed_and_has_bounds() {
        assert_eq!(of("  holiday.jpg ").unwrap().as_deref(), Some("holiday.jpg"));
        assert_eq!((of("  ").unwrap(), chosen(None, "/name").unwrap()), (None, None));
        assert!(of(&"é".repeat(255)).is_ok() && of(&"é".repeat(256)).is_err());
        for bad in ["a/b", "a\\b", "a\nb", "a\0", "gpj\u{202e}.exe.x", ".", ".."] {
            assert_eq!(of(bad).unwrap_err().fields()[0].code, "unknown_value", "{bad:?}");
        }
    }

    #[test]
    fn endings_of_programs_are_refused() {
        for bad in ["a.exe", "A.EXE", "photo.jpg.sh", "x.dmg", "a.js", ".bat", "setup.msi.", "a.com. ."] {
            assert_eq!(of(bad).unwrap_err().fields()[0].code, "executable", "{bad}");
        }
        for good in ["exe", "a.exe.txt", "a.json", "notes.pdf", "a.", "sh"] {
            assert!(of(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_path_before_the_name_is_left_out() {
        let of = |name: &str| sent(Some(name), "/file").unwrap();
        assert_eq!(of("C:\\fakepath\\me.jpg").as_deref(), Some("me.jpg"));
        assert_eq!(of("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!((of(".."), of("x/"), sent(None, "/file").unwrap()), (None, None, None));
        assert!(sent(Some("C:\\x\\run.exe"), "/file").is_err());
    }

    #[test]
    fn a_file_without_a_name_gets_one() {
        let now = "2026-11-22T09:00:00.000Z".parse().unwrap();
        assert_eq!(generated(Kind::Image, now, "jpg"), "photo-2026-11-22.jpg");
        assert_eq!(generated(Kind::Voice, now, "ogg"), "voice-2026-11-22.ogg");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_accepted_is_harmless(name in ".{0,300}") {
            for accepted in [chosen(Some(&name), ""), sent(Some(&name), "")] {
                let Ok(Some(accepted)) = accepted else { continue };
                let length = accepted.chars().count();
                prop_assert!((1..=LONGEST).contains(&length) && accepted.trim() == accepted);
                prop_assert!(!accepted.contains(['/', '\\', '\0']) && !accepted.chars().any(char::is_control));
                prop_assert!(of(&accepted).unwrap().as_deref() == Some(&*accepted));
            }
        }
    }
}
