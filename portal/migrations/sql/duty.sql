-- Who is on duty (portal.rosters): ids, codes, zones and instants of both sides, for a context that sits in the space.
-- A roster is private to its side; that somebody has duty is what both must know.
create function portal.sits_in(space uuid) returns boolean
    language sql stable set search_path = pg_catalog as
$$
    select coalesce(space = any (portal.setting('as_sponsor')::uuid[]), false)
        or coalesce(space = any (portal.setting('as_manufacturer')::uuid[]), false)
$$;
revoke all on function portal.sits_in(uuid) from public;

-- The newest version of each roster of these programs; `is_own` is false for one of the whole partnership.
create function door.rosters_of(spaces uuid[])
    returns table (space_id uuid, roster_id uuid, side text, role text, plan jsonb, is_own boolean)
    language sql stable security definer set search_path = pg_catalog as
$$
    select s.id, r.id, r.side, r.role, v.plan, r.space_id = s.id
    from unnest(spaces) as s (id)
    left join public.portal_program g on g.id = s.id
    join public.portal_roster r on r.space_id in (s.id, g.partnership_id)
    join lateral (
        select n.plan from public.portal_rosterversion n where n.roster_id = r.id order by n.number desc limit 1) v on true
    where portal.sits_in(s.id)
    order by s.id, r.side, r.role, r.space_id = s.id
$$;

-- Who holds which role there now or later, by an own seat or lent by somebody; who left is not among them.
create function door.holders_of(spaces uuid[])
    returns table (space_id uuid, person_id uuid, side text, role text, code text, begins_at timestamptz,
                   ends_at timestamptz, lender uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    with places as (
        select s.id, g.partnership_id from unnest(spaces) as s (id) left join public.portal_program g on g.id = s.id
        where portal.sits_in(s.id)),
    seats as (
        select p.id as space_id, a.person_id, a.side, a.role, a.code, a.valid_from, a.valid_until
        from places p join public.portal_assignment a on a.target_id in (p.id, p.partnership_id)
        join public.portal_person who on who.id = a.person_id and who.is_active and who.kind = 'human'
        where a.valid_until is null or a.valid_until > portal.instant())
    select space_id, person_id, side, role, code, valid_from, valid_until, null::uuid from seats
    union all
    select held.space_id, d.delegate_id, held.side, held.role, own.code,
           greatest(d.valid_from, held.valid_from, own.valid_from),
           least(d.valid_until, held.valid_until, own.valid_until), d.person_id
    from public.portal_delegation d
    join seats held on held.space_id = d.target_id and held.person_id = d.person_id and held.side = d.side
                   and d.roles ? held.role
    join lateral (
        select o.code, o.valid_from, o.valid_until from seats o
        where o.space_id = held.space_id and o.person_id = d.delegate_id and o.side = d.side
        order by o.valid_from, o.code limit 1) own on true
    where d.valid_until > portal.instant()
      and greatest(d.valid_from, held.valid_from, own.valid_from)
          < least(d.valid_until, held.valid_until, own.valid_until)
$$;

-- Where a side's people are at home, as far as the time of day goes.
create function door.zones_of(spaces uuid[]) returns table (space_id uuid, side text, zone text)
    language sql stable security definer set search_path = pg_catalog as
$$
    with parties as (
        select g.id, g.sponsor_id, g.manufacturer_id, g.zone from public.portal_program g where g.id = any (spaces)
        union all
        select p.id, p.sponsor_id, p.manufacturer_id, null from public.portal_partnership p where p.id = any (spaces))
    select p.id, 'manufacturer', coalesce(p.zone, o.zone)
    from parties p join public.portal_organisation o on o.id = p.manufacturer_id where portal.sits_in(p.id)
    union all
    select p.id, 'sponsor', o.zone
    from parties p join public.portal_organisation o on o.id = p.sponsor_id where portal.sits_in(p.id)
$$;

-- All rosters, for whoever looks for gaps in them.
create function door.rosters() returns table (id uuid, space_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$ select r.id, r.space_id from public.portal_roster r order by r.space_id, r.id $$;

-- For the auditor: how much of what was due has not happened, over all spaces. Each is 0 while all is well.
create function door.audit(late_s double precision) returns table (name text, value bigint)
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
$$;

revoke all on function door.rosters_of(uuid[]), door.holders_of(uuid[]), door.zones_of(uuid[]), door.rosters(),
    door.audit(double precision) from public;
grant execute on function door.rosters_of(uuid[]), door.holders_of(uuid[]), door.zones_of(uuid[]), door.rosters(),
    door.audit(double precision) to covalent_app;
