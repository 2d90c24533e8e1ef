-- Accounts and what proves them leave a trace: what changed is noted in the chain of the person's organisation, and of
-- secrets the digest alone. They are no records: sign-in reads them before a context exists.
-- Arguments: column of the organisation or the person, columns of which the digest is noted, columns that are not noted.
create function ledger.note_identity() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    before jsonb := case when tg_op <> 'INSERT' then ({before}) end;
    after jsonb := case when tg_op <> 'DELETE' then ({after}) end;
    is_now constant jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
    row_id uuid; space uuid;
begin
    if before = after then return null; end if;
    row_id := {row_id};
    for space in
        select distinct case tg_argv[0] when 'organisation_id' then said.owner
                        else (select p.organisation_id from public.portal_person p where p.id = said.owner) end
        from (values ((before ->> tg_argv[0])::uuid), ((after ->> tg_argv[0])::uuid)) as said (owner)
    loop
        -- A process of the installation has no organisation, and nobody signs in as one.
        continue when space is null;
        perform ledger.keep(ledger.mark(), space, 'shared', 'change', tg_table_name, row_id, null,
            json_build_object('item', 'change', 'table', tg_table_name, 'op', lower(tg_op), 'id', row_id,
                'old', (select jsonb_object_agg(key, value) from jsonb_each(before)
                        where after is null or after -> key is distinct from value),
                'new', (select jsonb_object_agg(key, value) from jsonb_each(after)
                        where before is null or before -> key is distinct from value))::text);
    end loop;
    return null;
end
$$;
revoke all on function ledger.note_identity() from public;
