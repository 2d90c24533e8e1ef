-- For the auditor: how much of what was due has not happened, over all spaces. Each is 0 while all is well.
-- Somebody who was told and has no message at all is a fault where they have an address and chose nothing else:
-- by default everything goes by mail.
create or replace function door.audit(late_s double precision) returns table (name text, value bigint)
    language sql stable security definer set search_path = pg_catalog as
$$
    with limits as materialized (select portal.instant() - make_interval(secs => late_s) as before)
    select 'clocks_late', count(*) from limits l, public.portal_clock c where c.next_at <= l.before
    union all
    select 'deliveries_late', count(*) from limits l, public.portal_delivery d
    where d.state = 'waiting' and d.next_at <= l.before
    union all
    select 'ladders_lost', count(*) from public.portal_alert a
    where a.state = 'open' and not exists (
        select from public.portal_clock c where c.alert_id = a.id and c.kind = 'ladder' and c.state = 'running')
    union all
    select 'steps_lost', count(*) from public.portal_clock c
    where c.kind = 'ladder' and c.state = 'running' and c.step + 1 <> (
        select count(*) from public.portal_ladderstep s where s.alert_id = c.alert_id)
    union all
    select 'steps_untold', count(*) from public.portal_alert a
    join public.portal_ladderstep s on s.alert_id = a.id and s.space_id = a.space_id
    where a.state = 'open' and s.told > 0 and (
        s.told <> (select count(*) from public.portal_receipt r where r.alert_id = a.id and r.step = s.number)
        or exists (
            select from public.portal_receipt r join public.portal_person p on p.id = r.person_id
            where r.alert_id = a.id and r.step = s.number and p.is_active and p.email <> ''
                and not exists (select from public.portal_noticesetting n where n.person_id = p.id)
                and not exists (
                    select from public.portal_delivery d
                    where d.alert_id = a.id and d.step = s.number and d.person_id = p.id)))
$$;
