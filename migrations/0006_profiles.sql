-- Profiles: preferences, the picture, streaks, who may see what, and what the directory of members looks for.

-- Nothing was ever stored there: the address of a picture is made when it is asked for, from the name of its objects.
alter table profiles rename column avatar_url to picture;
alter table profiles add column name_key text not null default '';                  -- the name in lower case
alter table profiles add column favorite_activity_types text not null default '[]'; -- JSON, a list of words
alter table profiles add column recent_emojis text not null default '[]';           -- JSON, most recent first
alter table profiles add column picture_changed_at bigint;
alter table profiles add column completed_at bigint;                                -- the first time all was filled
alter table profiles add column streak_days bigint not null default 0;              -- days in a row with a sign-in
alter table profiles add column streak_day text;                                    -- the last of them, where the member lives
alter table profiles add column visibility text not null default 'everyone'
  constraint profiles_visibility_check check (visibility in ('everyone', 'friends', 'partner', 'nobody'));

-- As far as both engines agree on lower case; a change of the name writes it exactly.
update profiles set name_key = coalesce((select lower(a.name) from accounts a where a.id = profiles.member_id), '');
create index profiles_name_key_idx on profiles (name_key, member_id);
