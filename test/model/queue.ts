// What waits: each request ends once, as what the documents say, in its turn, and none is lost.

import type { WaitingView } from '../../packages/engine/src/api/waiting.ts';
import type { AuditRow } from '../../packages/engine/src/domain/audit-events.ts';
import { isOpen, type Model, type Request } from './model.ts';
import { shortOf } from './people.ts';
import { deployRefusals } from './rules.ts';

const missedAfterMs = 15 * 60_000;

export function followQueue(model: Model, row: AuditRow): void {
  const request = model.requests.get(String(row.detail.request));
  if (!request) return;
  const demand = (isSo: boolean, rule: string): void => {
    if (!isSo) throw new Error(`${rule}: row ${row.seq} ${row.action} "${row.sentence}"`);
  };
  demand(isOpen(request), 'a request ends once');
  switch (row.action) {
    case 'deployment-queued':
      demand(row.at >= (request.dueAt ?? 0), 'what is scheduled joins the queue at its time');
      request.status = 'queued';
      return;
    case 'request-first':
      request.first = true;
      return;
    case 'request-cancelled':
      request.status = 'cancelled';
      return;
    case 'request-missed':
      demand(request.dueAt !== undefined && row.at > request.dueAt + missedAfterMs, 'missed is what is late');
      request.status = 'missed';
      return;
    case 'request-refused': {
      const { certain, possible = [] } = refusalsOf(model, request, row.at);
      demand(
        [...certain, ...possible].some((code) => code === row.code),
        `refused for ${certain.join() || 'nothing'}`,
      );
      request.status = 'refused';
      return;
    }
    default:
  }
}

const refusalsOf = (model: Model, { by, version, redeploy }: Request, at: number) =>
  deployRefusals(model, { actor: shortOf(by), version, redeploy, override: false, reason: false }, at);

interface Waiting {
  readonly now: readonly WaitingView[];
  readonly ended: readonly WaitingView[];
}

/** After the rows of an act. */
export function reconcile(model: Model, { now, ended }: Waiting): void {
  const open = [...model.requests.values()].filter(isOpen);
  for (const request of open) {
    const { id } = request;
    const view = [...now, ...ended].find((each) => each.id === id);
    if (!view) throw new Error(`the request ${id} for ${request.version} is lost`);
    if (view.status === request.status) continue;
    if (view.status !== 'deployed') throw new Error(`${id} is ${view.status}, and no row says so`);
    const begun = [model.live, ...model.ended].find((each) => each?.id === view.deploymentId);
    if (begun?.version !== request.version || begun.by !== request.by)
      throw new Error(`${id} became ${view.deploymentId}, which is another deployment`);
    request.status = 'deployed';
    const before = open.find((each) => each.status === 'queued' && isBefore(each, request));
    if (before) throw new Error(`${id} for ${request.version} began before ${before.id} for ${before.version}`);
  }
}

const timeOf = ({ dueAt, requestedAt }: Request): number => dueAt ?? requestedAt;

function isBefore(one: Request, other: Request): boolean {
  if (one.first !== other.first) return one.first;
  return timeOf(one) < timeOf(other);
}
