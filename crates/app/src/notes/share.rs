//! What the sender posts with the own hand: we cannot post in anybody's name. The text is title, content and the
//! product's signature; the link opens the platform with it, where the platform allows that.

use super::channel::Channel;
use crate::mailing;
use base::Lang;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All but the unreserved characters of RFC 3986 §2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Bytes of an encoded text in a link. No platform reads more, and a note stays well within what one item may hold.
const LONGEST: usize = 64 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NoteShare)]
pub struct Share {
    /// Opens the platform. None where there is only a text to copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub text: String,
}

/// The text as a part of a query. One that is too long for any link is cut between two characters; the whole of it
/// stands in `text`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let mut buffer = [0; 4];
        let piece = utf8_percent_encode(c.encode_utf8(&mut buffer), ENCODED);
        let before = out.len();
        out.extend(piece);
        if out.len() > LONGEST {
            out.truncate(before);
            break;
        }
    }
    out
}

/// The share of a note; none where nothing is shared by hand. `home` is where the platform's preview leads.
pub(super) fn of(
    channel: Channel,
    phone: Option<&str>,
    title: Option<&str>,
    content: &str,
    lang: Lang,
    home: &str,
) -> Option<Share> {
    channel.platform()?;
    let text = mailing::share_text(title, content, lang);
    let url = match channel {
        Channel::Whatsapp => {
            let phone = phone.map_or("", |phone| phone.trim_start_matches('+'));
            Some(format!("https://wa.me/{phone}?text={}", encoded(&text)))
        }
        Channel::Facebook => {
            let (home, text) = (encoded(home), encoded(&text));
            Some(format!("https://www.facebook.com/sharer/sharer.php?u={home}&quote={text}"))
        }
        Channel::Twitter => Some(format!("https://x.com/intent/tweet?text={}", encoded(&text))),
        // It takes an address and no text.
        Channel::Linkedin => Some(format!("https://www.linkedin.com/sharing/share-offsite/?url={}", encoded(home))),
        _ => None,
    };
    Some(Share { url, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOME: &str = "https://o2o.example/join";

    fn query(url: &str) -> Vec<(String, String)> {
        let (_, query) = url.split_once('?').unwrap();
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    fn share(channel: Channel, title: Option<&str>, content: &str) -> Share {
        of(channel, Some("+351910000000"), title, content, Lang::En, HOME).unwrap()
    }

    #[test]
    fn each_platform_has_its_form() {
        let url = |channel| share(channel, None, "Hi").url;
        for (channel, start) in [
            (Channel::Whatsapp, "https://wa.me/351910000000?text=Hi"),
            (
                Channel::Facebook,
                "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fo2o.example%2Fjoin&quote=Hi",
            ),
            (Channel::Twitter, "https://x.com/intent/tweet?text=Hi"),
            (Channel::Linkedin, "https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Fo2o.example%2Fjoin"),
        ] {
            assert!(url(channel).unwrap().starts_with(start), "{channel:?}: {:?}", url(channel));
        }
        assert_eq!((url(Channel::Instagram), url(Channel::Tiktok)), (None, None));
        let anyone = of(Channel::Whatsapp, None, None, "Hi", Lang::En, HOME).unwrap();
        assert!(anyone.url.unwrap().starts_with("https://wa.me/?text=Hi"));
        for channel in [Channel::Partner, Channel::Sms, Channel::Email] {
            assert_eq!(of(channel, None, None, "Hi", Lang::En, HOME), None);
        }
    }

    #[test]
    fn a_link_has_an_end_and_the_text_has_not() {
        let content = "💛".repeat(10_000);
        for channel in [Channel::Whatsapp, Channel::Facebook, Channel::Twitter] {
            let share = share(channel, Some(&content), &content);
            assert!(share.text.matches('💛').count() == 20_000);
            let url = share.url.unwrap();
            assert!(url.len() < LONGEST + 200);
            let (_, last) = query(&url).pop().unwrap();
            assert!(share.text.starts_with(&last) && !last.contains('\u{fffd}'), "cut between two characters");
        }
        // What people write is never cut.
        let (title, content) = ("x".repeat(200), "é ".repeat(5_000));
        let share = share(Channel::Whatsapp, Some(&title), &content);
        assert_eq!(query(&share.url.unwrap()), [("text".to_owned(), share.text)]);
    }

    proptest! {
        /// Whatever is written arrives as it was written, and nothing of it changes the link.
        #[test]
        fn any_text_round_trips(title in prop::option::of("\\PC{0,60}"), content in any::<String>()) {
            for (channel, name) in
                [(Channel::Whatsapp, "text"), (Channel::Twitter, "text"), (Channel::Facebook, "quote")]
            {
                let share = share(channel, title.as_deref(), &content);
                let url = share.url.unwrap();
                prop_assert!(url.bytes().all(|b| b.is_ascii_alphanumeric() || b":/?&=.-_~%".contains(&b)));
                prop_assert_eq!(url.parse::<http::Uri>().unwrap().to_string(), url.clone());
                let found: Vec<_> = query(&url).into_iter().filter(|(key, _)| key == name).collect();
                prop_assert_eq!(&found, &[(name.to_owned(), share.text.clone())]);
                prop_assert!(share.text.contains(&*content));
                if let Some(title) = &title {
                    prop_assert!(share.text.contains(&**title));
                }
                prop_assert!(share.text.ends_with("One 2 One Love"));
            }
        }
    }
}
