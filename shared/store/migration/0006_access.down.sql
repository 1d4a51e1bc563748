drop table chat_acl, api_key;
drop trigger role_changed on users;
drop table role_permission, access_version;
drop function count_access_change;
update users set role = 'member' where role in ('operator', 'service');
alter table users drop constraint users_role_check;
alter table users add constraint users_role_check check (role in ('member', 'admin'));
