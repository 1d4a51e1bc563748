drop index relay_by_user;
