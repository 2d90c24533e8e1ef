-- Readings, partitioned by month of `at`. The application has rights on the parent only: a partition read directly has
-- no policy (ground 5). The owner makes partitions ahead; the default one alarms when it is not empty.
create table batches_reading (
    space_id uuid not null,
    audience text not null,
    batch_id uuid not null,
    parameter_id uuid not null,
    at timestamptz not null,
    value double precision not null check (value = value and value not in ('infinity', '-infinity')),
    received_at timestamptz not null,
    frame_id uuid not null,
    primary key (batch_id, parameter_id, at)
) partition by range (at);
create table batches_reading_rest partition of batches_reading default;

create schema batches authorization covalent_owner;
grant usage on schema batches to covalent_app;

-- Makes the partitions of the months around an instant; safe to run many times in parallel.
create function batches.make_partitions(around timestamptz, months_back integer, months_ahead integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    first_day date; name text; made integer := 0;
begin
    if months_back not between 0 and 24 or months_ahead not between 0 and 24 then
        raise exception 'at most 24 months either way';
    end if;
    perform pg_advisory_xact_lock(hashtext('batches.make_partitions'));
    for first_day in
        select generate_series(date_trunc('month', around at time zone 'UTC') - make_interval(months => months_back),
                               date_trunc('month', around at time zone 'UTC') + make_interval(months => months_ahead),
                               interval '1 month')::date
    loop
        name := 'batches_reading_' || to_char(first_day, 'YYYYMM');
        if to_regclass('public.' || name) is null
           and not exists (select 1 from public.batches_reading_rest r
                           where r.at >= first_day::timestamp at time zone 'UTC'
                             and r.at < (first_day + interval '1 month') at time zone 'UTC') then
            execute format('create table public.%I partition of public.batches_reading for values from (%L) to (%L)', name,
                           first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
            made := made + 1;
        end if;
    end loop;
    return made;
end
$$;
revoke all on function batches.make_partitions(timestamptz, integer, integer) from public;
grant execute on function batches.make_partitions(timestamptz, integer, integer) to covalent_app;
select batches.make_partitions(now(), 12, 2);

-- How many readings lie in the default partition, counted up to a thousand; not zero is an alarm (ground 5).
create function batches.strays() returns integer
    language sql stable security definer set search_path = pg_catalog as
$$ select count(*)::integer from (select from public.batches_reading_rest limit 1000) r $$;
revoke all on function batches.strays() from public;
grant execute on function batches.strays() to covalent_app;

-- A door (ground 2): batches with frames that no entry covers yet, the longest waiting first.
create function door.unsealed(most integer) returns table (space_id uuid, batch_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    select f.space_id, f.batch_id from public.batches_frame f where f.sealed_seq is null
    group by f.space_id, f.batch_id order by min(f.received_at) limit most
$$;
revoke all on function door.unsealed(integer) from public;
grant execute on function door.unsealed(integer) to covalent_app;
