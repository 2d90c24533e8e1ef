-- The instant is asked once: compared row by row it was called for every clock that runs, and no index helped.
create or replace function door.due(kind text, most integer) returns table (id uuid, space_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    (select c.id, c.space_id from public.portal_clock c
      where due.kind = 'clock' and c.next_at <= (select portal.instant()) order by c.next_at, c.id limit most)
    union all
    (select d.id, d.space_id from public.portal_delivery d
      where due.kind = 'delivery' and d.state = 'waiting' and d.next_at <= (select portal.instant())
      order by d.next_at, d.id limit most)
$$;
