//! Receipts of addresses and numbers that were proved by a code, and the keys that codes and receipts are made with.
//!
//! A receipt is an id of its own and a signature over it and the destination: the time in the id says how long it is
//! good, the signature for whom, and a row in `spent_receipts` that it was used. Forms look at it with [`check_receipt`]
//! and use it up with [`redeem`], in the transaction of what they leave.

use super::contact::Contact;
use crate::{app::App, check::Checks};
use base::{Cx, Result, Time, id::TokenId, time::MINUTE};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ports::{
    args,
    secrets::RingKey,
    sql::{Tx, bucket},
};
use ring::hmac;

pub(super) const RECEIPT_LIFE: i64 = 60 * MINUTE;

/// Makes codes and receipts.
pub struct Keys(hmac::Key);

const TAG: usize = 16;

impl Keys {
    pub fn new(ring: &[RingKey]) -> Self {
        let key = ring.last().expect("a ring has a key").bytes;
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// The six digits of an id.
    pub(super) fn code(&self, id: TokenId) -> String {
        let tag = hmac::sign(&self.0, &[b"code", &id.bytes()[..]].concat());
        let mut number = [0; 8];
        number.copy_from_slice(&tag.as_ref()[..8]);
        format!("{:06}", u64::from_be_bytes(number) % 1_000_000)
    }

    fn tag(&self, id: TokenId, contact: &Contact) -> hmac::Tag {
        let about = [b"receipt", &id.bytes()[..], contact.subject().as_bytes()].concat();
        hmac::sign(&self.0, &about)
    }

    /// `id` is the receipt's own: the time in it is when it was given.
    pub(super) fn receipt(&self, id: TokenId, contact: &Contact) -> String {
        let tag = self.tag(id, contact);
        URL_SAFE_NO_PAD.encode([&id.bytes()[..], &tag.as_ref()[..TAG]].concat())
    }

    /// The id of a receipt that was given here, for this destination, within the last hour.
    pub fn open(&self, receipt: &str, contact: &Contact, now: Time) -> Option<TokenId> {
        let bytes = (receipt.len() <= 64).then(|| URL_SAFE_NO_PAD.decode(receipt).ok()).flatten()?;
        let (id, tag) = bytes.split_at_checked(16)?;
        let id = TokenId::from_slice(id)?;
        let expected = self.tag(id, contact);
        let fits = subtle::ConstantTimeEq::ct_eq(&expected.as_ref()[..TAG], tag);
        (bool::from(fits) && expiry(id) > now).then_some(id)
    }
}

/// When a receipt runs out.
fn expiry(id: TokenId) -> Time {
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&id.bytes()[..6]);
    Time(i64::from_be_bytes(millis)).plus(RECEIPT_LIFE)
}

/// Looks at the receipt of a form, before anything is written. [`redeem`] uses it up.
pub fn check_receipt(
    app: &App,
    cx: &Cx,
    checks: &mut Checks,
    pointer: &'static str,
    contact: &Contact,
    receipt: &str,
) -> Option<TokenId> {
    let id = app.identity.contacts.open(receipt, contact, cx.now());
    if receipt.is_empty() {
        checks.refuse(pointer, "required", "This is required.");
    } else if id.is_none() {
        checks.refuse(pointer, "receipt_invalid", "Please confirm this with a new code.");
    }
    id
}

/// Uses a receipt up, with what the form leaves: when that fails, the receipt is good again. False when it was used.
pub async fn redeem(tx: &mut Tx, receipt: TokenId) -> Result<bool> {
    let sql = "insert into spent_receipts (id, bucket, expires_at) values ($1, $2, $3) on conflict (id) do nothing";
    Ok(tx.exec(sql, args![receipt, bucket(&receipt), expiry(receipt)]).await? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::contact::Channel;
    use base::{World, world::TestWorld};
    use proptest::prelude::*;
    use std::{collections::BTreeSet, sync::Arc};

    fn keys(n: u8) -> Keys {
        Keys::new(&[RingKey { id: "k".to_owned(), created_at: Time(0), bytes: [n; 32] }])
    }

    fn cx() -> Cx {
        let world: Arc<dyn World> = Arc::new(TestWorld::default());
        Cx::new(&world)
    }

    fn contact(channel: Channel, typed: &str) -> Contact {
        Contact::read(&mut Checks::default(), "/destination", channel, typed)
    }

    #[test]
    fn codes_have_six_digits_and_nothing_in_common() {
        let (cx, keys, other) = (cx(), keys(1), keys(2));
        let ids: Vec<TokenId> = (0..2_000).map(|_| cx.id()).collect();
        let codes: Vec<_> = ids.iter().map(|id| keys.code(*id)).collect();
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())));
        // Of 2,000 out of a million, two or so are alike.
        assert!(codes.iter().collect::<BTreeSet<_>>().len() > 1_980);
        assert!(codes.iter().any(|code| code.starts_with('0')) && codes.iter().any(|code| code.starts_with('9')));
        let same = ids.iter().zip(&codes).filter(|(id, code)| other.code(**id) == **code).count();
        assert!(same < 5, "{same}: without the key a code cannot be told from its id");
    }

    #[test]
    fn a_receipt_is_for_its_destination_and_an_hour() {
        let (cx, keys) = (cx(), keys(1));
        let (phone, mail) = (contact(Channel::Sms, "+351912345678"), contact(Channel::Email, "Ana@example.com"));
        let receipt = keys.receipt(cx.id(), &mail);
        assert!(keys.open(&receipt, &contact(Channel::Email, "ana@EXAMPLE.com"), cx.now()).is_some());
        assert!(keys.open(&receipt, &mail, cx.now().plus(RECEIPT_LIFE - 1)).is_some());
        assert!(keys.open(&receipt, &mail, cx.now().plus(RECEIPT_LIFE)).is_none());
        assert!(keys.open(&receipt, &phone, cx.now()).is_none());
        assert!(keys.open(&receipt, &contact(Channel::Email, "bob@example.com"), cx.now()).is_none());
        assert!(self::keys(2).open(&receipt, &mail, cx.now()).is_none(), "of another installation");
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(at in 0_usize..43, with in "[A-Za-z0-9_-]") {
            let (cx, keys, mail) = (cx(), keys(1), contact(Channel::Email, "ana@example.com"));
            let receipt = keys.receipt(cx.id(), &mail);
            let mut forged = receipt.clone();
            forged.replace_range(at % receipt.len()..=at % receipt.len(), &with);
            prop_assert_eq!(keys.open(&forged, &mail, cx.now()).is_some(), forged == receipt);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let cx = cx();
            prop_assert!(keys(1).open(&text, &contact(Channel::Sms, "+351912345678"), cx.now()).is_none());
        }
    }
}
