// The tour, chapter by chapter: each prints what people do and proves the result.

import { botDies } from './bot-dies.ts';
import { brokenSmoke } from './broken-smoke.ts';
import type { Chapter } from './chapter.ts';
import { deployWithApproval } from './deploy-with-approval.ts';
import { errorsWithUsers } from './errors-with-users.ts';
import { rollBack } from './roll-back.ts';
import { schemaContracted } from './schema-contracted.ts';
import { schemaWidened } from './schema-widened.ts';

const chapters: readonly Chapter[] = [
  deployWithApproval,
  schemaWidened,
  rollBack,
  brokenSmoke,
  errorsWithUsers,
  botDies,
  schemaContracted,
];

export function chaptersOf({ core }: { readonly core: boolean }): readonly Chapter[] {
  return core ? chapters.filter(({ part }) => part === 'core') : chapters;
}
