-- The daily mail of checkpoints.
alter table ledger.holder drop constraint holder_how_check;
alter table ledger.holder add constraint holder_how_check check (how in ('checkpoint', 'export', 'witness', 'mail'));

-- Whose mail of a day waits: administrators and heads of quality, by a seat that their own organisation gave.
create function door.unmailed(day date, most integer) returns table (person_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    select p.id from public.portal_person p
    where p.is_active and p.kind = 'human' and not p.is_guest and p.email <> ''
      and exists (
          select from public.portal_assignment a
          where a.person_id = p.id and a.space_id = p.organisation_id
            and a.role in ('site_admin', 'org_admin', 'quality_head')
            and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until))
      and not exists (
          select from public.portal_checkpointmail m
          where m.person_id = p.id and m.day = unmailed.day
            and (m.sent_at is not null or m.next_at > portal.instant()))
    order by p.id limit most
$$;
revoke all on function door.unmailed(date, integer) from public;
grant execute on function door.unmailed(date, integer) to covalent_app;
grant select, insert, update, delete on portal_checkpointmail to covalent_app;
