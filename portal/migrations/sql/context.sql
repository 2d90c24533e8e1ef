-- Time, and what a transaction says about itself. Settings are local to a transaction and never trusted
-- further than the MAC reaches (ground 2); without them nobody sees a row.
create schema portal authorization covalent_owner;
create schema ledger authorization covalent_owner;
create schema door authorization covalent_owner;
grant usage on schema portal, ledger, door to covalent_app, covalent_backup;

create function portal.instant() returns timestamptz
    language sql volatile set search_path = pg_catalog as 'select clock_timestamp()';

create function portal.setting(name text) returns text
    language sql stable set search_path = pg_catalog as
$$ select nullif(current_setting('covalent.' || name, true), '') $$;

-- Keeps the thin row of portal_record beside each record that others may point to.
-- Arguments: type, column of the number, column of the title ('-' for none).
create function portal.keep_record() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    image jsonb := to_jsonb(new);
begin
    insert into public.portal_record (id, space_id, type, audience, number, title, version)
    values (new.id, new.space_id, tg_argv[0], new.audience, coalesce(image ->> tg_argv[1], ''),
            coalesce(image ->> tg_argv[2], ''), new.version)
    on conflict (id) do update
        set audience = excluded.audience, number = excluded.number,
            title = excluded.title, version = excluded.version;
    return null;
end
$$;

-- Refuses an edge that the TRANSITIONS table does not hold. Arguments: 'from>to', ...
create function portal.guard_state() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as
$$
begin
    if new.state is distinct from old.state
       and not (old.state || '>' || new.state) = any (tg_argv) then
        raise exception 'no transition from % to %', old.state, new.state
            using errcode = 'check_violation', constraint = tg_table_name || '_transition';
    end if;
    return new;
end
$$;
