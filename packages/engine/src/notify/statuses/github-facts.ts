// What GitHub is to hear of a row of the audit log. One message per deployment, whose latest state wins; the deployment
// that was live before is ended by the one that took its place.

import type { GithubSettings } from '../../config/resolve-statuses.ts';
import type { OutcomeKind } from '../../orchestrator/deployment.ts';
import type { AuditRow } from '../../state/audit.ts';
import { buildOf } from '../../state/builds.ts';
import type { Db } from '../../state/database.ts';
import { type DeploymentRow, readDeployment, recentDeployments } from '../../state/deployments.ts';
import { readRelease } from '../../state/targets.ts';
import { type DeploymentState, longestDescription } from './github-api.ts';
import type { About } from './outgoing.ts';

export interface GithubFact extends About {
  readonly deploymentId: string;
  /** Hexadecimal, as the build or the release said. */
  readonly commit: string;
  readonly state: DeploymentState;
  readonly description: string;
  /** A deployment that GitHub never heard of need not be made there only to be ended. */
  readonly onlyIfThere: boolean;
  /** Whether this ends it for now: it is kept when there is a queue. */
  readonly final: boolean;
}

/** In the outbox, and of the cursor. */
export const githubName = 'github';

export const githubKey = (deploymentId: string): string => `github:${deploymentId}`;

/** Facts of one row, in the order in which they are to be told. */
export function githubFacts(db: Db, settings: GithubSettings, row: AuditRow): readonly GithubFact[] {
  const found = row.deploymentId === null ? undefined : readDeployment(db, row.deploymentId);
  if (!found) return [];
  switch (row.action) {
    case 'deployment-requested':
      return factOf(db, settings, found, begun(row));
    // Where no build was announced, the release itself says its commit, which is known from here on.
    case 'planned':
      return buildOf(db, found.service, found.version) ? [] : factOf(db, settings, found, begun(row));
    case 'deployment-finished': {
      const outcome = row.detail.outcome as OutcomeKind;
      const ended = factOf(db, settings, found, {
        at: row.at,
        state: stateOf[outcome],
        sentence: row.sentence,
        final: true,
      });
      return outcome === 'promoted' ? [...replaced(db, settings, found, row.at), ...ended] : ended;
    }
    default:
      return [];
  }
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

interface Said {
  readonly at: number;
  readonly state: DeploymentState;
  readonly sentence: string;
  readonly final: boolean;
  readonly onlyIfThere?: boolean;
}

const begun = ({ at }: AuditRow): Said => ({ at, state: 'in_progress', sentence: '', final: false });

function replaced(db: Db, settings: GithubSettings, by: DeploymentRow, at: number): readonly GithubFact[] {
  const before = recentDeployments(db, by, 50).find(
    ({ id, outcome, requestedAt }) => id !== by.id && outcome === 'promoted' && requestedAt <= by.requestedAt,
  );
  const sentence = `${by.version} took its place`;
  return before
    ? factOf(db, settings, before, { at, state: 'inactive', sentence, final: true, onlyIfThere: true })
    : [];
}

function factOf(
  db: Db,
  settings: GithubSettings,
  { id, service, target, version }: DeploymentRow,
  { at, state, sentence, final, onlyIfThere = false }: Said,
): readonly GithubFact[] {
  const repository = settings.repositories.find((each) => each.service === service)?.repository;
  const commit = repository === undefined ? undefined : commitOf(db, { service, version, repository });
  if (commit === undefined) return [];
  const place = `${service}/${target}`;
  const said = sentence === '' ? `${version} is on its way to ${place}` : sentence;
  const what = `that ${version} is ${state} at ${place}`;
  const description = fitting(said);
  return [{ at, service, target, deploymentId: id, what, commit, state, description, onlyIfThere, final }];
}

/** Of a build that came from elsewhere, the configured repository is told nothing. */
function commitOf(
  db: Db,
  { service, version, repository }: { readonly service: string; readonly version: string; readonly repository: string },
): string | undefined {
  const build = buildOf(db, service, version);
  if (build?.repository !== undefined && build.repository.toLowerCase() !== repository.toLowerCase()) return undefined;
  const commit = build?.commit ?? readRelease(db, service, version)?.origin?.commit;
  return commit !== undefined && /^[0-9a-f]{7,64}$/i.test(commit) ? commit.toLowerCase() : undefined;
}

/** One line that GitHub takes whole. */
export function fitting(sentence: string): string {
  const plain = [...sentence.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()];
  const fits = plain.join('').length <= longestDescription;
  if (fits) return plain.join('');
  let text = '';
  for (const character of plain) {
    if (text.length + character.length > longestDescription - 1) break;
    text += character;
  }
  return `${text}…`;
}
