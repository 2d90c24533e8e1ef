-- Webhooks: what is due, who may still read, what operators watch.
alter table ledger.holder drop constraint holder_how_check;
alter table ledger.holder add constraint holder_how_check
    check (how in ('checkpoint', 'export', 'witness', 'mail', 'webhook'));

-- Streams that wait: there is something beyond what was taken, the webhook sends, and nobody works on it. The longest
-- not served first, so that none starves. What failed or answers slowly is marked, for a lane of its own.
create function door.webhooks_due(most integer) returns table (id uuid, space_id uuid, is_slow boolean)
    language sql stable security definer set search_path = pg_catalog as
$$
    select c.id, c.space_id, c.attempts > 0 or c.last_ms > 500
    from public.portal_webhookcursor c
    join public.portal_webhook w on w.id = c.webhook_id and w.state = 'active'
    where (c.next_at is null or c.next_at <= portal.instant())
      and c.after < case c.stream
          when 'tests' then c.asked
          when 'entries' then (
              select n.head from ledger.chain n where n.space_id = c.space_id and n.audience = c.chain)
          else (
              select max(k.number) from ledger.checkpoint k where k.space_id = c.space_id and k.audience = c.chain)
          end
    order by c.taken_at nulls first, c.id limit most
$$;

-- Whether somebody may still be told what a side of a space reads: an open account with a seat there; of a service also
-- a live key that may have webhooks there.
create function door.may_be_told(person uuid, space uuid, side text) returns boolean
    language sql stable security definer set search_path = pg_catalog as
$$
    select exists (
        select from public.portal_person p
        where p.id = person and p.is_active
          and exists (
              select from door.spaces_of(person) s
              where s.space_id = may_be_told.space and s.side = may_be_told.side and s.role <> '')
          and (p.kind <> 'service' or exists (
              select from public.portal_apikey k
              where k.person_id = person and k.revoked_at is null and portal.instant() < k.expires_at
                and k.scopes ? 'webhooks' and k.program_ids ? may_be_told.space::text)))
$$;

-- For operators: numbers over all spaces, none of which tells of one of them.
create function door.webhook_gauges() returns table (name text, label text, value double precision)
    language sql stable security definer set search_path = pg_catalog as
$$
    select 'webhooks', s.state, count(w.id)
    from unnest(array['active', 'disabled', 'gone', 'exhausted', 'withdrawn']) as s (state)
    left join public.portal_webhook w on w.state = s.state group by s.state
    union all
    select 'webhook_failing_seconds', '', coalesce(max(extract(epoch from portal.instant() - c.failing_since)), 0)
    from public.portal_webhookcursor c join public.portal_webhook w on w.id = c.webhook_id and w.state = 'active'
    union all
    select 'webhook_due_seconds', '', coalesce(max(extract(epoch from portal.instant() - n.sealed_at)), 0)
    from public.portal_webhookcursor c join public.portal_webhook w on w.id = c.webhook_id and w.state = 'active'
    join ledger.entry n on n.space_id = c.space_id and n.audience = c.chain and n.seq = c.after + 1
    where c.stream = 'entries' and c.attempts = 0
$$;
revoke all on function
    door.webhooks_due(integer), door.may_be_told(uuid, uuid, text), door.webhook_gauges() from public;
grant execute on function
    door.webhooks_due(integer), door.may_be_told(uuid, uuid, text), door.webhook_gauges() to covalent_app;

-- How far a webhook has come goes with the webhook; only its tries are deleted when they are old.
revoke delete on portal_webhookcursor from covalent_app;
-- Whose it is and since when is never rewritten.
revoke update on portal_webhook from covalent_app;
grant update (secret, previous_secret, previous_until, state, owner_id, owner_code, stopped_at, version)
    on portal_webhook to covalent_app;

-- Systems that still speak: written at most once a minute and process, outside the record.
grant select, insert, update on portal_keyuse to covalent_app;
