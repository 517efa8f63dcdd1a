// What is reported to GitHub about a row of the audit log. One message per deployment, whose latest state wins; the
// deployment that replaces the live one also ends it.

import type { GithubSettings } from '../../config/statuses/statuses.ts';
import { eventFor } from '../../domain/audit-actions.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import type { OutcomeKind } from '../../domain/deployment.ts';
import { buildOf } from '../../state/builds.ts';
import type { Db } from '../../state/database.ts';
import { type DeploymentRow, readDeployment, recentDeployments } from '../../state/deployments.ts';
import { readRelease } from '../../state/targets.ts';
import { oneLine } from '../text.ts';
import { type DeploymentState, longestDescription } from './github-api.ts';
import type { About } from './outgoing.ts';

export interface GithubFact extends About {
  /** Of the row: a later state that GitHub already has is not reverted. */
  readonly seq: number;
  readonly deploymentId: string;
  /** Hexadecimal, as the build or the release said. */
  readonly commit: string;
  readonly state: DeploymentState;
  readonly description: string;
  /** A deployment that GitHub does not have need not be created there only to be ended. */
  readonly onlyIfThere: boolean;
}

/** In the outbox, and of the cursor. */
export const githubName = 'github';

export const githubKey = (deploymentId: string): string => `github:${deploymentId}`;

/** Facts of one row, in the order in which they are reported. */
export function githubFacts(db: Db, settings: GithubSettings, row: AuditRow): readonly GithubFact[] {
  const found = row.deploymentId === null ? undefined : readDeployment(db, row.deploymentId);
  const event = eventFor('github', row);
  if (!found || event === undefined) return [];
  const notifying: Notifying = { db, settings, row };
  switch (event.action) {
    case 'deployment-requested':
      return factOf(notifying, found, begun(found));
    // Where no build says it, the release itself says its commit, which is known from here on.
    case 'planned':
      return buildOf(db, found.service, found.version)?.commit === undefined
        ? factOf(notifying, found, begun(found))
        : [];
    case 'deployment-finished': {
      const { outcome } = event.detail;
      if (outcome === undefined) return [];
      const ended = factOf(notifying, found, { state: stateOf[outcome], sentence: row.sentence });
      return outcome === 'promoted' ? [...replaced(notifying, found), ...ended] : ended;
    }
    default:
      return event satisfies never;
  }
}

interface Notifying {
  readonly db: Db;
  readonly settings: GithubSettings;
  readonly row: AuditRow;
}

interface Said {
  readonly state: DeploymentState;
  readonly sentence: string;
  readonly onlyIfThere?: boolean;
}

const stateOf: Readonly<Record<OutcomeKind, DeploymentState>> = {
  promoted: 'success',
  'rolled-back': 'failure',
  failed: 'failure',
  aborted: 'inactive',
  cancelled: 'inactive',
  superseded: 'inactive',
  halted: 'error',
};

const begun = ({ version, service, target }: DeploymentRow): Said => ({
  state: 'in_progress',
  sentence: `${version} is on its way to ${service}/${target}`,
});

function replaced(notifying: Notifying, by: DeploymentRow): readonly GithubFact[] {
  const before = recentDeployments(notifying.db, by, 50).find(
    ({ id, outcome, requestedAt }) => id !== by.id && outcome === 'promoted' && requestedAt <= by.requestedAt,
  );
  const said: Said = { state: 'inactive', sentence: `${by.version} took its place`, onlyIfThere: true };
  return before ? factOf(notifying, before, said) : [];
}

function factOf(
  { db, settings, row }: Notifying,
  { id, service, target, version }: DeploymentRow,
  { state, sentence, onlyIfThere = false }: Said,
): readonly GithubFact[] {
  const repository = settings.repositories.find((each) => each.service === service)?.repository;
  const commit = repository === undefined ? undefined : commitOf(db, { service, version, repository });
  if (commit === undefined) return [];
  return [
    {
      seq: row.seq,
      at: row.at,
      service,
      target,
      deploymentId: id,
      what: `that ${version} is ${state} at ${service}/${target}`,
      commit,
      state,
      description: fitting(sentence),
      onlyIfThere,
    },
  ];
}

/** Nothing is reported to the configured repository about a build that came from elsewhere. */
function commitOf(
  db: Db,
  { service, version, repository }: { readonly service: string; readonly version: string; readonly repository: string },
): string | undefined {
  const build = buildOf(db, service, version);
  if (build?.repository !== undefined && build.repository.toLowerCase() !== repository.toLowerCase()) return undefined;
  const commit = build?.commit ?? readRelease(db, service, version)?.origin?.commit;
  return commit !== undefined && /^[0-9a-f]{7,64}$/i.test(commit) ? commit.toLowerCase() : undefined;
}

/** One line that GitHub takes whole, also where it counts a character outside of the first plane as two. */
function fitting(sentence: string): string {
  for (let most = longestDescription; ; most -= 1) {
    const line = oneLine(sentence, most);
    if (line.length <= longestDescription) return line;
  }
}
