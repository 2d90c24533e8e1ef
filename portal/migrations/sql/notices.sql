-- How people are told; which work is set apart.
grant select, insert, update, delete on portal_noticesetting, portal_pushdevice, portal_courier, portal_clocktry
    to covalent_app;

-- Messages of a channel that are due and that no living courier holds; those whose last courier died with them come last. A courier shows itself every three seconds; what a dead one
-- held is taken up after ten.
create function door.waiting_messages(channel text, most integer)
    returns table (id uuid, space_id uuid, is_suspect boolean)
    language sql stable security definer set search_path = pg_catalog as
$$
    select d.id, d.space_id, d.lost > 0 from public.portal_delivery d
    where d.state = 'waiting' and d.channel = waiting_messages.channel and d.next_at <= portal.instant()
      and not exists (select from public.portal_courier c
                      where c.id = d.courier_id and c.seen_at > portal.instant() - interval '10 s')
    order by d.lost > 0, d.next_at, d.id limit most
$$;
revoke all on function door.waiting_messages(text, integer) from public;
grant execute on function door.waiting_messages(text, integer) to covalent_app;
