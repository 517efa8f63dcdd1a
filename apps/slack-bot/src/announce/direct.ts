// Who hears of a deployment in person: whoever asked for it and whoever wrote its commits, how it ended and when it is
// taken back. Nobody is told that they stopped it themselves.

import { type AuditRow, type DeploymentView, type Engine, findPerson, personOf } from '@bg/engine';
import { authorIn } from '../cards/people-formatter.ts';

export interface Direct {
  readonly user: string;
  readonly deploymentId: string;
  /** The row itself is the news, not the deployment's end. */
  readonly about: boolean;
}

const badEnds = ['failed', 'aborted', 'rolled-back', 'halted'];

export function directsFor(engine: Engine, row: AuditRow, view: DeploymentView): readonly Direct[] {
  if (row.action === 'deployment-requested' && view.mode === 'rollback') return takenBack(engine, row, view);
  if (row.action !== 'deployment-finished') return [];
  const outcome = String(row.detail.outcome);
  // Of a rollback that is done, they heard when it was asked for.
  const isLive = outcome === 'promoted' && view.mode !== 'rollback';
  if (!isLive && !badEnds.includes(outcome)) return [];
  const users = concerned(engine, view, isLive ? undefined : row.actor);
  return users.map((user) => ({ user, deploymentId: view.id, about: false }));
}

/** A rollback is a deployment of its own; those who care most asked for, or wrote, the release that it takes away. */
function takenBack(engine: Engine, row: AuditRow, view: DeploymentView): readonly Direct[] {
  const recent = engine.history({ service: view.service, target: view.target }, 10);
  const lost = recent.ok
    ? recent.value.find(({ version, outcome }) => version === view.from?.version && outcome?.kind === 'promoted')
    : undefined;
  if (lost === undefined) return [];
  return concerned(engine, lost, row.actor).map((user) => ({ user, deploymentId: lost.id, about: true }));
}

function concerned({ settings, builds }: Engine, view: DeploymentView, but: string | undefined): readonly string[] {
  const requester = personOf(view.requestedBy);
  const authors = builds.ofVersion(view.service, view.version)?.authors ?? [];
  const people = [
    ...(requester === undefined ? [] : [findPerson(settings, { id: requester })]),
    ...authors.map((author) => authorIn(settings.people, author)),
  ];
  const users = people.flatMap((person) =>
    person?.slack === undefined || `person:${person.id}` === but ? [] : [person.slack],
  );
  return [...new Set(users)];
}
