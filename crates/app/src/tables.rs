//! Every kind of item the product keeps, in one place: the embedded store, `o2o migrate` and later the cloud's tables
//! are made from this list. Keys are binary ids, so they are small and in time order.

use ports::items::Table;

/// What the hot path must know of a member: partner, plan, language. pk = member, sk = `card`; number = revision.
pub const CARDS: Table = Table::new("cards");
/// The couple's epoch. pk = couple, sk = `epoch`; number = 1 while the link is active. Every couple-scoped commit
/// carries a condition on it.
pub const COUPLES: Table = Table::new("couples");
/// Sessions. pk = member, sk = session; number = 1 while not revoked.
pub const SESSIONS: Table = Table::new("sessions");
/// Love notes as each side sees them. pk = member + box, sk = note.
pub const NOTES: Table = Table::new("notes");
/// Scheduled notes. pk = owner, sk = scheduled note; number = state.
pub const SCHEDULED: Table = Table::new("scheduled");
/// Scheduled notes by state and time. pk = owner + state, sk = due time (8 bytes, big endian) + id; no body.
pub const SCHEDULED_BY: Table = Table::new("scheduled_by");
/// Usage meters. pk = member, sk = window + meter; number = used.
pub const METERS: Table = Table::new("meters");
/// Idempotency records of effects in items. pk = caller, sk = hash of operation and key.
pub const IDEMPOTENCY: Table = Table::new("idempotency");
/// Each member's event log. pk = member, sk = event id (8 bytes, big endian).
pub const EVENTS: Table = Table::new("events");
/// Timers. pk = shard, sk = due time (8 bytes, big endian) + id.
pub const TIMERS: Table = Table::new("timers");
/// Failure counters of lock-outs and code limits. pk = subject, sk = window.
pub const STRIKES: Table = Table::new("strikes");
/// Files. pk = file, sk = `file`; number = messages that use it, -1 when it is gone.
pub const FILES: Table = Table::new("files");
/// Uploads that are not completed yet. pk = owner, sk = file to be.
pub const UPLOADS: Table = Table::new("uploads");

/// Conversations. pk = tag (6 bytes, the end of the conversation's id), sk = `state`.
pub const CONVERSATIONS: Table = Table::new("conversations");
/// Who talks with whom. pk = both members, the smaller id first, sk = `pair`; body = the conversation's id.
pub const PAIRS: Table = Table::new("pairs");
/// A member's conversations. pk = member, sk = tag; no body.
pub const CHATS: Table = Table::new("chats");
/// Messages. pk = tag, sk = seq (8 bytes, big endian); number = flags.
pub const MESSAGES: Table = Table::new("messages");
/// Devices' own names of messages. pk = tag + sender, sk = hash of the name; number = seq.
pub const CLIENT_IDS: Table = Table::new("client_ids");
/// When marks moved. pk = tag + receiver + mark, sk = the seq it moved to (8 bytes, big endian); number = time.
pub const RECEIPTS: Table = Table::new("receipts");
/// Unread messages of a member. pk = member, sk = `total`; number = how many.
pub const UNREAD: Table = Table::new("unread");
/// Starred messages. pk = member, sk = time (8 bytes, big endian) + message; no body.
pub const STARS: Table = Table::new("stars");
/// Pinned messages. pk = tag, sk = seq (8 bytes, big endian); expires with the pin.
pub const PINS: Table = Table::new("pins");
/// Messages that carry a file or a place. pk = tag + kind, sk = seq (8 bytes, big endian); no body.
pub const MEDIA: Table = Table::new("media");
/// Who has blocked whom. pk = blocker, sk = blocked; number = time.
pub const BLOCKS: Table = Table::new("blocks");

/// What outlives the cache of a member's presence. pk = member, sk = `presence`.
pub const PRESENCE: Table = Table::new("presence");

/// Calls. pk = call, sk = `call`; number = state.
pub const CALLS: Table = Table::new("calls");
/// The one live call of a member. pk = member, sk = `live`; body = the call's id.
pub const LIVE_CALLS: Table = Table::new("live_calls");
/// Live calls by when they end by themselves. pk = shard, sk = time (8 bytes, big endian) + call; no body.
pub const CALLS_UNTIL: Table = Table::new("calls_until");
/// A member's calls. pk = member, sk = call; no body.
pub const CALL_LOG: Table = Table::new("call_log");

pub const ALL: &[Table] = &[
    CARDS,
    COUPLES,
    SESSIONS,
    NOTES,
    SCHEDULED,
    SCHEDULED_BY,
    METERS,
    IDEMPOTENCY,
    EVENTS,
    TIMERS,
    STRIKES,
    CONVERSATIONS,
    PAIRS,
    CHATS,
    MESSAGES,
    CLIENT_IDS,
    RECEIPTS,
    UNREAD,
    STARS,
    PINS,
    MEDIA,
    BLOCKS,
    FILES,
    UPLOADS,
    PRESENCE,
    CALLS,
    LIVE_CALLS,
    CALLS_UNTIL,
    CALL_LOG,
];
