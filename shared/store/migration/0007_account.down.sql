drop table audit;
alter table telegram_user drop column vouched_by;
drop table telegram_login;
drop index session_by_expiry;
drop index session_by_end;
-- What the step before does not know ended by revocation, to it.
update session set end_reason = 'revoked' where end_reason = 'disabled';
alter table session
  drop constraint session_end_reason_check,
  add constraint session_end_reason_check check (end_reason in
    ('logout', 'logout_all', 'password', 'revoked', 'refresh_reused', 'too_many')),
  drop column used_ms,
  drop column device;
drop trigger role_changed on users;
create trigger role_changed after update of role on users
  for each statement execute function count_access_change();
alter table users
  drop column disabled_ms,
  drop column specialisation,
  drop column language;
