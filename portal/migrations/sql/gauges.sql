-- A door (ground 2) for operators: numbers over all spaces, none of which tells of one of them.
create function door.gauges() returns table (name text, label text, value double precision)
    language sql stable security definer set search_path = pg_catalog as
$$
    with now as materialized (select portal.instant() as at),
    waiting as (
        select c.audience, extract(epoch from now.at - e.sealed_at) as age
        from now, ledger.chain c
        left join lateral (
            select k.size from ledger.checkpoint k
            where k.space_id = c.space_id and k.audience = c.audience order by k.number desc limit 1) k on true
        join ledger.entry e on e.space_id = c.space_id and e.audience = c.audience and e.seq = coalesce(k.size, 0) + 1
        where c.head > coalesce(k.size, 0))
    select 'heartbeat_age_seconds', h.process, extract(epoch from now.at - h.seen_at)
    from now, public.portal_heartbeat h where h.process in ('worker', 'relay')
    union all
    select 'relay_shards_led', '', count(*) from now, public.portal_relayshard s
    where s.holder is not null and s.leased_until > now.at
    union all
    select 'clocks_overdue', '', count(*) from now, public.portal_clock c where c.next_at <= now.at
    union all
    select 'clock_overdue_seconds', '', coalesce(max(extract(epoch from now.at - c.next_at)), 0)
    from now, public.portal_clock c where c.next_at <= now.at
    union all
    select 'deliveries_due', '', count(*) from now, public.portal_delivery d
    where d.state = 'waiting' and d.next_at <= now.at
    union all
    select 'delivery_due_seconds', '', coalesce(max(extract(epoch from now.at - d.next_at)), 0)
    from now, public.portal_delivery d where d.state = 'waiting' and d.next_at <= now.at
    union all
    select 'checkpoint_waiting_seconds', a.audience, coalesce(max(w.age), 0)
    from unnest(array['shared', 'manufacturer', 'sponsor']) as a (audience) left join waiting w using (audience)
    group by a.audience
    union all
    select 'chains_forked', '', count(*) from now, public.portal_heartbeat h
    where h.process like 'fork %' and h.seen_at > now.at - interval '10 minutes'
$$;
revoke all on function door.gauges() from public;
grant execute on function door.gauges() to covalent_app;
