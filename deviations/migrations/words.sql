-- What a deviation is found by follows it by trigger. Words of a private record are sealed: they stay out.
create function portal.deviation_words(number text, batch text, said text) returns tsvector
    language sql immutable set search_path = pg_catalog as
$$
    select setweight(array_to_tsvector(array(
               select distinct left(w, 100)
               from unnest(array[lower(number), lower(coalesce(batch, ''))]) given,
               lateral unnest(array[given] || regexp_split_to_array(given, '[^[:alnum:]]+')) w
               where w <> '')), 'A')
           || coalesce(to_tsvector('pg_catalog.english', said), ''::tsvector)
$$;

create function portal.keep_deviation_words() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    batch text;
begin
    select b.number into batch from public.batches_batch b
    where b.space_id = new.space_id and b.id = new.batch_id and b.audience in ('shared', new.audience);
    insert into public.deviations_deviationwords (id, space_id, audience, recorded_at, words)
    values (new.id, new.space_id, new.audience, new.recorded_at, portal.deviation_words(
        new.number, batch,
        case when new.audience = 'shared' then left(new.title || ' ' || new.description, 40000) end))
    on conflict (id) do update set audience = excluded.audience, words = excluded.words;
    return null;
end
$$;

create trigger keep_words_inserted after insert on deviations_deviation
    for each row execute function portal.keep_deviation_words();
create trigger keep_words_updated after update on deviations_deviation
    for each row when (
        (old.audience, old.number, old.batch_id) is distinct from (new.audience, new.number, new.batch_id)
        or new.audience = 'shared'
           and (old.title, old.description) is distinct from (new.title, new.description))
    execute function portal.keep_deviation_words();

insert into deviations_deviationwords (id, space_id, audience, recorded_at, words)
select d.id, d.space_id, d.audience, d.recorded_at, portal.deviation_words(
    d.number,
    (select b.number from batches_batch b
     where b.space_id = d.space_id and b.id = d.batch_id and b.audience in ('shared', d.audience)),
    case when d.audience = 'shared' then left(d.title || ' ' || d.description, 40000) end)
from deviations_deviation d;

-- Doors (ground 2): ids of deviations of the reader's spaces, as its context says. Full text under row security
-- loses its index. Each search is planned by itself: a rare word is found by the index, a frequent one in the
-- order of the list.
create function door.search_deviations(terms text[], most integer) returns table (id uuid)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as
$$
declare
    as_sponsor uuid[] := nullif(current_setting('covalent.as_sponsor', true), '')::uuid[];
    as_manufacturer uuid[] := nullif(current_setting('covalent.as_manufacturer', true), '')::uuid[];
    asked tsquery;
    term text;
    word text;
    one tsquery;
begin
    foreach term in array terms loop
        word := '''' || replace(replace(left(term, 100), chr(92), ''), '''', '''''') || '''';
        continue when word = '''''';
        one := (word || ':*A')::tsquery;
        if char_length(term) > 2 then
            one := one || (word || ':*')::tsquery;
        end if;
        one := one || plainto_tsquery('pg_catalog.english', term);
        asked := case when asked is null then one else asked && one end;
    end loop;
    return query execute
        'select w.id from public.deviations_deviationwords w'
        ' where w.words @@ $1 and (w.space_id = any ($2) and w.audience <> ''manufacturer'''
        ' or w.space_id = any ($3) and w.audience <> ''sponsor'')'
        ' order by w.recorded_at desc, w.id desc limit $4'
        using asked, as_sponsor, as_manufacturer, most;
end
$$;

create function door.deviations_with(terms text[], spaces uuid[], most integer)
    returns table (term text, id uuid)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as
$$
declare
    as_sponsor uuid[] := nullif(current_setting('covalent.as_sponsor', true), '')::uuid[];
    as_manufacturer uuid[] := nullif(current_setting('covalent.as_manufacturer', true), '')::uuid[];
    given text;
    one tsquery;
begin
    foreach given in array terms loop
        one := plainto_tsquery('pg_catalog.english', given);
        continue when numnode(one) = 0;
        return query execute
            'select $5, w.id from public.deviations_deviationwords w'
            ' where w.words @@ $1 and w.audience = ''shared'''
            ' and (w.space_id = any ($2) or w.space_id = any ($3))'
            ' and ($4 is null or w.space_id = any ($4)) limit $6'
            using one, as_sponsor, as_manufacturer, spaces, given, most;
    end loop;
end
$$;

revoke all on function portal.keep_deviation_words() from public;
revoke all on function door.search_deviations(text[], integer) from public;
revoke all on function door.deviations_with(text[], uuid[], integer) from public;
grant execute on function door.search_deviations(text[], integer) to covalent_app;
grant execute on function door.deviations_with(text[], uuid[], integer) to covalent_app;
