-- Records many facts of one transaction, each sealed in an entry of its own, in a few passes over all of them. The entries
-- are those that `ledger.record` and `ledger.seal` would make one after the other: what was changed before stands in the
-- first. After an outage the sweep has thousands of deadlines to note, and sealing one by one took most of its time.
create function ledger.record_each(facts json) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    speaker constant text[] := ledger.speaker();
begin
    if exists (
        select from json_to_recordset(facts) as f (space uuid, audience text)
        where not ((audience <> 'manufacturer' and space = any (portal.setting('as_sponsor')::uuid[]))
                   or (audience <> 'sponsor' and space = any (portal.setting('as_manufacturer')::uuid[]))) is true
    ) then
        raise exception 'no seat for this chain' using errcode = 'insufficient_privilege';
    end if;
    -- The same fixed order as in `ledger.seal`, which locks those of the first entry.
    insert into ledger.chain (space_id, audience)
    select distinct space, audience from json_to_recordset(facts) as f (space uuid, audience text) order by 1, 2
    on conflict do nothing;
    perform 1 from ledger.chain c
    where (c.space_id, c.audience) in (select space, audience from json_to_recordset(facts) as f (space uuid, audience text))
    order by c.space_id, c.audience for update;

    perform ledger.record(space, audience, name, version, is_news, subject, classification, title, payload)
    from json_to_record(facts -> 0) as f (space uuid, audience text, name text, version integer, is_news boolean,
                                          subject jsonb, classification text, title text, payload json);
    set constraints ledger.seal immediate;
    set constraints ledger.seal deferred;

    with line as materialized (
        select nextval(pg_get_serial_sequence('ledger.marker', 'id')) as marker, given.*,
               row_number() over (partition by space, audience order by place) as nth
        from rows from (json_to_recordset(facts) as (
            space uuid, audience text, name text, version integer, is_news boolean, subject jsonb, classification text,
            title text, payload json)) with ordinality
            given (space, audience, name, version, is_news, subject, classification, title, payload, place)
        where place > 1
    ), said as (
        select marker, space, audience, 'fact' as class, name, (subject ->> 'id')::uuid as row_id, 0 as at,
               jsonb_build_object('subject', subject, 'classification', classification, 'title', title,
                   'version', version, 'news', is_news) as summary,
               json_build_object('item', 'fact', 'name', name, 'version', version, 'subject', subject,
                   'classification', classification, 'title', title, 'payload', payload)::text as body
        from line
        union all
        select marker, space, audience, 'context', label, null, at, null,
               json_build_object('item', label, 'value', word)::text
        from line, unnest(array['actor', 'organisation', 'action', 'reason', 'request', 'transaction', 'database_user',
                                'application', 'client_address'],
                          array[speaker[1], speaker[2], speaker[3], speaker[4], speaker[5],
                                pg_current_xact_id()::text, speaker[7], speaker[8], speaker[9]])
            with ordinality as spoken (label, word, at)
    ), salted as materialized (
        select said.*, ledger.salt() as salt, convert_to(body, 'UTF8') as bytes from said
    ), hashed as materialized (
        select salted.*, sha256(salt || bytes) as hash from salted
    ), kept as (
        insert into ledger.item (marker_id, space_id, audience, class, name, row_id, summary, salt, body, hash)
        select marker, space, audience, class, name, row_id, summary, salt, bytes, hash from hashed order by marker, at
    ), chains as materialized (
        select c.space_id as space, c.audience, c.head,
               coalesce(ledger.seat_of(nullif(speaker[1], '')::uuid, c.space_id), '') as seat,
               greatest(c.sealed_at + interval '1 microsecond', portal.instant()) as since
        from ledger.chain c
        where (c.space_id, c.audience) in (select space, audience from line)
    ), headed as materialized (
        select line.*, head + nth as seq, since + nth * interval '1 microsecond' as sealed_at, seat, h.summary,
               convert_to(json_build_object(
                   'format', '1', 'space', space, 'audience', audience, 'seq', (head + nth)::text,
                   'sealed_at', to_char((since + nth * interval '1 microsecond') at time zone 'UTC',
                                        'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'kind', name, 'schema', version::text, 'seat', seat, 'mac', speaker[6],
                   'items', h.hashes, 'parts', null)::text, 'UTF8') as header
        from line join chains using (space, audience)
        join (select marker, jsonb_agg(encode(hash, 'hex') order by at) as hashes,
                     (array_agg(hashed.summary order by at))[1] as summary
              from hashed group by marker) h using (marker)
    ), sealed as (
        insert into ledger.entry (space_id, audience, seq, sealed_at, kind, schema_version, seat, is_outside, is_news,
                                  summary, marker_id, header, leaf_hash)
        select space, audience, seq, sealed_at, name, version, seat, speaker[3] = '', is_news, summary, marker, header,
               sha256('\x00'::bytea || header)
        from headed order by place
    )
    update ledger.chain c set head = last.head, sealed_at = last.sealed_at
    from (select space, audience, max(seq) as head, max(sealed_at) as sealed_at from headed group by 1, 2) last
    where c.space_id = last.space and c.audience = last.audience;
end
$$;
revoke all on function ledger.record_each(json) from public;
grant execute on function ledger.record_each(json) to covalent_app;

-- As before, but each image is made once: without `materialized` it was made anew for every column of the row.
create or replace function ledger.note_update() returns trigger
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
    with changed as materialized (
        select f.space_id, f.audience, f.id, to_jsonb(s) as before, to_jsonb(f) as after
        from fresh f join stale s on s.id = f.id where f.audience = s.audience
    )
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
        from changed c where c.before <> c.after) noted;
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
