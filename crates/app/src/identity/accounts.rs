//! Accounts and profiles in `sql`: rows and statements. Every statement names what it changes; nobody else writes
//! these tables.

use crate::plans::{Plan, Status, Subscription};
use base::{Cx, Lang, Result, Time, id::MemberId};
use ports::{
    args,
    sql::{Row, SqlError, Tx, bucket},
};

/// An account as read.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: MemberId,
    pub email: String,
    pub name: String,
    /// None until a professional sets the first one.
    pub password_hash: Option<String>,
    pub user_type: String,
    pub role: Option<String>,
    pub is_active: bool,
    pub is_verified: bool,
    pub email_verified_at: Option<Time>,
    pub language: Lang,
    pub timezone: String,
    pub plan: Plan,
    /// Grows with each change that the hot path must know of.
    pub revision: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

fn account(row: &Row, now: Time) -> Result<Account, SqlError> {
    let subscription = Subscription {
        plan: Plan::read(row.str(11)?),
        status: Status::read(row.str(12)?),
        period_end: row.time_opt(13)?,
    };
    Ok(Account {
        id: row.id(0)?,
        email: row.text(1)?,
        name: row.text(2)?,
        password_hash: row.text_opt(3)?,
        user_type: row.text(4)?,
        role: row.text_opt(5)?,
        is_active: row.bool(6)?,
        is_verified: row.bool(7)?,
        email_verified_at: row.time_opt(8)?,
        language: row.text(9)?.parse().unwrap_or_default(),
        timezone: row.text(10)?,
        plan: subscription.effective(now),
        revision: row.int(14)?,
        created_at: row.time(15)?,
        updated_at: row.time(16)?,
    })
}

/// The columns that [`account`] reads, in its order.
macro_rules! select_account {
    ($filter:literal) => {
        concat!(
            "select id, email, name, password_hash, user_type, role, is_active, is_verified, email_verified_at, ",
            "language, timezone, plan, plan_status, plan_period_end, revision, created_at, updated_at ",
            "from accounts where ",
            $filter
        )
    };
}

/// How an address is compared: lower case, as typed otherwise.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// How a name is looked for: lower case.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

pub async fn by_id(cx: &Cx, tx: &mut Tx, id: MemberId) -> Result<Option<Account>> {
    let row = tx.row(select_account!("id = $1"), args![id]).await?;
    Ok(row.map(|r| account(&r, cx.now())).transpose()?)
}

pub async fn by_email(cx: &Cx, tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    let row = tx.row(select_account!("email_key = $1"), args![email_key(email)]).await?;
    Ok(row.map(|r| account(&r, cx.now())).transpose()?)
}

/// Whose name begins so, by name and then id, from behind `after`. An empty beginning is everybody's.
pub async fn by_name(
    cx: &Cx,
    tx: &mut Tx,
    beginning: &str,
    after: Option<MemberId>,
    limit: usize,
) -> Result<Vec<Account>> {
    let from = name_key(beginning);
    // No name that begins so comes after it: the last character there is.
    let until = format!("{from}{}", char::MAX);
    let (mut key, mut last) = (String::new(), String::new());
    if let Some(after) = after {
        let row = tx.row("select name_key from profiles where member_id = $1", args![after]).await?;
        key = row.map(|row| row.text(0)).transpose()?.unwrap_or_default();
        last = after.to_string();
    }
    let sql = select_account!(
        "id in (select member_id from profiles
           where name_key >= $1 and name_key < $2 and (name_key, member_id) > ($3, $4)
           order by name_key, member_id limit $5)
         order by (select name_key from profiles where member_id = accounts.id), id"
    );
    let rows =
        tx.rows(sql, args![from.max(key.clone()), until, key, last, i64::try_from(limit).unwrap_or(i64::MAX)]).await?;
    rows.iter().map(|row| Ok(account(row, cx.now())?)).collect()
}

pub struct NewAccount<'a> {
    pub id: MemberId,
    pub email: &'a str,
    pub name: &'a str,
    /// None: chosen later, by a mail.
    pub password_hash: Option<&'a str>,
    pub terms_version: &'a str,
    pub language: Lang,
    pub timezone: &'a str,
    pub referral_code: Option<&'a str>,
    pub profile: NewProfile<'a>,
}

#[derive(Default)]
pub struct NewProfile<'a> {
    pub relationship_status: Option<&'a str>,
    pub anniversary_date: Option<&'a str>,
    pub partner_email: Option<&'a str>,
}

