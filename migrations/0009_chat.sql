-- Chat: what members let others know and do, and what was reported to the moderators.

create table privacy_settings (
  member_id text not null,
  bucket bigint not null,           -- of the member
  messages_from text not null,
  read_receipts boolean not null,   -- whether senders see what was read
  presence_visible boolean not null,
  created_at bigint not null,
  updated_at bigint not null,
  constraint privacy_settings_pkey primary key (member_id),
  constraint privacy_settings_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint privacy_settings_messages_from_check check (messages_from in ('everyone', 'friends', 'partner')),
  constraint privacy_settings_bucket_check check (bucket between 0 and 4095)
);

-- One report of a thing by a member: a repeat changes nothing.
create table reports (
  id text not null,
  bucket bigint not null,           -- of the reporter
  reporter_id text not null,
  member_id text not null,          -- who is reported
  subject text not null,            -- the message of theirs, or again the member
  excerpt text,                     -- what the reporter saw of the message then
  reason text,
  status text not null,
  created_at bigint not null,
  updated_at bigint not null,
  constraint reports_pkey primary key (id),
  constraint reports_reporter_id_fkey foreign key (reporter_id) references accounts (id) on delete cascade,
  constraint reports_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint reports_status_check check (status in ('open', 'closed')),
  constraint reports_bucket_check check (bucket between 0 and 4095)
);
create unique index reports_reporter_id_subject_key on reports (reporter_id, subject);
create index reports_status_idx on reports (status, id);
create index reports_member_id_idx on reports (member_id);
