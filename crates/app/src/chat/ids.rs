//! Ids of messages name their place. A UUIDv7 has 74 bits beside time and version (RFC 9562 §5.7 leaves them to us):
//! 32 hold the message's `seq`, 42 the conversation's *tag*. So whoever has an id reads the message by its key, and no
//! index of ids is written with every message. An id tells nothing that its reader does not know, and opens nothing.

use base::{
    Time,
    id::{ConversationId, MessageId},
};

const TAG_BITS: u32 = 42;
const SEQ_LOW_BITS: u32 = 20;
/// Messages a conversation can have.
pub(super) const MOST: u64 = u32::MAX as u64;

/// The last 42 bits of a conversation's id, which no other conversation has: creating one makes sure of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tag(u64);

impl Tag {
    pub fn of(conversation: ConversationId) -> Self {
        Self(low(conversation.bytes()) & mask(TAG_BITS))
    }

    /// As a partition key.
    pub fn bytes(self) -> [u8; 6] {
        let [_, _, rest @ ..] = self.0.to_be_bytes();
        rest
    }

    pub fn from_slice(part: &[u8]) -> Option<Self> {
        let part: [u8; 6] = part.try_into().ok()?;
        let mut whole = [0; 8];
        whole[2..].copy_from_slice(&part);
        Some(Self(u64::from_be_bytes(whole)))
    }

    /// Which of `shards` it falls to.
    pub fn shard(self, shards: usize) -> usize {
        usize::try_from(self.0).unwrap_or(0) % shards.max(1)
    }
}

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

fn low(id: &[u8; 16]) -> u64 {
    let [_, _, _, _, _, _, _, _, low @ ..] = *id;
    u64::from_be_bytes(low)
}

/// The id of the message `seq` of a conversation, sent at `at`. Ids of one millisecond sort by `seq`.
pub(super) fn message_id(at: Time, tag: Tag, seq: u64) -> MessageId {
    let (high, low) = (seq >> SEQ_LOW_BITS, seq & mask(SEQ_LOW_BITS));
    let millis = at.0.max(0).unsigned_abs() & mask(48);
    let first = millis << 16 | 0x7 << 12 | high & mask(12);
    let second = 0b10 << 62 | low << TAG_BITS | tag.0;
    MessageId::from_bytes((u128::from(first) << 64 | u128::from(second)).to_be_bytes())
}

/// Conversation and `seq` of a message, if there is one with this id.
pub(super) fn place(id: MessageId) -> (Tag, u64) {
    let value = u128::from_be_bytes(*id.bytes());
    let bits = |shift: u32, count: u32| u64::try_from(value >> shift & u128::from(mask(count))).unwrap_or(0);
    (Tag(bits(0, TAG_BITS)), bits(64, 12) << SEQ_LOW_BITS | bits(TAG_BITS, SEQ_LOW_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_id_names_its_place(ms in 0_i64..(1 << 47), bits: u128, seq in 1_u64..=MOST) {
            let conversation = ConversationId::from_bytes(bits.to_be_bytes());
            let tag = Tag::of(conversation);
            let id = message_id(Time(ms), tag, seq);
            prop_assert_eq!(place(id), (tag, seq));
            prop_assert_eq!(Tag::from_slice(&tag.bytes()), Some(tag));
            // Still what RFC 9562 calls a UUIDv7.
            prop_assert_eq!((id.raw().get_version_num(), id.raw().get_variant()), (7, uuid::Variant::RFC4122));
            let (seconds, _) = id.raw().get_timestamp().unwrap().to_unix();
            prop_assert_eq!(seconds, ms.unsigned_abs() / 1000);
        }

        #[test]
        fn ids_sort_by_time_and_seq(ms in 0_i64..(1 << 40), seq in 1_u64..MOST, later in 0_i64..1000) {
            let tag = Tag(7);
            prop_assert!(message_id(Time(ms), tag, seq) < message_id(Time(ms + later), tag, seq + 1));
        }
    }
}
