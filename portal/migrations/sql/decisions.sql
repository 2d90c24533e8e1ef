-- What was asked is never rewritten: from then on only how it ends is written, once.
create function portal.keep_question() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  ending constant text[] := array['state', 'option', 'reason', 'ended_at', 'ended_code', 'version'];
begin
  if old.state = 'drafted' then
    return new;
  end if;
  if old.ended_at is not null or to_jsonb(new) - ending is distinct from to_jsonb(old) - ending then
    raise exception 'a decision request is not rewritten once it was asked'
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger keep_question before update on portal_decisionrequest
  for each row execute function portal.keep_question();
revoke update on portal_decisionmessage from covalent_app;
