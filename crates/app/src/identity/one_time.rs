//! One-time tokens in mails: the token is its id and a signature over it, so the job that writes the mail carries
//! only the id, and nothing that opens a door lies in a queue.

use base::{
    Cx, Error, Result, Time,
    id::{MemberId, TokenId},
    secret,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ports::{
    args,
    secrets::RingKey,
    sql::{Tx, bucket},
};
use ring::hmac;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneTime {
    EmailVerify,
    PasswordReset,
    /// The first password of an account that was made without one.
    PasswordSetup,
    /// One half of a change of address: one token goes to each of the two addresses.
    EmailChange,
}

impl OneTime {
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmailVerify => "email_verify",
            Self::PasswordReset => "password_reset",
            Self::PasswordSetup => "password_setup",
            Self::EmailChange => "email_change",
        }
    }
}

pub struct Keys(hmac::Key);

const TAG: usize = 16;

impl Keys {
    pub fn new(ring: &[RingKey]) -> Self {
        let key = ring.last().expect("a ring has a key").bytes;
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// The token of an id, as it stands in the mail.
    pub fn token(&self, id: TokenId) -> String {
        let mut out = id.bytes().to_vec();
        out.extend_from_slice(&hmac::sign(&self.0, id.bytes()).as_ref()[..TAG]);
        URL_SAFE_NO_PAD.encode(out)
    }

    /// The id of a token that was made here.
    pub fn open(&self, token: &str) -> Option<TokenId> {
        let bytes = (token.len() <= 64).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten()?;
        let (id, tag) = bytes.split_at_checked(16)?;
        let expected = hmac::sign(&self.0, id);
        let fits = subtle::ConstantTimeEq::ct_eq(&expected.as_ref()[..TAG], tag);
        if bool::from(fits) { TokenId::from_slice(id) } else { None }
    }
}

/// Records a new token and returns its id. Earlier ones of the same purpose are void.
pub async fn create(
    cx: &Cx,
    tx: &mut Tx,
    keys: &Keys,
    member: MemberId,
    purpose: OneTime,
    life_ms: i64,
) -> Result<TokenId> {
    void(cx, tx, member, purpose).await?;
    add(cx, tx, keys, member, purpose, life_ms).await
}

/// Makes every open token of a purpose worthless.
pub async fn void(cx: &Cx, tx: &mut Tx, member: MemberId, purpose: OneTime) -> Result<()> {
    let sql = "update one_time_tokens set used_at = $1 where member_id = $2 and purpose = $3 and used_at is null";
    tx.exec(sql, args![cx.now(), member, purpose.name()]).await?;
    Ok(())
}

/// Makes every open token of a member worthless, whatever it is for.
pub async fn void_all(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    let sql = "update one_time_tokens set used_at = $1 where member_id = $2 and used_at is null";
    tx.exec(sql, args![cx.now(), member]).await?;
    Ok(())
}

/// Records a new token beside others of its purpose and returns its id.
pub async fn add(
    cx: &Cx,
    tx: &mut Tx,
    keys: &Keys,
    member: MemberId,
    purpose: OneTime,
    life_ms: i64,
) -> Result<TokenId> {
    let id: TokenId = cx.id();
    tx.exec(
        "insert into one_time_tokens (id, bucket, member_id, purpose, digest, expires_at, attempts, created_at)
         values ($1, $2, $3, $4, $5, $6, 0, $7)",
        args![
            id,
            bucket(&member),
            member,
            purpose.name(),
            secret::digest(&keys.token(id)),
            cx.now().plus(life_ms),
            cx.now()
        ],
    )
    .await?;
    Ok(id)
}

pub fn refused() -> Error {
    Error::field("/token", "unknown_value", "This link has been used or has run out.").reason("token_invalid")
}

/// Whose a token is that could be used up now.
pub async fn owner(cx: &Cx, tx: &mut Tx, keys: &Keys, purpose: OneTime, token: &str) -> Result<MemberId> {
    let id = keys.open(token).ok_or_else(refused)?;
    let sql = "select member_id from one_time_tokens
               where id = $1 and purpose = $2 and used_at is null and expires_at > $3";
    let row = tx.row(sql, args![id, purpose.name(), cx.now()]).await?.ok_or_else(refused)?;
    Ok(row.id(0)?)
}

/// A token that was used up just now.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    pub id: TokenId,
    pub member: MemberId,
}

/// Uses up a token: whose it is. An unknown, used or expired one is 422.
pub async fn spend(cx: &Cx, tx: &mut Tx, keys: &Keys, purpose: OneTime, token: &str) -> Result<Spent> {
    spend_either(cx, tx, keys, [purpose; 2], token).await
}

/// [`spend`] where a token of either purpose will do.
pub async fn spend_either(cx: &Cx, tx: &mut Tx, keys: &Keys, purposes: [OneTime; 2], token: &str) -> Result<Spent> {
    let id = keys.open(token).ok_or_else(refused)?;
    let [one, other] = purposes.map(OneTime::name);
    let sql = "update one_time_tokens set used_at = $1
               where id = $2 and purpose in ($3, $4) and used_at is null and expires_at > $1 returning member_id";
    let row = tx.row(sql, args![cx.now(), id, one, other]).await?.ok_or_else(refused)?;
    Ok(Spent { id, member: row.id(0)? })
}

/// When the newest unused token of this purpose was made: what a resend is limited by.
pub async fn made_since(tx: &mut Tx, member: MemberId, purpose: OneTime, since: Time) -> Result<i64> {
    let sql = "select count(*) from one_time_tokens where member_id = $1 and purpose = $2 and created_at > $3";
    let row = tx.row(sql, args![member, purpose.name(), since]).await?;
    Ok(row.map_or(Ok(0), |r| r.int(0))?)
}
