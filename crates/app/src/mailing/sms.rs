//! Text messages, and texts that people share by hand. The words around what people wrote stay within GSM-7, where a part has 160 characters instead of 70.

use super::{
    layout::{one_line, paragraphs},
    words::{self, fill},
};
use base::Lang;

/// A text message to one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'a> {
    /// Proof of a telephone number.
    ContactCode { code: &'a str },
    /// A note sent by SMS; `link` invites the reader to join.
    LoveNote { sender: &'a str, title: Option<&'a str>, content: &'a str, link: &'a str },
    /// To someone who may have no account.
    PartnerInvitation { inviter: &'a str, link: &'a str, code: &'a str },
}

impl Text<'_> {
    /// The stable name of this kind of text message, for the outbox and for feedback.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ContactCode { .. } => "contact_code",
            Self::LoveNote { .. } => "love_note",
            Self::PartnerInvitation { .. } => "partner_invitation",
        }
    }
}

/// The message in the language of its recipient. Links stand on a line of their own. Content is not cut: whoever
/// accepts a note for SMS checks that the result stays within what `ports::sms` takes.
pub fn render_text(text: &Text<'_>, lang: Lang) -> String {
    let words = &words::of(lang).texts;
    let mut lines: Vec<String> = Vec::with_capacity(6);
    match *text {
        Text::ContactCode { code } => lines.push(fill(words.contact_code, &[("code", code.to_owned())])),
        Text::LoveNote { sender, title, content, link } => {
            lines.push(fill(words.love_note, &[("sender", one_line(sender))]));
            lines.extend(title.map(one_line).filter(|title| !title.is_empty()));
            lines.push(paragraphs(content));
            lines.extend([words.write_back.to_owned(), link.to_owned(), words.stop.to_owned()]);
        }
        Text::PartnerInvitation { inviter, link, code } => {
            lines.push(fill(words.partner_invitation, &[("inviter", one_line(inviter))]));
            lines.push(link.to_owned());
            lines.push(fill(words.invitation_code, &[("code", code.to_owned())]));
            lines.push(words.stop.to_owned());
        }
    }
    lines.join("\n")
}

/// A note as its sender shares it: title, content, the product's signature. Words of people stay as they are.
pub fn share_text(title: Option<&str>, content: &str, lang: Lang) -> String {
    let signature = words::of(lang).texts.signature;
    match title {
        Some(title) => format!("{title}\n\n{content}\n\n{signature}"),
        None => format!("{content}\n\n{signature}"),
    }
}

/// Characters of GSM 03.38 that take one septet, besides ASCII letters and digits.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Those that take two.
const GSM_EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// Parts that the network makes of a text: of 160 septets, or 153 when there are several; with any other character in
/// it of 70 UTF-16 units, or 67 (3GPP TS 23.038, TS 23.040).
pub fn segments(text: &str) -> usize {
    let septets = |c: char| match c {
        c if c.is_ascii_alphanumeric() || GSM.contains(c) => Some(1),
        c if GSM_EXTENDED.contains(c) => Some(2),
        _ => None,
    };
    let parts = |units: usize, alone: usize, each: usize| if units <= alone { 1 } else { units.div_ceil(each) };
    match text.chars().map(septets).sum::<Option<usize>>() {
        Some(units) => parts(units, 160, 153),
        None => parts(text.encode_utf16().count(), 70, 67),
    }
}

#[cfg(test)]
mod tests {
    use super::segments;

    #[test]
    fn parts_are_counted_as_networks_do() {
        for (text, parts) in [
            (String::new(), 1),
            ("x".repeat(160), 1),
            ("x".repeat(161), 2),
            ("x".repeat(306), 2),
            ("x".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ж".repeat(70), 1),
            ("ж".repeat(71), 2),
            ("💛".repeat(35), 1),
            ("💛".repeat(36), 2),
            (format!("{}💛", "x".repeat(68)), 1),
            (format!("{}💛", "x".repeat(69)), 2),
        ] {
            assert_eq!(segments(&text), parts, "{text}");
        }
    }
}
