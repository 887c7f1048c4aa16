-- The library of love-note templates: what staff added to the stock that is part of the program, and what members
-- like of both.

-- The id is made of language and key, so that an entry of staff can stand in for one of the stock.
create table note_templates (
  id text not null,
  language text not null,
  key text not null,
  category text not null,
  tier text not null,
  audience text,
  title text not null,
  content text not null,
  tags text not null,               -- JSON, a list of words
  active boolean not null default true,
  revision bigint not null default 1, -- grows with each change: the sum of all tells servers that there was one
  created_at bigint not null,
  updated_at bigint not null,
  constraint note_templates_pkey primary key (id),
  constraint note_templates_tier_check check (tier in ('basic', 'premiere', 'exclusive'))
);

create table note_template_favourites (
  member_id text not null,
  bucket bigint not null,
  template_id text not null,        -- of the stock or of staff
  created_at bigint not null,
  constraint note_template_favourites_pkey primary key (member_id, template_id),
  constraint note_template_favourites_member_id_fkey foreign key (member_id) references accounts (id) on delete cascade,
  constraint note_template_favourites_bucket_check check (bucket between 0 and 4095)
);
create index note_template_favourites_member_id_idx on note_template_favourites (member_id, created_at, template_id);
