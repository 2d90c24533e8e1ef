-- The doors (ground 2): the only ways through row security. Each returns ids, codes and numbers, never content;
-- whoever comes through opens a context for one space.
create function door.by_key(token_hash bytea)
    returns table (key_id uuid, person_id uuid, organisation_id uuid, scopes jsonb, program_ids jsonb)
    language sql stable security definer set search_path = pg_catalog as
$$
    select k.id, k.person_id, p.organisation_id, k.scopes, k.program_ids
    from public.portal_apikey k join public.portal_person p on p.id = k.person_id
    where k.token_hash = by_key.token_hash and k.revoked_at is null and portal.instant() < k.expires_at
      and p.is_active
$$;

create function door.spaces_of(person uuid)
    returns table (space_id uuid, side text, role text, code text)
    language sql stable security definer set search_path = pg_catalog as
$$
    with seats as (
        select a.target_id, a.side, a.role, a.code from public.portal_assignment a
        where a.person_id = person
          and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until))
    select target_id, side, role, code from seats
    union
    select p.id, s.side, s.role, s.code from seats s join public.portal_program p on p.partnership_id = s.target_id
    union
    select p.organisation_id, 'both', '', '' from public.portal_person p
    where p.id = person and p.kind <> 'system' and p.organisation_id is not null
$$;

create function door.people_of(space uuid)
    returns table (person_id uuid, side text, role text, code text)
    language sql stable security definer set search_path = pg_catalog as
$$
    select a.person_id, a.side, a.role, a.code
    from public.portal_assignment a join public.portal_person p on p.id = a.person_id
    where (a.target_id = space
           or a.target_id = (select g.partnership_id from public.portal_program g where g.id = space))
      and p.is_active and p.kind = 'human'
      and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until)
$$;

-- Where an organisation is a party, for its administrators, who have no seat there and get none by asking. Answers only
-- a context that sits in that organisation.
create function door.places_of(organisation uuid)
    returns table (space_id uuid, partnership_id uuid, code text, side text)
    language sql stable security definer set search_path = pg_catalog as
$$
    with partnerships as (
        select p.id, case when p.sponsor_id = organisation then 'sponsor' else 'manufacturer' end as side
        from public.portal_partnership p
        where organisation in (p.sponsor_id, p.manufacturer_id)
          and organisation = any (portal.setting('as_manufacturer')::uuid[]))
    select id, id, '', side from partnerships
    union all
    select g.id, g.partnership_id, g.code, p.side
    from public.portal_program g join partnerships p on p.id = g.partnership_id
$$;

create function door.due(kind text, most integer) returns table (id uuid, space_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    (select c.id, c.space_id from public.portal_clock c
      where due.kind = 'clock' and c.next_at <= portal.instant() order by c.next_at, c.id limit most)
    union all
    (select d.id, d.space_id from public.portal_delivery d
      where due.kind = 'delivery' and d.state = 'waiting' and d.next_at <= portal.instant()
      order by d.next_at, d.id limit most)
$$;

-- `since` is an instant; the caller subtracts the longest transaction it reckons with, and drops what it has seen.
create function door.heads_since(since timestamptz)
    returns table (space_id uuid, audience text, head bigint, sealed_at timestamptz)
    language sql stable security definer set search_path = pg_catalog as
$$
    select c.space_id, c.audience, c.head, c.sealed_at from ledger.chain c where c.sealed_at >= since
    order by c.sealed_at
$$;
