-- Whether a user's feed is about to be told of a chat is looked up whenever a socket of theirs opens.
create index relay_by_user on relay (target_id) where target_kind = 'user';
