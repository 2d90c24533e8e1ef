-- Seats with their dates, and roles that somebody has lent to a colleague for a time.

-- Roles lent now, to a person, in a space, or both: those that the lender holds there at this moment by an own seat,
-- for a delegate who has one there on the same side. So nobody lends what is not theirs, and nothing is lent on.
create function portal.lent(person uuid, space uuid)
    returns table (delegate_id uuid, space_id uuid, side text, role text, code text, lender uuid, lender_code text)
    language sql stable set search_path = pg_catalog as
$$
    select d.delegate_id, d.target_id, d.side, held.role, own.code, d.person_id, held.code
    from public.portal_delegation d
    join public.portal_person p on p.id = d.person_id and p.is_active
    join public.portal_program g on g.id = d.target_id
    join public.portal_assignment held
      on held.person_id = d.person_id and held.target_id in (g.id, g.partnership_id) and held.side = d.side
     and d.roles ? held.role
     and portal.instant() >= held.valid_from and (held.valid_until is null or portal.instant() < held.valid_until)
    join lateral (
        select a.code from public.portal_assignment a
        where a.person_id = d.delegate_id and a.target_id in (g.id, g.partnership_id) and a.side = d.side
          and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until)
        order by (a.target_id = g.id) desc, a.code limit 1) own on true
    where (lent.person is null or d.delegate_id = lent.person) and (lent.space is null or d.target_id = lent.space)
      and portal.instant() >= d.valid_from and portal.instant() < d.valid_until
$$;
revoke all on function portal.lent(uuid, uuid) from public;

drop function door.spaces_of(uuid);
-- Of a lent role `lender` tells whose it is, and the lender's code stands beside it.
create function door.spaces_of(person uuid)
    returns table (space_id uuid, side text, role text, code text, lender uuid, lender_code text)
    language sql stable security definer set search_path = pg_catalog as
$$
    with seats as (
        select a.target_id, a.side, a.role, a.code from public.portal_assignment a
        where a.person_id = person
          and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until))
    select target_id, side, role, code, null::uuid, '' from seats
    union
    select p.id, s.side, s.role, s.code, null::uuid, ''
    from seats s join public.portal_program p on p.partnership_id = s.target_id
    union
    select p.organisation_id, 'both', '', '', null::uuid, '' from public.portal_person p
    where p.id = person and p.kind <> 'system' and p.organisation_id is not null and not p.is_guest
    union
    select l.space_id, l.side, l.role, '', l.lender, l.lender_code from portal.lent(person, null) l
$$;

create or replace function door.people_of(space uuid)
    returns table (person_id uuid, side text, role text, code text)
    language sql stable security definer set search_path = pg_catalog as
$$
    select a.person_id, a.side, a.role, a.code
    from public.portal_assignment a join public.portal_person p on p.id = a.person_id
    where (a.target_id = space
           or a.target_id = (select g.partnership_id from public.portal_program g where g.id = space))
      and p.is_active and p.kind = 'human'
      and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until)
    union all
    select l.delegate_id, l.side, l.role, l.code
    from portal.lent(null, space) l join public.portal_person p on p.id = l.delegate_id and p.is_active
$$;

-- When what a person may do next changes by dates: an open socket is admitted anew at that moment, so that nobody asks
-- for all seats of everybody every second.
create function door.turns_at(person uuid, since timestamptz) returns timestamptz
    language sql stable security definer set search_path = pg_catalog as
$$
    with delegations as (select * from public.portal_delegation d where d.delegate_id = turns_at.person)
    select min(turn.at) from (
        select unnest(array[a.valid_from, a.valid_until]) from public.portal_assignment a
        where a.person_id = turns_at.person or a.person_id in (select d.person_id from delegations d)
        union all
        select unnest(array[d.valid_from, d.valid_until]) from delegations d) as turn(at)
    where turn.at > since
$$;
revoke all on function door.spaces_of(uuid), door.turns_at(uuid, timestamptz) from public;
grant execute on function door.spaces_of(uuid), door.turns_at(uuid, timestamptz) to covalent_app;

-- Under whose code an entry was made; of a delegate it says whose delegate they were in that moment.
create or replace function ledger.seat_of(person uuid, space uuid) returns text
    language sql stable security definer set search_path = pg_catalog as
$$
    select coalesce(
        (select a.code || coalesce((select ' (delegate of ' || string_agg(distinct l.lender_code, ', ') || ')'
                                    from portal.lent(person, space) l), '')
         from public.portal_assignment a
          where a.person_id = person
            and (a.target_id = space
                 or a.target_id = (select p.partnership_id from public.portal_program p where p.id = space))
            and portal.instant() >= a.valid_from and (a.valid_until is null or portal.instant() < a.valid_until)
          order by (a.target_id = space) desc, a.code limit 1),
        (select 'system ' || p.code from public.portal_person p where p.id = person and p.kind = 'system'),
        '')
$$;
