-- The sealed ledger (ground 4). Leaf format 1 never changes: what is written here is read for ever.
create table ledger.marker (
    id bigint generated always as identity primary key,
    xid xid8 not null,
    context text[] not null
);
create index marker_xid on ledger.marker (xid);

create table ledger.chain (
    space_id uuid not null,
    audience text not null check (audience in ('shared', 'manufacturer', 'sponsor')),
    head bigint not null default 0,
    sealed_at timestamptz not null default '-infinity',
    primary key (space_id, audience)
);
create index chain_sealed_at on ledger.chain (sealed_at);

create table ledger.entry (
    space_id uuid not null,
    audience text not null,
    seq bigint not null check (seq > 0),
    sealed_at timestamptz not null,
    kind text not null,
    schema_version integer not null,
    seat text not null,
    is_outside boolean not null,
    is_news boolean not null,
    summary jsonb not null,
    marker_id bigint not null,
    header bytea not null,
    leaf_hash bytea not null,
    primary key (space_id, audience, seq),
    foreign key (space_id, audience) references ledger.chain
);
create index entry_marker on ledger.entry (marker_id);
create index entry_subject on ledger.entry (space_id, (summary -> 'subject' ->> 'id'));

create table ledger.item (
    id bigint generated always as identity primary key,
    marker_id bigint not null,
    space_id uuid not null,
    audience text not null,
    class text not null check (class in ('change', 'origin', 'fact', 'context')),
    name text not null,
    row_id uuid,
    summary jsonb,
    salt bytea not null check (length(salt) = 32),
    body bytea,
    hash bytea not null check (length(hash) = 32)
);
create index item_marker on ledger.item (marker_id, space_id, audience);
create index item_row on ledger.item (row_id) where class = 'change';

-- The one who is speaking now, as the marker keeps it: a transaction that changes its context starts a new marker.
create function ledger.speaker() returns text[]
    language sql stable set search_path = pg_catalog as
$$
    select array[
        coalesce(portal.setting('person'), ''), coalesce(portal.setting('organisation'), ''),
        coalesce(portal.setting('action'), ''), coalesce(portal.setting('reason'), ''),
        coalesce(portal.setting('request'), ''), coalesce(portal.setting('mac'), ''),
        session_user::text, coalesce(current_setting('application_name', true), ''),
        coalesce(host(inet_client_addr()), '')]
$$;

create function ledger.mark() returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    speaker constant text[] := ledger.speaker();
    found_id bigint;
begin
    select id into found_id from ledger.marker where xid = pg_current_xact_id() and context = speaker;
    if found_id is null then
        insert into ledger.marker (xid, context) values (pg_current_xact_id(), speaker) returning id into found_id;
    end if;
    return found_id;
end
$$;

create function ledger.salt() returns bytea
    language sql volatile set search_path = pg_catalog as
'select uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())';

create function ledger.keep(
    marker bigint, space uuid, audience text, class text, name text, row_id uuid, summary jsonb, body text
) returns void
    language sql volatile set search_path = pg_catalog as
$$
    with fresh as materialized (select ledger.salt() as salt, convert_to(body, 'UTF8') as bytes)
    insert into ledger.item (marker_id, space_id, audience, class, name, row_id, summary, salt, body, hash)
    select marker, space, keep.audience, keep.class, keep.name, keep.row_id, keep.summary, salt, bytes, sha256(salt || bytes)
    from fresh
$$;