/// Account, profile and consent. A taken address violates `accounts_email_key`.
pub async fn insert(cx: &Cx, tx: &mut Tx, new: &NewAccount<'_>) -> Result<(), SqlError> {
    let (now, spread) = (cx.now(), bucket(&new.id));
    tx.exec(
        "insert into accounts (id, bucket, email, email_key, name, password_hash, user_type, is_active, is_verified,
           terms_accepted_at, terms_version, language, timezone, plan, plan_status, revision, created_at, updated_at,
           referral_code)
         values ($1, $2, $3, $4, $5, $6, 'regular', $7, $8, $9, $10, $11, $12, 'basic', 'active', 1, $9, $9, $13)",
        args![
            new.id,
            spread,
            new.email,
            email_key(new.email),
            new.name,
            new.password_hash.map(str::to_owned),
            true,
            false,
            now,
            new.terms_version,
            new.language.code(),
            new.timezone,
            new.referral_code.map(str::to_owned)
        ],
    )
    .await?;
    insert_profile(cx, tx, new.id, new.name, &new.profile).await?;
    tx.exec(
        "insert into consents (id, member_id, bucket, kind, version, given_at) values ($1, $2, $3, 'terms', $4, $5)",
        args![cx.id::<base::id::Consent>(), new.id, spread, new.terms_version, now],
    )
    .await?;
    Ok(())
}

/// What a form says besides: see `contacts` in the schema.
pub struct NewContact<'a> {
    pub first_name: &'a str,
    pub last_name: &'a str,
    /// E.164, verified by a code.
    pub phone: &'a str,
    pub country: &'a str,
    pub state: Option<&'a str>,
    pub city: &'a str,
    pub spoken_language: &'a str,
}

pub async fn insert_contact(cx: &Cx, tx: &mut Tx, id: MemberId, new: &NewContact<'_>) -> Result<()> {
    tx.exec(
        "insert into contacts (member_id, bucket, first_name, last_name, phone, phone_verified_at, country, state,
           city, spoken_language, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $6, $6)",
        args![
            id,
            bucket(&id),
            new.first_name,
            new.last_name,
            new.phone,
            cx.now(),
            new.country,
            new.state.map(str::to_owned),
            new.city,
            new.spoken_language
        ],
    )
    .await?;
    Ok(())
}

/// The profile of a new account, or of one that lost it; a profile that is there stays as it is.
pub async fn insert_profile(
    cx: &Cx,
    tx: &mut Tx,
    id: MemberId,
    name: &str,
    new: &NewProfile<'_>,
) -> Result<(), SqlError> {
    tx.exec(
        "insert into profiles (member_id, bucket, name_key, relationship_status, anniversary_date, partner_email,
           interests, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, '[]', $7, $7) on conflict (member_id) do nothing",
        args![
            id,
            bucket(&id),
            name_key(name),
            new.relationship_status.map(str::to_owned),
            new.anniversary_date.map(str::to_owned),
            new.partner_email.map(str::to_owned),
            cx.now()
        ],
    )
    .await
    .map(drop)
}

/// False when the password is not the one of `account` any more.
pub async fn signed_in(cx: &Cx, tx: &mut Tx, account: &Account) -> Result<bool> {
    let sql = "update accounts set last_sign_in_at = $1 where id = $2 and password_hash = $3";
    if tx.exec(sql, args![cx.now(), account.id, account.password_hash.clone()]).await? == 0 {
        return Ok(false);
    }
    crate::profiles::mark(cx, tx, account.id, &account.timezone).await?;
    Ok(true)
}

pub async fn set_password(cx: &Cx, tx: &mut Tx, id: MemberId, hash: &str) -> Result<()> {
    let sql = "update accounts set password_hash = $1, updated_at = $2 where id = $3";
    tx.exec(sql, args![hash, cx.now(), id]).await?;
    Ok(())
}

/// [`set_password`] in place of the one that `account` was read with; false when it was changed meanwhile.
pub async fn replace_password(cx: &Cx, tx: &mut Tx, account: &Account, hash: &str) -> Result<bool> {
    let sql = "update accounts set password_hash = $1, updated_at = $2 where id = $3 and password_hash = $4";
    Ok(tx.exec(sql, args![hash, cx.now(), account.id, account.password_hash.clone()]).await? == 1)
}

/// False when it was verified before.
pub async fn verify_email(cx: &Cx, tx: &mut Tx, id: MemberId) -> Result<bool> {
    let sql = "update accounts set email_verified_at = $1, updated_at = $1 where id = $2 and email_verified_at is null";
    Ok(tx.exec(sql, args![cx.now(), id]).await? == 1)
}

/// Another address, proved just now. A taken one violates `accounts_email_key`.
pub async fn set_email(cx: &Cx, tx: &mut Tx, id: MemberId, email: &str) -> Result<(), SqlError> {
    let sql = "update accounts set email = $1, email_key = $2, email_verified_at = $3, updated_at = $3 where id = $4";
    tx.exec(sql, args![email, email_key(email), cx.now(), id]).await.map(drop)
}

/// Marks that something the hot path must know of has changed. Follow with `cards::project`.
pub async fn touch(cx: &Cx, tx: &mut Tx, id: MemberId) -> Result<()> {
    let sql = "update accounts set revision = revision + 1, updated_at = $1 where id = $2";
    tx.exec(sql, args![cx.now(), id]).await?;
    Ok(())
}
