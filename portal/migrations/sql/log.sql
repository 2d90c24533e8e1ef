-- Each chain as a transparency log: nodes of its tree, signed checkpoints, who holds and who cosigned them, and what a
-- private chain commits to at fixed intervals. The application adds rows and changes none.
-- No foreign key to ledger.chain: it would wait for every writer, who holds that row until the commit.

-- Roots of full subtrees of 256^level leaves, so that no tile is ever recomputed from all leaves.
create table ledger.node (
    space_id uuid not null,
    audience text not null check (audience in ('shared', 'manufacturer', 'sponsor')),
    level smallint not null check (level between 1 and 7),
    at bigint not null check (at >= 0),
    hash bytea not null check (length(hash) = 32),
    primary key (space_id, audience, level, at)
);

-- Two checkpoints may have one size: further lines are signed when an interval of a private chain has ended.
create table ledger.checkpoint (
    number bigint generated always as identity primary key,
    space_id uuid not null,
    audience text not null check (audience in ('shared', 'manufacturer', 'sponsor')),
    size bigint not null check (size > 0),
    root bytea not null check (length(root) = 32),
    note text not null,
    made_at timestamptz not null,
    unique (space_id, audience, number)
);

-- The first row of a witness pins its name to an organisation and a key.
create table ledger.cosignature (
    checkpoint bigint not null,
    space_id uuid not null,
    audience text not null check (audience in ('shared', 'manufacturer', 'sponsor')),
    organisation_id uuid not null,
    witness text not null check (length(witness) between 1 and 200),
    key text not null,
    line text not null,
    at timestamptz not null,
    primary key (space_id, audience, checkpoint, witness),
    foreign key (space_id, audience, checkpoint) references ledger.checkpoint (space_id, audience, number)
);
create index cosignature_witness on ledger.cosignature (space_id, audience, witness, checkpoint);

create table ledger.holder (
    space_id uuid not null,
    audience text not null check (audience in ('shared', 'manufacturer', 'sponsor')),
    size bigint not null check (size > 0),
    organisation_id uuid not null,
    how text not null check (how in ('checkpoint', 'export', 'witness')),
    at timestamptz not null,
    primary key (space_id, audience, size, organisation_id, how)
);

-- One root an hour over the leaf hashes of a private chain, shuffled among random ones, whether or not anything was
-- written. The row is its own side's; the other side gets the root alone, in the shared checkpoint. Each entry stands in
-- one interval: `upto` is the number of the last one covered so far.
create table ledger.padded (
    space_id uuid not null,
    audience text not null check (audience in ('manufacturer', 'sponsor')),
    starts_at timestamptz not null,
    upto bigint not null check (upto >= 0),
    root bytea not null check (length(root) = 32),
    leaves bytea[] not null check (cardinality(leaves) >= 16),
    primary key (space_id, audience, starts_at)
);

grant select, insert on ledger.node, ledger.checkpoint, ledger.cosignature, ledger.holder, ledger.padded to covalent_app;
grant select on ledger.node, ledger.checkpoint, ledger.cosignature, ledger.holder, ledger.padded to covalent_backup;

do $$
declare
    name text;
    visible constant text := $p$(
        (audience <> 'manufacturer' and space_id = any ((select nullif(current_setting('covalent.as_sponsor', true), '')::uuid[])::uuid[]))
        or (audience <> 'sponsor' and space_id = any ((select nullif(current_setting('covalent.as_manufacturer', true), '')::uuid[])::uuid[])))$p$;
begin
    foreach name in array array['node', 'checkpoint', 'cosignature', 'holder', 'padded'] loop
        execute format('alter table ledger.%I enable row level security', name);
        execute format('alter table ledger.%I force row level security', name);
        execute format('create policy owner_all on ledger.%I to covalent_owner using (true) with check (true)', name);
        execute format('create policy seat_select on ledger.%I for select to covalent_app using %s', name, visible);
        execute format('create policy seat_insert on ledger.%I for insert to covalent_app with check %s', name, visible);
    end loop;
end
$$;

-- The chains that need a checkpoint: new ones, those that grew and have waited a minute or 1,000 entries or hold a
-- signature that no checkpoint covers, those that have shrunk (which the publisher refuses and tells), and the shared chain of a program whose interval has ended.
create function door.unpublished(most integer) returns table (space_id uuid, audience text, head bigint)
    language sql stable security definer set search_path = pg_catalog as
$$
    with now as materialized (select portal.instant() as at),
    chain as (
        select c.space_id, c.audience, c.head, k.size, k.made_at,
               case when c.audience = 'shared' and p.id is not null then coalesce(
                   (select max(d.starts_at) + interval '2 hours' from ledger.padded d where d.space_id = c.space_id),
                   (select date_trunc('hour', e.sealed_at, 'UTC') + interval '1 hour' from ledger.entry e
                     where e.space_id = c.space_id and e.audience = c.audience and e.seq = 1))
               end as interval_ends_at
        from ledger.chain c
        left join lateral (
            select k.size, k.made_at from ledger.checkpoint k
            where k.space_id = c.space_id and k.audience = c.audience order by k.number desc limit 1) k on true
        left join public.portal_program p on p.id = c.space_id
        where c.head > 0)
    select chain.space_id, chain.audience, chain.head from chain, now
    where chain.size is null
       or chain.head >= chain.size + 1000
       or exists (select from ledger.entry e where e.space_id = chain.space_id and e.audience = chain.audience
                    and e.seq > chain.size and e.kind = 'signature.given')
       or (chain.head <> chain.size and chain.made_at <= now.at - interval '60 seconds')
       or chain.interval_ends_at <= now.at
    order by chain.made_at nulls first, chain.space_id, chain.audience
    limit most
$$;
revoke all on function door.unpublished(integer) from public;
grant execute on function door.unpublished(integer) to covalent_app;
