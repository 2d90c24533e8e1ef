-- When a person's seats next change by their dates: an open socket is admitted anew at that moment, so that nobody asks
-- for all seats of everybody every second.
create function door.turns_at(person uuid, since timestamptz) returns timestamptz
    language sql stable security definer set search_path = pg_catalog as
$$
    select min(turn.at)
    from public.portal_assignment a, unnest(array[a.valid_from, a.valid_until]) as turn(at)
    where a.person_id = turns_at.person and turn.at > since
$$;
revoke all on function door.turns_at(uuid, timestamptz) from public;
grant execute on function door.turns_at(uuid, timestamptz) to covalent_app;