-- Notes what a statement changed, each row on the chain it belongs to. One set-based pass over the transition tables:
-- a row trigger doing the same took three times as long for 200,000 rows. In an image every number is a string, so that
-- no reader's float touches a recorded value.
create function ledger.note_insert() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    marker bigint;
begin
    if not exists (select from fresh) then return null; end if;
    marker := ledger.mark();
    insert into ledger.item (marker_id, space_id, audience, class, name, row_id, salt, body, hash)
    select marker, space_id, audience, 'change', tg_table_name, id, salt, body, sha256(salt || body) from (
        select f.space_id, f.audience, f.id, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt,
               convert_to(json_build_object('item', 'change', 'table', tg_table_name, 'op', 'insert', 'id', f.id,
                   'old', null, 'new', (
                       select jsonb_object_agg(key, case jsonb_typeof(value) when 'number' then to_jsonb(value #>> '{}')
                                                    else value end) from jsonb_each(to_jsonb(f))))::text, 'UTF8') as body
        from fresh f) noted;
    return null;
end
$$;

create function ledger.note_delete() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    marker bigint;
begin
    if not exists (select from stale) then return null; end if;
    marker := ledger.mark();
    perform ledger.keep(marker, s.space_id, s.audience, 'change', tg_table_name, s.id, null,
        json_build_object('item', 'change', 'table', tg_table_name, 'op', 'delete', 'id', s.id, 'old', (
            select jsonb_object_agg(key, case jsonb_typeof(value) when 'number' then to_jsonb(value #>> '{}')
                                         else value end) from jsonb_each(to_jsonb(s))), 'new', null)::text)
    from stale s;
    return null;
end
$$;

create function ledger.note_update() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    marker bigint;
begin
    if not exists (select from fresh) then return null; end if;
    if exists (select from fresh f full join stale s on s.id = f.id
               where f.id is null or s.id is null or f.space_id <> s.space_id) then
        raise exception 'a record keeps its id and its space' using errcode = 'check_violation';
    end if;
    if exists (select from fresh f join stale s on s.id = f.id where f.audience <> s.audience and f.audience <> 'shared') then
        raise exception 'an audience only ever widens to shared' using errcode = 'check_violation';
    end if;
    marker := ledger.mark();
    insert into ledger.item (marker_id, space_id, audience, class, name, row_id, salt, body, hash)
    select marker, space_id, audience, 'change', tg_table_name, id, salt, body, sha256(salt || body) from (
        select c.space_id, c.audience, c.id, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt,
               convert_to(json_build_object('item', 'change', 'table', tg_table_name, 'op', 'update', 'id', c.id,
                   'old', (select jsonb_object_agg(key, case jsonb_typeof(value) when 'number' then to_jsonb(value #>> '{}')
                                                        else value end)
                           from jsonb_each(c.before) where c.after -> key is distinct from value),
                   'new', (select jsonb_object_agg(key, case jsonb_typeof(value) when 'number' then to_jsonb(value #>> '{}')
                                                        else value end)
                           from jsonb_each(c.after) where c.before -> key is distinct from value))::text, 'UTF8') as body
        from (select f.space_id, f.audience, f.id, to_jsonb(s) as before, to_jsonb(f) as after
              from fresh f join stale s on s.id = f.id where f.audience = s.audience) c
        where c.before <> c.after) noted;
    if exists (select from fresh f join stale s on s.id = f.id where f.audience <> s.audience) then
        perform ledger.keep(marker, f.space_id, s.audience, 'change', tg_table_name, f.id, null,
                    json_build_object('item', 'change', 'table', tg_table_name, 'op', 'left', 'id', f.id,
                        'old', json_build_object('audience', s.audience), 'new', json_build_object('audience', f.audience))::text),
                ledger.note_disclosed(marker, tg_table_name, f.id, f.space_id, s.audience, to_jsonb(f))
        from fresh f join stale s on s.id = f.id where f.audience <> s.audience;
    end if;
    return null;
end
$$;

-- A disclosed row belongs to two chains: the old one says that it left; the new one holds its full image and salted
-- digests of the private entries it comes from, whose numbers stay on the private chain.
create function ledger.note_disclosed(
    marker bigint, table_name text, row_id uuid, space uuid, was text, image jsonb
) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    origins jsonb;
begin
    select jsonb_agg(encode(sha256(ledger.salt() || e.leaf_hash), 'hex') order by e.seq) into origins
    from ledger.entry e
    where e.space_id = space and e.audience = was
      and e.marker_id in (select i.marker_id from ledger.item i where i.class = 'change' and i.row_id = note_disclosed.row_id);
    if origins is not null then
        perform ledger.keep(marker, space, 'shared', 'origin', table_name, row_id, null,
            json_build_object('item', 'origin', 'table', table_name, 'id', row_id, 'digests', origins)::text);
    end if;
    perform ledger.keep(marker, space, 'shared', 'change', table_name, row_id, null,
        json_build_object('item', 'change', 'table', table_name, 'op', 'disclosed', 'id', row_id, 'old', null, 'new', (
            select jsonb_object_agg(key, case jsonb_typeof(value) when 'number' then to_jsonb(value #>> '{}')
                                         else value end) from jsonb_each(image)))::text);
end
$$;

-- Records a fact beside the changes of this transaction. The caller must hold a seat from which the chain is visible.
create function ledger.record(
    space uuid, audience text, name text, version integer, is_news boolean, subject jsonb,
    classification text, title text, payload json
) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
begin
    if not ((audience <> 'manufacturer' and space = any (portal.setting('as_sponsor')::uuid[]))
            or (audience <> 'sponsor' and space = any (portal.setting('as_manufacturer')::uuid[]))) is true then
        raise exception 'no seat for this chain' using errcode = 'insufficient_privilege';
    end if;
    perform ledger.keep(ledger.mark(), space, audience, 'fact', name, (subject ->> 'id')::uuid,
        jsonb_build_object('subject', subject, 'classification', classification, 'title', title,
            'version', version, 'news', is_news),
        json_build_object('item', 'fact', 'name', name, 'version', version, 'subject', subject,
            'classification', classification, 'title', title, 'payload', payload)::text);
end
$$;

-- The code under which the other side knows the speaker in this space; never a name.
create function ledger.seat_of(person uuid, space uuid) returns text
    language sql stable security definer set search_path = pg_catalog as
$$
    select coalesce(
        (select a.code from public.portal_assignment a
          where a.person_id = person
            and (a.target_id = space
                 or a.target_id = (select p.partnership_id from public.portal_program p where p.id = space))
            and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until)
          order by (a.target_id = space) desc, a.code limit 1),
        (select 'system ' || p.code from public.portal_person p where p.id = person and p.kind = 'system'),
        '')
$$;

-- RFC 6962 tree head over the given leaves, each already a 32 byte digest, hashed as leaf data.
create function ledger.tree_head(leaves bytea[]) returns bytea
    language plpgsql immutable set search_path = pg_catalog, pg_temp as
$$
declare
    level bytea[];
begin
    select array_agg(sha256('\x00'::bytea || leaf) order by at) into level from unnest(leaves) with ordinality u(leaf, at);
    while cardinality(level) > 1 loop
        select array_agg(node order by pair) into level from (
            select (at - 1) / 2 as pair,
                   case count(*) when 2 then sha256('\x01'::bytea || string_agg(leaf, ''::bytea order by at))
                        else min(leaf) end as node
            from unnest(level) with ordinality u(leaf, at) group by 1) pairs;
    end loop;
    return coalesce(level[1], sha256(''::bytea));
end
$$;

-- Seals what one marker noted on one chain: next number, exact header, leaf hash.
create function ledger.seal_chain(marker bigint, speaker text[], space uuid, chain_audience text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    number bigint; sealed timestamptz; seat text; changes integer;
    kind text; schema_version integer := 1; summary jsonb; hashes jsonb; parts json; head_bytes bytea;
    is_outside constant boolean := speaker[3] = '';
begin
    select name, i.summary into kind, summary from ledger.item i
    where i.marker_id = marker and i.space_id = space and i.audience = chain_audience and class = 'fact' order by id limit 1;
    select count(*) filter (where class <> 'fact') into changes
    from ledger.item i where i.marker_id = marker and i.space_id = space and i.audience = chain_audience;
    if kind is null then
        kind := case when is_outside then 'record.changed_outside' else speaker[3] end;
        summary := jsonb_build_object('news', is_outside);
    end if;
    schema_version := coalesce((summary ->> 'version')::integer, 1);
    seat := coalesce(ledger.seat_of(nullif(speaker[1], '')::uuid, space), '');

    -- What was done stands in items of its own, so that one can be shown and the rest withheld.
    insert into ledger.item (marker_id, space_id, audience, class, name, salt, body, hash)
    select marker, space, chain_audience, 'context', label, salt, body, sha256(salt || body) from (
        select at, label, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt,
               convert_to(json_build_object('item', label, 'value', said)::text, 'UTF8') as body
        from unnest(array['actor', 'organisation', 'action', 'reason', 'request', 'transaction', 'database_user',
                          'application', 'client_address'],
                    array[speaker[1], speaker[2], speaker[3], speaker[4], speaker[5], pg_current_xact_id()::text,
                          speaker[7], speaker[8], speaker[9]]) with ordinality as spoken(label, said, at)) kept
    order by at;

    if changes <= 1000 then
        select jsonb_agg(encode(hash, 'hex') order by id) into hashes from ledger.item i
        where i.marker_id = marker and i.space_id = space and i.audience = chain_audience;
    else
        select jsonb_agg(encode(hash, 'hex') order by id) into hashes from ledger.item i
        where i.marker_id = marker and i.space_id = space and i.audience = chain_audience and class in ('fact', 'context');
        select json_build_object('count', changes::text, 'root', encode(ledger.tree_head(array_agg(hash order by id)), 'hex'))
        into parts from ledger.item i
        where i.marker_id = marker and i.space_id = space and i.audience = chain_audience and class not in ('fact', 'context');
    end if;

    update ledger.chain c
    set head = head + 1, sealed_at = greatest(c.sealed_at + interval '1 microsecond', portal.instant())
    where c.space_id = space and c.audience = chain_audience
    returning head, c.sealed_at into number, sealed;

    head_bytes := convert_to(json_build_object(
        'format', '1', 'space', space, 'audience', chain_audience, 'seq', number::text,
        'sealed_at', to_char(sealed at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'kind', kind, 'schema', schema_version::text, 'seat', seat, 'mac', speaker[6],
        'items', hashes, 'parts', parts)::text, 'UTF8');
    insert into ledger.entry (space_id, audience, seq, sealed_at, kind, schema_version, seat, is_outside, is_news,
                              summary, marker_id, header, leaf_hash)
    values (space, chain_audience, number, sealed, kind, schema_version, seat, is_outside,
            coalesce((summary ->> 'news')::boolean, false), summary, marker, head_bytes,
            sha256('\x00'::bytea || head_bytes));
end
$$;

create function ledger.seal() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    chain record;
begin
    insert into ledger.chain (space_id, audience)
    select distinct i.space_id, i.audience from ledger.item i where i.marker_id = new.id order by 1, 2
    on conflict do nothing;
    -- One fixed order for everybody: two transactions on the same two chains wait, they do not deadlock.
    perform 1 from ledger.chain c
    where (c.space_id, c.audience) in (select i.space_id, i.audience from ledger.item i where i.marker_id = new.id)
    order by c.space_id, c.audience for update;
    for chain in select distinct i.space_id, i.audience from ledger.item i where i.marker_id = new.id order by 1, 2 loop
        perform ledger.seal_chain(new.id, new.context, chain.space_id, chain.audience);
    end loop;
    delete from ledger.marker where id = new.id;
    return null;
end
$$;

create constraint trigger seal after insert on ledger.marker
    deferrable initially deferred for each row execute function ledger.seal();
