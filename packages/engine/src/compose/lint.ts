// The lint of migrations, by the name of the database: it needs no engine and no configuration.

import { namesOf, requireDriver } from '../config/drivers.ts';
import type { LintOptions } from '../migrator/dialect.ts';
import type { LintReport } from '../migrator/lint/reports/report.ts';
import * as lint from '../migrator/lint-release.ts';
import { drivers } from './drivers.ts';

export const databaseNames: readonly string[] = namesOf(drivers.databases);

/** What is wrong with the files themselves comes first; the other files are judged as if those were not there. */
export const lintRelease = (
  folder: string,
  database: string,
  options: LintOptions & { readonly shownAs?: string } = {},
): Promise<LintReport> => lint.lintRelease(folder, dialectOf(database), options);

/** The first of `names` that is no rule for this database, with the nearest that is. */
export const unknownRule = (names: readonly string[], database: string) => lint.unknownRule(names, dialectOf(database));

const dialectOf = (database: string) => requireDriver(drivers.databases, database).dialect;
