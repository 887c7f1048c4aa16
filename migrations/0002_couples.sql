-- Couples: the link, who is in one now, and the invitations that lead to it.
-- A couple's row lives by the couple's id, a member's row by the member's: no foreign keys between the two.

create table couples (
  id text not null,
  bucket bigint not null,
  member_a text not null,
  member_b text not null,
  status text not null,
  initiated_by text not null,
  invited_email text,
  accepted_at bigint,
  ended_at bigint,
  ended_by text,
  created_at bigint not null,
  updated_at bigint not null,
  constraint couples_pkey primary key (id),
  constraint couples_bucket_check check (bucket between 0 and 4095),
  constraint couples_status_check check (status in ('active', 'ended')),
  constraint couples_members_check check (member_a <> member_b)
);
create index couples_member_a_idx on couples (member_a, id);
create index couples_member_b_idx on couples (member_b, id);

-- One row for each member of an active couple, deleted at unlink. Of two accepts at once that share a member, the
-- primary key lets one win: each inserts both members, in the order of their ids so that neither waits for the other
-- in a circle.
create table couple_members (
  member_id text not null,
  bucket bigint not null,           -- of the member
  couple_id text not null,
  constraint couple_members_pkey primary key (member_id),
  constraint couple_members_bucket_check check (bucket between 0 and 4095)
);
create index couple_members_couple_id_idx on couple_members (couple_id);

create table invitations (
  id text not null,
  bucket bigint not null,           -- of the inviter
  inviter_id text not null,
  email text not null,              -- as typed
  email_key text not null,          -- in lower case
  code_digest text not null,
  code text,                        -- for the inviter to read again; null once it is worthless
  status text not null default 'pending',
  expires_at bigint not null,
  answered_at bigint,
  answered_by text,
  sent_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  constraint invitations_pkey primary key (id),
  constraint invitations_inviter_id_fkey foreign key (inviter_id) references accounts (id) on delete cascade,
  constraint invitations_bucket_check check (bucket between 0 and 4095),
  constraint invitations_status_check check (status in ('pending', 'accepted', 'declined', 'cancelled', 'expired'))
);
create unique index invitations_code_digest_key on invitations (code_digest);
-- One open invitation per inviter. One whose time has passed is open until it is marked as expired.
create unique index invitations_inviter_id_key on invitations (inviter_id) where status = 'pending';
create index invitations_inviter_id_idx on invitations (inviter_id, id);
create index invitations_email_key_idx on invitations (email_key, id);
create index invitations_expires_at_idx on invitations (expires_at) where status = 'pending';
