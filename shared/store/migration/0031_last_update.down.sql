alter table chat drop column last_update_id;
