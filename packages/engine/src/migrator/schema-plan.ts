// What a release would do to a database, and what prevents it: files, ledger and rules in, plan out.

import type { Dialect } from './dialect.ts';
import { type FileProblem, filesOf, type Migration, type MigrationFiles, type SqlFile } from './files/migration.ts';
import { formatFileProblem } from './files/read.ts';
import type { Finding } from './lint/finding.ts';
import { lintAside } from './lint-aside.ts';
import type { SchemaPlan } from './migrator.ts';
import { notConfigured, type OnlineTool } from './online-tool.ts';
import { findUnordered, planBackfill, planContract, planExpand } from './phases/plan.ts';
import { hasRun, isExpanded, type Ledger, rowOf } from './phases/progress.ts';

export interface PlanSettings {
  /** Of the ledger. */
  readonly table?: string | undefined;
  readonly onlineTools?: readonly OnlineTool[];
}

export async function planSchema(
  files: MigrationFiles,
  ledger: Ledger,
  dialect: Pick<Dialect, 'kind' | 'module' | 'lint'>,
  { table, onlineTools = [] }: PlanSettings = {},
): Promise<SchemaPlan> {
  if (!files.ok) return { ...nothing, problems: files.problems.map(formatFileProblem) };
  const { migrations } = files;
  const open = openFiles(migrations, ledger);
  const expand = planExpand(migrations, ledger).map(({ migration }) => migration.id);
  const judged = await lintAside(dialect, migrations, { pending: new Set(expand), ledger: table });
  const findings = judged.filter(({ file }) => open.has(file));
  const taken = findings.filter(({ accepted }) => accepted !== undefined);
  const standing = findings.filter(({ accepted }) => accepted === undefined);
  const contract = planContract(migrations, ledger);
  const byTool = migrations
    .flatMap(filesOf)
    .flatMap(({ file, online }) => (online !== undefined && open.has(file) ? [{ file, tool: online }] : []));
  return {
    problems: [
      ...standing.filter(({ severity }) => severity === 'error').map(findingText),
      ...findUnordered(migrations, ledger),
      ...byTool
        .filter(({ tool }) => !onlineTools.some(({ name }) => name === tool))
        .map(({ file, tool }) => notConfigured(onlineTools, tool, file)),
    ],
    accepted: taken.map((finding) => `${findingText(finding)} (accepted: ${finding.accepted})`),
    reviews: standing.filter(({ severity }) => severity === 'review').map(findingText),
    warnings: standing.filter(({ severity }) => severity === 'warning').map(findingText),
    expand,
    backfill: planExpandedLater(migrations, ledger),
    byTool,
    contract: {
      ready: contract.ready.map(({ migration, file }) => ({ id: migration.id, text: file.text })),
      waiting: contract.waiting,
    },
  };
}

const nothing: SchemaPlan = {
  problems: [],
  accepted: [],
  reviews: [],
  warnings: [],
  expand: [],
  backfill: [],
  byTool: [],
  contract: { ready: [], waiting: [] },
};

/** Names of the files that have not run here: today's rules do not apply to what has run. */
function openFiles(migrations: readonly Migration[], ledger: Ledger): ReadonlySet<string> {
  const isOpen = (migration: Migration, { stage }: SqlFile): boolean => {
    const row = rowOf(ledger, migration.id);
    return stage === 'revert' ? !isExpanded(migration, row) : !hasRun(row, stage);
  };
  return new Set(
    migrations.flatMap((migration) =>
      filesOf(migration)
        .filter((file) => isOpen(migration, file))
        .map(({ file }) => file),
    ),
  );
}

/** Those that the release fills, expanded already or by its own expand steps. */
function planExpandedLater(migrations: readonly Migration[], ledger: Ledger): readonly string[] {
  const ready = planBackfill(migrations, ledger).map(({ migration }) => migration.id);
  const later = planExpand(migrations, ledger).filter(({ migration }) => migration.backfill);
  return [...ready, ...later.map(({ migration }) => migration.id)];
}

export const findingText = ({ file, line, rule, message, severity }: Finding): string =>
  `${file}:${line}: ${message} (${rule}${severity === 'review' ? ', to be reviewed' : ''})`;

export function examined(problems: readonly FileProblem[]): string {
  const [first, ...more] = problems;
  return first === undefined
    ? 'nothing'
    : `${formatFileProblem(first)}${more.length > 0 ? ` and ${more.length} more` : ''}`;
}
