-- What every feature leans on: repeated requests, events on their way out, and the record of who did what.

create table idempotency (
  scope text not null,              -- caller and operation
  key text not null,                -- the caller's
  digest text not null,             -- of the request body
  status bigint,                    -- null while the first call runs
  body text,
  expires_at bigint not null,
  created_at bigint not null,
  constraint idempotency_pkey primary key (scope, key)
);
create index idempotency_expires_at_idx on idempotency (expires_at);

-- Rows leave when they are relayed. The sequence only grows, but on PostgreSQL a smaller number may become visible
-- after a larger one: the relay deletes the rows that it read, never "everything up to".
create table outbox (
  seq {{identity}},
  name text not null,
  body text not null,               -- JSON
  created_at bigint not null
);

create table audit (
  id text not null,
  bucket bigint not null,           -- of the member; of the entry when it concerns nobody
  member_id text,                   -- whom it concerns; outlives the account
  actor text not null,              -- who did it: an id, or the name of a part of the system
  action text not null,
  ip_prefix text,
  detail text,                      -- JSON
  at bigint not null,
  constraint audit_pkey primary key (id),
  constraint audit_bucket_check check (bucket between 0 and 4095)
);
create index audit_member_id_idx on audit (member_id, id);
create index audit_at_idx on audit (at);
