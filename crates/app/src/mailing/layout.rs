//! From blocks to the two parts of a mail. The only place that writes markup, and the only one that escapes.
//!
//! Colours are the product's tokens (rosewood acts, paper and ink around it); dark mode follows the reader's system.
//! Styles are inline because mail programs drop the rest; nothing is loaded from outside.

use base::Lang;

/// One thing a mail shows, as plain words: markup is added here and nowhere else.
pub(super) enum Block<'a> {
    Say(String),
    Quote {
        title: Option<String>,
        content: String,
    },
    Button {
        label: String,
        link: &'a str,
    },
    Code {
        intro: String,
        code: &'a str,
    },
    /// Smaller: what to do when this mail was not expected, how long something is good.
    Aside(String),
    SignOff(&'static str),
}

/// A value for prose: one line, without control or direction-changing characters, and with no address in it that a
/// mail program would turn into a link on its own.
pub(super) fn one_line(value: &str) -> String {
    let words: Vec<_> = value
        .split(|c: char| c.is_whitespace() || c.is_control())
        .map(|word| word.chars().filter(|c| !turns_direction(*c)).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").replace("://", ": //")
}

/// What a person wrote over several lines: line breaks stay, other control characters go.
pub(super) fn paragraphs(value: &str) -> String {
    let lines = value.replace("\r\n", "\n").replace('\r', "\n");
    lines.trim().chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// Embeddings, overrides and isolates of Unicode UAX #9: in a name they could reorder the sentence around it.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `limit` characters, the last an ellipsis when some were cut.
pub(super) fn shorten(value: &str, limit: usize) -> String {
    if value.chars().count() <= limit {
        return value.to_owned();
    }
    let kept: String = value.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Safe between tags and inside a quoted attribute.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + value.len() / 8);
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The plain part: paragraphs with a blank line between; links and codes on lines of their own.
pub(super) fn text(blocks: &[Block<'_>]) -> String {
    let paragraphs: Vec<String> = blocks
        .iter()
        .map(|block| match block {
            Block::Say(words) | Block::Aside(words) => words.clone(),
            Block::Quote { title: Some(title), content } => format!("{title}\n\n{content}"),
            Block::Quote { title: None, content } => content.clone(),
            Block::Button { label, link } => format!("{label}\n{link}"),
            Block::Code { intro, code } => format!("{intro}\n{code}"),
            Block::SignOff(words) => (*words).to_owned(),
        })
        .collect();
    let mut out = paragraphs.join("\n\n");
    out.push('\n');
    out
}

const PARAGRAPH: &str = "margin:0 0 16px";
const SERIF: &str = "font-family:'Fraunces Variable',Fraunces,Georgia,serif";

// The two dark grounds are written as rgb(): as hexadecimal they would be six digits, like the codes we send, and
// telephones offer such digits to be filled in.
const STYLE: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}\
@media (prefers-color-scheme:dark){\
.paper{background:rgb(23,16,25)!important}\
.sheet{background:rgb(33,24,38)!important;border-color:#3a2d41!important}\
.ink{color:#f5ece5!important}.soft{color:#bfaebd!important}.link{color:#f3a3b5!important}\
.act{background:#f3a3b5!important;color:#3a0d1c!important}\
.note{background:#43202f!important;border-color:#f3a3b5!important}\
.you{background:#f3a3b5!important}.them{background:#9dc8ae!important}}";

/// The HTML part: a whole document that says what [`text`] says.
pub(super) fn html(lang: Lang, subject: &str, blocks: &[Block<'_>]) -> String {
    let body: Vec<String> = blocks.iter().map(markup).collect();
    let (lang, subject, body) = (lang.code(), escape(subject), body.join("\n"));
    format!(
        r#"<!doctype html>
<html lang="{lang}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
<style>{STYLE}</style>
</head>
<body class="paper ink" style="margin:0;padding:0;background:#fbf6f0;color:#2a1b2e">
<table role="presentation" class="paper" width="100%" cellpadding="0" cellspacing="0" style="background:#fbf6f0">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" class="sheet" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#fffdfb;border:1px solid #e4d7ca;border-radius:14px">
<tr><td class="ink" style="padding:32px;color:#2a1b2e;font-family:'Figtree Variable',Figtree,system-ui,sans-serif;font-size:17px;line-height:1.55;text-align:left">
<p style="margin:0 0 24px;{SERIF};font-size:21px"><span aria-hidden="true"><span class="you" style="display:inline-block;width:14px;height:14px;border-radius:50%;background:#97294c"></span><span class="them" style="display:inline-block;width:14px;height:14px;border-radius:50%;background:#3f6b56;margin:0 8px 0 -4px"></span></span>One 2 One Love</p>
{body}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"#
    )
}

fn markup(block: &Block<'_>) -> String {
    match block {
        Block::Say(words) => format!(r#"<p style="{PARAGRAPH}">{}</p>"#, escape(words)),
        Block::Quote { title, content } => {
            let title = title.as_deref().map_or_else(String::new, |title| {
                format!(r#"<p style="margin:0 0 8px;font-size:21px"><strong>{}</strong></p>"#, escape(title))
            });
            let content = escape(content).replace('\n', "<br>\n");
            format!(
                r#"<blockquote class="note ink" style="margin:0 0 16px;padding:16px 24px;background:#f8e3e4;border-left:3px solid #97294c;color:#2a1b2e;{SERIF};font-size:19px">{title}<p style="margin:0">{content}</p></blockquote>"#
            )
        }
        Block::Button { label, link } => {
            let (label, link) = (escape(label), escape(link));
            format!(
                r#"<p style="{PARAGRAPH}"><a class="act" href="{link}" style="display:inline-block;padding:12px 24px;border-radius:999px;background:#97294c;color:#fff7f4;text-decoration:none;font-weight:600">{label}</a></p>
<p style="{PARAGRAPH};font-size:15px;word-break:break-all"><a class="link" href="{link}" style="color:#97294c">{link}</a></p>"#
            )
        }
        Block::Code { intro, code } => format!(
            r#"<p style="margin:0 0 8px">{}</p>
<p style="{PARAGRAPH};font-family:ui-monospace,Menlo,Consolas,monospace;font-size:28px;letter-spacing:3px"><strong>{}</strong></p>"#,
            escape(intro),
            escape(code)
        ),
        Block::Aside(words) => {
            format!(r#"<p class="soft" style="{PARAGRAPH};font-size:15px;color:#66546a">{}</p>"#, escape(words))
        }
        Block::SignOff(words) => {
            format!(r#"<p style="margin:24px 0 0;{SERIF};font-size:17px">{}</p>"#, escape(words))
        }
    }
}
