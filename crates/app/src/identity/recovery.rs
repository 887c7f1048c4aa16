//! Recovery codes: ten, each good for one sign-in in place of the second factor. Stored as keyed digests, so that
//! neither the codes nor a way to guess them is in the database.

use base::{Cx, Result, id::MemberId, secret};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ports::{
    args,
    secrets::RingKey,
    sql::{Tx, bucket},
};
use ring::hmac;

/// Codes of one set.
const COUNT: usize = 10;
/// Crockford characters of a code: 50 bits.
const LENGTH: usize = 10;

pub struct Keys(hmac::Key);

impl Keys {
    pub fn new(ring: &[RingKey]) -> Self {
        let key = ring.last().expect("a ring has a key").bytes;
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    fn digest(&self, member: MemberId, code: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(member.bytes());
        context.update(code.as_bytes());
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}

/// `XXXXX-XXXXX`
fn fresh() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let random: [u8; LENGTH] = secret::random();
    let mut code: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
    code.insert(LENGTH / 2, '-');
    code
}

/// A typed code as it was made, without its hyphen; none when it cannot be one.
fn read(typed: &str) -> Option<String> {
    let typed = typed.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    });
    let code: String = typed.collect();
    (code.len() == LENGTH && code.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(code)
}

/// A new set in place of any before it; the codes are shown once.
pub(super) async fn renew(cx: &Cx, tx: &mut Tx, keys: &Keys, member: MemberId) -> Result<Vec<String>> {
    forget(tx, member).await?;
    let codes: Vec<String> = (0..COUNT).map(|_| fresh()).collect();
    for code in &codes {
        let digest = keys.digest(member, &code.replace('-', ""));
        let sql = "insert into recovery_codes (member_id, bucket, digest, created_at) values ($1, $2, $3, $4)";
        tx.exec(sql, args![member, bucket(&member), digest, cx.now()]).await?;
    }
    Ok(codes)
}

pub(super) async fn forget(tx: &mut Tx, member: MemberId) -> Result<()> {
    tx.exec("delete from recovery_codes where member_id = $1", args![member]).await?;
    Ok(())
}

/// The digest of an unused code of this member, when that is what was typed.
pub(super) async fn find(tx: &mut Tx, keys: &Keys, member: MemberId, typed: &str) -> Result<Option<String>> {
    let Some(code) = read(typed) else { return Ok(None) };
    let digest = keys.digest(member, &code);
    let sql = "select 1 from recovery_codes where member_id = $1 and digest = $2 and used_at is null";
    Ok(tx.row(sql, args![member, &digest]).await?.map(|_| digest))
}

/// Uses up a code; false when somebody was faster.
pub(super) async fn spend(cx: &Cx, tx: &mut Tx, member: MemberId, digest: &str) -> Result<bool> {
    let sql = "update recovery_codes set used_at = $1 where member_id = $2 and digest = $3 and used_at is null";
    Ok(tx.exec(sql, args![cx.now(), member, digest]).await? == 1)
}

/// How many are left.
pub(super) async fn left(tx: &mut Tx, member: MemberId) -> Result<i64> {
    let sql = "select count(*) from recovery_codes where member_id = $1 and used_at is null";
    Ok(tx.row(sql, args![member]).await?.map_or(Ok(0), |row| row.int(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_being_typed() {
        let code = fresh();
        assert_eq!(code.len(), 11);
        let plain = code.replace('-', "");
        assert_eq!(read(&code), Some(plain.clone()));
        assert_eq!(read(&format!(" {} ", code.to_lowercase())), Some(plain));
        assert_eq!(read("oil00-00000").as_deref(), Some("0110000000"));
        for bad in ["", "123456", "00000-0000", "00000-000000", "00000-0000é", "ééééé"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
