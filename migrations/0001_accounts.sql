-- Members: who signs in, what they show, what they agreed to, what they may redeem once.
-- Every row carries its owner's id and the owner's bucket. Foreign keys stay within one owner, so that the tables
-- can be spread over servers by that key. Times are milliseconds since 1970 in UTC.

create table accounts (
  id text not null,
  bucket bigint not null,
  email text not null,              -- as typed
  email_key text not null,          -- in lower case, for comparison
  name text not null,
  password_hash text,               -- null until a professional sets the first one
  user_type text not null default 'regular',
  role text,                        -- of staff
  is_active boolean not null default true,
  is_verified boolean not null default false,
  email_verified_at bigint,
  terms_accepted_at bigint,
  terms_version text,
  language text not null default 'en',
  timezone text not null default 'UTC',
  last_sign_in_at bigint,
  plan text not null default 'basic',
  plan_status text not null default 'active',
  plan_period_end bigint,
  plan_changed_at bigint,
  revision bigint not null default 1, -- grows with each change that the card in the items store must follow
  created_at bigint not null,
  updated_at bigint not null,
  constraint accounts_pkey primary key (id),
  constraint accounts_bucket_check check (bucket between 0 and 4095),
  constraint accounts_user_type_check check (user_type in ('regular', 'therapist', 'influencer', 'professional'))
);
create unique index accounts_email_key on accounts (email_key);

create table profiles (
  member_id text not null,
  bucket bigint not null,
  bio text,
  location text,
  relationship_status text,
  anniversary_date text,            -- 2019-06-21
  partner_name text,
  partner_email text,
  love_language text,
  date_frequency text,
  communication_style text,
  conflict_resolution text,
  interests text not null default '[]', -- JSON, a list of words
  avatar_url text,
  pet_name text,
  special_place text,
  created_at bigint not null,
  updated_at bigint not null,
  constraint profiles_pkey primary key (member_id),
  constraint profiles_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint profiles_bucket_check check (bucket between 0 and 4095)
);

create table consents (
  id text not null,
  member_id text not null,
  bucket bigint not null,
  kind text not null,
  version text not null,
  given_at bigint not null,
  withdrawn_at bigint,
  constraint consents_pkey primary key (id),
  constraint consents_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint consents_bucket_check check (bucket between 0 and 4095)
);
create index consents_member_id_kind_idx on consents (member_id, kind, id);

create table one_time_tokens (
  id text not null,
  bucket bigint not null,
  member_id text,                   -- null: a visitor's contact code; the bucket is then the token's own
  purpose text not null,
  digest text not null,             -- the secret itself is nowhere
  payload text,                     -- JSON
  expires_at bigint not null,
  used_at bigint,
  attempts bigint not null default 0,
  created_at bigint not null,
  constraint one_time_tokens_pkey primary key (id),
  constraint one_time_tokens_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint one_time_tokens_bucket_check check (bucket between 0 and 4095)
);
create unique index one_time_tokens_digest_key on one_time_tokens (digest);
create index one_time_tokens_member_id_purpose_idx on one_time_tokens (member_id, purpose, id);
create index one_time_tokens_expires_at_idx on one_time_tokens (expires_at);
