//! A mail in its form on the wire (RFC 5322 and MIME): text and HTML as alternatives, names and subject encoded.

use super::{MAX_MAIL, Message};
use crate::{Fault, PortError, PortResult, durable::hex};
use base::{Time, secret};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, date::Date},
};

/// Builds the mail or says why it may not be sent. Never names the address: the reason goes to the log.
pub(super) fn build(message: &Message, now: Time, op: &'static str) -> PortResult<Vec<u8>> {
    let refused = |detail: &str| PortError::new(op, Fault::Refused, detail);
    for (what, value) in [("sender", &message.from), ("recipient", &message.to), ("subject", &message.subject)] {
        if value.chars().any(char::is_control) {
            return Err(refused(&format!("the {what} has a control character")));
        }
    }
    let (name, sender) = mailbox(&message.from);
    let domain = domain_of(sender).ok_or_else(|| refused("the sender is no address"))?;
    domain_of(&message.to).ok_or_else(|| refused("the recipient is no single address"))?;
    let too_large = || refused("the mail is over 40 MB");
    if message.text.len().saturating_add(message.html.len()) > MAX_MAIL {
        return Err(too_large());
    }
    let mail = MessageBuilder::new()
        .from(Address::new_address(name, sender))
        .to(Address::new_address(None::<&str>, message.to.as_str()))
        .subject(message.subject.as_str())
        .message_id(format!("{}@{domain}", hex(&secret::random::<16>())))
        .date(Date::new(now.seconds()))
        .text_body(message.text.as_str())
        .html_body(message.html.as_str())
        .write_to_vec()
        .map_err(|e| refused("the mail cannot be written").because(e))?;
    if mail.len() > MAX_MAIL { Err(too_large()) } else { Ok(mail) }
}

/// `name <address>` or a bare address. Quotes around the name are ours to set again.
fn mailbox(text: &str) -> (Option<&str>, &str) {
    let parts = text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
    parts.map_or((None, text.trim()), |(name, address)| {
        let name = name.trim().trim_matches('"');
        ((!name.is_empty()).then_some(name), address)
    })
}

/// The domain of what has the form of one address (RFC 5321, without quoted local parts and literals).
fn domain_of(address: &str) -> Option<&str> {
    let (local, domain) = address.rsplit_once('@')?;
    let plain =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !br#"()<>[]:;@\,""#.contains(&b));
    (address.len() <= 254 && plain(local) && plain(domain)).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(from: &str, to: &str, subject: &str) -> Message {
        Message {
            id: base::id::SentId::from_bytes([1; 16]),
            from: from.to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "Grüße".to_owned(),
            html: "<p>Grüße</p>".to_owned(),
            idempotency_key: "k".to_owned(),
            meta: serde_json::Map::new(),
        }
    }

    fn header<'a>(mail: &'a str, name: &str) -> &'a str {
        let start = mail.find(&format!("{name}: ")).unwrap() + name.len() + 2;
        mail[start..].split("\r\n").next().unwrap()
    }

    #[test]
    fn the_form_on_the_wire() {
        let now: Time = "2026-11-22T12:00:00.000Z".parse().unwrap();
        let mail = build(&message("One 2 One <hello@o2o.example>", "ada@example.com", "Hi"), now, "t").unwrap();
        let mail = String::from_utf8(mail).unwrap();
        assert_eq!(header(&mail, "From"), r#""One 2 One" <hello@o2o.example>"#);
        assert_eq!(header(&mail, "To"), "<ada@example.com>");
        assert_eq!(header(&mail, "Subject"), "Hi");
        assert_eq!(header(&mail, "Date"), "Sun, 22 Nov 2026 12:00:00 +0000");
        let id = header(&mail, "Message-ID").strip_prefix('<').unwrap().strip_suffix("@o2o.example>").unwrap();
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
        assert!(header(&mail, "Content-Type").starts_with("multipart/alternative;"));
        let (text, html) =
            (mail.find("Content-Type: text/plain").unwrap(), mail.find("Content-Type: text/html").unwrap());
        assert!(text < html, "the last alternative is the preferred one");
    }

    #[test]
    fn addresses_have_one_form() {
        for bad in ["", "ada", "@x", "ada@", "a@b@c", "a b@c", "a@c, b@c", "Ada <a@c>", "<a@c>", "ä@c", "a@ç.example"]
        {
            assert!(build(&message("a@b", bad, ""), Time(0), "t").is_err(), "{bad}");
        }
        for bad in ["", "One 2 One", "One <>", "One <a@b", "a@b>"] {
            assert!(build(&message(bad, "a@b", ""), Time(0), "t").is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_adds_a_header(name in "\\PC{0,40}", subject in "\\PC{0,90}", odd in "[\\r\\n\\x00\\t]") {
            let from = format!("{name} <hello@o2o.example>");
            if let Ok(mail) = build(&message(&from, "a@b", &subject), Time(0), "t") {
                let mail = String::from_utf8(mail).unwrap();
                let head = mail.split("\r\n\r\n").next().unwrap();
                prop_assert!(head.is_ascii());
                let names: Vec<_> = head.split("\r\n").filter(|l| !l.starts_with([' ', '\t'])).map(|l| l.split(':').next().unwrap()).collect();
                prop_assert_eq!(names, ["From", "To", "Subject", "Message-ID", "Date", "MIME-Version", "Content-Type"]);
            } else {
                prop_assert!(false, "refused");
            }
            let (broken_from, broken_to) = (format!("{name}{odd} <a@b>"), format!("a@b{odd}"));
            let broken_subject = format!("{subject}{odd}Bcc: all@example.com");
            for (from, to, subject) in
                [(&broken_from[..], "a@b", ""), (&from, &broken_to, ""), (&from, "a@b", &broken_subject)]
            {
                prop_assert!(build(&message(from, to, subject), Time(0), "t").is_err());
            }
        }
    }
}
