-- The application may note facts, read what its seats see and pass the doors; nothing here is callable by PUBLIC.
revoke all on all functions in schema portal, ledger, door from public;
grant execute on function portal.instant(), portal.setting(text) to covalent_app, covalent_backup;
grant execute on function ledger.record(uuid, text, text, integer, boolean, jsonb, text, text, json) to covalent_app;
grant execute on all functions in schema door to covalent_app;
grant select on ledger.chain, ledger.entry, ledger.item to covalent_app;
grant select on all tables in schema ledger to covalent_backup;

do $$
declare
    name text;
begin
    foreach name in array array['chain', 'entry', 'item'] loop
        execute format('alter table ledger.%I enable row level security', name);
        execute format('alter table ledger.%I force row level security', name);
        execute format('create policy owner_all on ledger.%I to covalent_owner using (true) with check (true)', name);
        execute format($p$create policy seat_select on ledger.%I for select to covalent_app using (
            (audience <> 'manufacturer' and space_id = any ((select nullif(current_setting('covalent.as_sponsor', true), '')::uuid[])::uuid[]))
            or (audience <> 'sponsor' and space_id = any ((select nullif(current_setting('covalent.as_manufacturer', true), '')::uuid[])::uuid[])))$p$, name);
    end loop;
    execute 'alter table ledger.marker enable row level security';
    execute 'alter table ledger.marker force row level security';
    execute 'create policy owner_all on ledger.marker to covalent_owner using (true) with check (true)';
end
$$;
