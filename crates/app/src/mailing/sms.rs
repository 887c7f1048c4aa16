//! Text messages. The words around what people wrote stay within GSM-7, where a part has 160 characters instead of 70.

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
