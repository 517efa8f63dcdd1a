// A column `full_name` replaces `name` in three phases, one release each.

export const usersFiles = {
  'migrations/001_users.expand.sql': 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);',
};

export const fullNameFiles = {
  ...usersFiles,
  'migrations/002_full_name.expand.sql': 'ALTER TABLE users ADD COLUMN full_name TEXT;',
  'migrations/002_full_name.backfill.sql':
    '-- @table users\n-- @key id\n-- @batch 10\nUPDATE users SET full_name = name WHERE id BETWEEN :from AND :to;',
};

export const withoutNameFiles = {
  ...fullNameFiles,
  'migrations/002_full_name.contract.sql': 'ALTER TABLE users DROP COLUMN name;',
};
