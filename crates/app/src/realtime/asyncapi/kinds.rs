//! Every event that a device may hear, with its data: the one list that the document is made from, and that tests hold
//! against the source, the page for people and what devices really get.

/// An event as a device hears it.
pub struct Told {
    pub kind: &'static str,
    pub summary: &'static str,
    pub data: Data,
    /// Kept in a log, with an id; otherwise lost where nobody listens.
    pub logged: bool,
}

/// What an event carries.
pub enum Data {
    /// A resource of the API, by the name of its schema.
    Whole(&'static str),
    /// Ids, and what the view needs.
    Members(&'static [Member]),
}

/// One member of an event's data.
pub struct Member {
    pub name: &'static str,
    pub shape: Shape,
    pub needed: Needed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    Always,
    /// There, and maybe null.
    MaybeNull,
    /// Only sometimes there, and maybe null.
    Sometimes,
}

pub enum Shape {
    /// A schema of the API.
    Of(&'static str),
    ListOf(&'static str),
    Text,
    Yes,
    Count,
    /// Any JSON.
    Any,
    OneOf(&'static [&'static str]),
    /// How often each emoji stands at a message; whose they are, the list of the message tells.
    Emojis,
}

use Shape::{Any, Count, Emojis, ListOf, Of, OneOf, Text, Yes};

const fn always(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, needed: Needed::Always }
}

const fn or_null(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, needed: Needed::MaybeNull }
}

const fn sometimes(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, needed: Needed::Sometimes }
}

const fn told(kind: &'static str, summary: &'static str, data: Data) -> Told {
    Told { kind, summary, data, logged: true }
}

const fn whispered(kind: &'static str, summary: &'static str, data: Data) -> Told {
    Told { kind, summary, data, logged: false }
}

const fn ids(members: &'static [Member]) -> Data {
    Data::Members(members)
}

const SCHEDULED: &[Member] = &[
    always("scheduled_note_id", Of("sch_id")),
    always("status", Of("State")),
    always("due_at", Of("Time")),
    or_null("reason", Text),
];

/// A call as it has become.
macro_rules! call {
    ($($more:expr),*) => {
        ids(&[
            always("call_id", Of("call_id")),
            always("conversation_id", Of("cnv_id")),
            always("caller_id", Of("mem_id")),
            always("callee_id", Of("mem_id")),
            always("type", Of("CallType")),
            always("state", Of("CallState")),
            always("started_at", Of("Time")),
            always("rings_until", Of("Time")),
            or_null("answered_at", Of("Time")),
            or_null("ended_at", Of("Time")),
            or_null("duration_s", Count),
            or_null("end_reason", Of("CallEndReason")),
            $($more),*
        ])
    };
}

