// drizzle, as this room uses it: loaded as CommonJS. For each ES module of a package, Node reads the package's
// package.json, and the one of drizzle has 180 kB: its 112 ES modules took half of the time until a command began.

import { createRequire } from 'node:module';
import type * as Core from 'drizzle-orm';
import type * as Driver from 'drizzle-orm/better-sqlite3';
import type * as Migrator from 'drizzle-orm/migrator';
import type * as Tables from 'drizzle-orm/sqlite-core';

const require = createRequire(import.meta.url);
const core = require('drizzle-orm') as typeof Core;
const tables = require('drizzle-orm/sqlite-core') as typeof Tables;

export const { and, asc, count, desc, eq, gt, gte, inArray, isNotNull, isNull, lt, lte, max, min, ne, or, sql } = core;
export const { blob, integer, primaryKey, sqliteTable, text } = tables;
export const { drizzle } = require('drizzle-orm/better-sqlite3') as typeof Driver;
export const { readMigrationFiles } = require('drizzle-orm/migrator') as typeof Migrator;
export type { SQL } from 'drizzle-orm';
