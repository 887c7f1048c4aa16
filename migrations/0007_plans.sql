-- What a member may use besides the plan, and when time alone will change what a member may use.

alter table accounts add column lapses_at bigint; -- next end of the plan or of a grant; null when nothing ends by itself
create index accounts_lapses_at_idx on accounts (lapses_at) where lapses_at is not null;
update accounts set lapses_at = plan_period_end where plan <> 'basic' and plan_period_end is not null;

create table entitlement_grants (
  id text not null,
  bucket bigint not null,           -- of the member
  member_id text not null,
  feature text not null,            -- an entitlement key
  source text not null,             -- earned by points, or granted by staff
  expires_at bigint,                -- null: for good
  created_at bigint not null,
  updated_at bigint not null,
  constraint entitlement_grants_pkey primary key (id),
  constraint entitlement_grants_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint entitlement_grants_bucket_check check (bucket between 0 and 4095),
  constraint entitlement_grants_source_check check (source in ('unlock', 'staff'))
);
create unique index entitlement_grants_member_id_feature_source_key on entitlement_grants (member_id, feature, source);