/// In the order of the page for people.
pub const ALL: &[Told] = &[
    told(
        "message.created",
        "A message was sent: by the other one, or by oneself from any device",
        Data::Whole("Message"),
    ),
    told("message.updated", "A message was edited, or this member's star on it changed", Data::Whole("Message")),
    told(
        "message.deleted",
        "A message is gone: for everyone, or from this member's list",
        ids(&[
            always("conversation_id", Of("cnv_id")),
            always("message_id", Of("msg_id")),
            always("seq", Count),
            always("for", OneOf(&["everyone", "me"])),
            sometimes("sender_id", Of("mem_id")),
        ]),
    ),
    told(
        "message.status",
        "The other one has got, or read, this member's messages up to this one",
        ids(&[
            always("conversation_id", Of("cnv_id")),
            always("status", Of("MessageStatus")),
            always("up_to_seq", Count),
            always("member_id", Of("mem_id")),
        ]),
    ),
    told(
        "reaction.changed",
        "An emoji was put to a message, or taken away",
        ids(&[
            always("conversation_id", Of("cnv_id")),
            always("message_id", Of("msg_id")),
            always("seq", Count),
            always("member_id", Of("mem_id")),
            always("emoji", Text),
            always("changed", OneOf(&["added", "removed"])),
            always("reactions", Emojis),
        ]),
    ),
    told(
        "pin.changed",
        "A message was pinned or unpinned",
        ids(&[
            always("conversation_id", Of("cnv_id")),
            always("message_id", Of("msg_id")),
            always("seq", Count),
            always("member_id", Of("mem_id")),
            always("pinned", Yes),
            or_null("pinned_by", Of("mem_id")),
            or_null("expires_at", Of("Time")),
        ]),
    ),
    told("conversation.updated", "A conversation as it is now, for this member", Data::Whole("Conversation")),
    told("unread.total", "What is unread in all conversations that count", ids(&[always("total", Count)])),
    whispered(
        "typing",
        "The other one writes, or has stopped",
        ids(&[always("conversation_id", Of("cnv_id")), always("member_id", Of("mem_id")), always("typing", Yes)]),
    ),
    whispered("presence.changed", "A watched member is seen differently", Data::Whole("MemberPresence")),
    told("call.incoming", "Somebody calls this member", call!(sometimes("caller", Of("Face")))),
    told("call.state", "A call of this member has become something else", call!()),
    told(
        "call.signal",
        "The device of the other party of a call says something",
        ids(&[
            always("call_id", Of("call_id")),
            always("from", Of("mem_id")),
            or_null("session_id", Of("ses_id")),
            always("kind", Of("CallSignalKind")),
            always("payload", Any),
        ]),
    ),
    told(
        "call.media",
        "The other party of a call has switched something on or off",
        ids(&[
            always("call_id", Of("call_id")),
            always("member_id", Of("mem_id")),
            always("muted", Yes),
            always("camera_off", Yes),
        ]),
    ),
    told("note.received", "A love note arrived", Data::Whole("Note")),
    told(
        "note.sent",
        "A love note of this member has gone out, from any device or by schedule",
        ids(&[
            always("note_id", Of("note_id")),
            always("sender_id", Of("mem_id")),
            sometimes("recipient_id", Of("mem_id")),
            always("channel", Of("NoteChannel")),
            always("status", Of("NoteStatus")),
            sometimes("scheduled_note_id", Of("sch_id")),
            sometimes("share", Of("NoteShare")),
        ]),
    ),
    told(
        "note.delivered",
        "A gateway has taken a text message or a mail; a partner note is delivered when it is sent",
        ids(&[
            always("note_id", Of("note_id")),
            always("channel", Of("NoteChannel")),
            always("status", Of("NoteStatus")),
            always("delivered_at", Of("Time")),
            sometimes("scheduled_note_id", Of("sch_id")),
            sometimes("due_at", Of("Time")),
        ]),
    ),
    told(
        "note.opened",
        "The partner opened a note",
        ids(&[always("note_id", Of("note_id")), always("recipient_id", Of("mem_id")), always("opened_at", Of("Time"))]),
    ),
    told("note.scheduled", "A note was scheduled, changed or is tried again", ids(SCHEDULED)),
    told("note.cancelled", "A scheduled note was cancelled", ids(SCHEDULED)),
    told(
        "note.failed",
        "A note did not get through, or a scheduled one failed or is paused; the reason says why",
        ids(&[
            always("status", Text),
            or_null("reason", Text),
            sometimes("note_id", Of("note_id")),
            sometimes("channel", Of("NoteChannel")),
            sometimes("scheduled_note_id", Of("sch_id")),
            sometimes("due_at", Of("Time")),
        ]),
    ),
    told(
        "couple.invited",
        "Somebody invites this member",
        ids(&[always("invitation_id", Of("inv_id")), always("inviter_id", Of("mem_id"))]),
    ),
    told(
        "couple.accepted",
        "Two members are a couple now",
        ids(&[
            always("couple_id", Of("cpl_id")),
            always("member_ids", ListOf("mem_id")),
            sometimes("invitation_id", Of("inv_id")),
        ]),
    ),
    told("couple.declined", "An invitation of this member was declined", ids(&[always("invitation_id", Of("inv_id"))])),
    told(
        "couple.ended",
        "The link has ended",
        ids(&[always("couple_id", Of("cpl_id")), always("ended_by", Of("mem_id"))]),
    ),
    told(
        "profile.updated",
        "A profile changed: one's own or the partner's",
        ids(&[always("member_id", Of("mem_id")), sometimes("email_verified", Yes)]),
    ),
    told("entitlements.changed", "The plan, a grant or an unlock began or ended", ids(&[always("plan", Of("Plan"))])),
    told(
        "session.revoked",
        "A session of this member has ended; its own connections close with 4401",
        ids(&[always("session_id", Of("ses_id"))]),
    ),
];
