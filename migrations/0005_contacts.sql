-- Addresses and numbers: the change of an account's address, what was proved by a code, and how to reach a member.

-- At most one change under way per account: a new request takes the row of the one before.
create table email_changes (
  member_id text not null,
  bucket bigint not null,
  email text not null,              -- the one to come, as typed
  email_key text not null,          -- in lower case
  old_token text not null,          -- one_time_tokens: mailed to the address in force
  new_token text not null,          -- mailed to the one to come
  old_confirmed_at bigint,
  new_confirmed_at bigint,
  expires_at bigint not null,
  created_at bigint not null,
  constraint email_changes_pkey primary key (member_id),
  constraint email_changes_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint email_changes_bucket_check check (bucket between 0 and 4095)
);
create index email_changes_expires_at_idx on email_changes (expires_at);

-- Receipts of proved addresses and numbers that have been used. A receipt is signed and runs out by itself; what is
-- kept here only keeps it from being used twice.
create table spent_receipts (
  id text not null,
  bucket bigint not null,           -- of the receipt
  expires_at bigint not null,
  constraint spent_receipts_pkey primary key (id),
  constraint spent_receipts_bucket_check check (bucket between 0 and 4095)
);
create index spent_receipts_expires_at_idx on spent_receipts (expires_at);

-- What a member said of themselves in a form that asks for more than a sign-up does. Never part of the public profile.
create table contacts (
  member_id text not null,
  bucket bigint not null,
  first_name text not null,
  last_name text not null,
  phone text not null,              -- E.164
  phone_verified_at bigint,
  country text not null,
  state text,                       -- or province, where there is one
  city text not null,
  spoken_language text not null,
  created_at bigint not null,
  updated_at bigint not null,
  constraint contacts_pkey primary key (member_id),
  constraint contacts_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint contacts_bucket_check check (bucket between 0 and 4095)
);

-- As given at sign-up; credited once referrals are.
alter table accounts add column referral_code text;
