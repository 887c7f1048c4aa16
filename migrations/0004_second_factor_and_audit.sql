-- The second factor of a member, and what the record of security-relevant acts tells besides who and what.

create table second_factors (
  member_id text not null,
  bucket bigint not null,
  secret text not null,             -- sealed with a key that is not in this database
  confirmed_at bigint,              -- null: offered, not yet proven
  last_step bigint not null,        -- of the newest code that was taken: neither it nor an older one is taken again
  created_at bigint not null,
  updated_at bigint not null,
  constraint second_factors_pkey primary key (member_id),
  constraint second_factors_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint second_factors_bucket_check check (bucket between 0 and 4095)
);

create table recovery_codes (
  member_id text not null,
  bucket bigint not null,
  digest text not null,             -- with a key that is not in this database
  used_at bigint,
  created_at bigint not null,
  constraint recovery_codes_pkey primary key (member_id, digest),
  constraint recovery_codes_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint recovery_codes_bucket_check check (bucket between 0 and 4095)
);

-- Rows of this table are only ever inserted.
alter table audit add column session_id text;
alter table audit add column object text; -- what was acted on: an id
alter table audit add column outcome text not null default 'ok'
  constraint audit_outcome_check check (outcome in ('ok', 'refused'));
