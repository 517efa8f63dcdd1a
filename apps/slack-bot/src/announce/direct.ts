// Direct messages about a deployment: they notify its requester and the authors of its commits how it ended and when it
// is rolled back. A person who stopped it gets no message about that.

import {
  type AuditRead,
  type AuditRow,
  type DeploymentView,
  type Engine,
  findPerson,
  type OutcomeKind,
  personOf,
} from '@bg/engine';
import { authorIn } from '../cards/people-formatter.ts';
import { announces } from './announcements.ts';

export interface Direct {
  readonly user: string;
  readonly deploymentId: string;
  /** The message is about the row, not about the deployment's end. */
  readonly about: boolean;
}

export function directsFor(engine: Engine, event: AuditRead, view: DeploymentView): readonly Direct[] {
  if (!announces(event, 'direct', 'deployment')) return [];
  switch (event.action) {
    case 'deployment-requested':
      return view.mode === 'rollback' ? takenBack(engine, event, view) : [];
    case 'deployment-finished':
      return ended(engine, event, view);
    default:
      return event satisfies never;
  }
}

const badEnds: readonly (OutcomeKind | undefined)[] = ['failed', 'aborted', 'rolled-back', 'halted'];

function ended(engine: Engine, row: AuditRead<'deployment-finished'>, view: DeploymentView): readonly Direct[] {
  const { outcome } = row.detail;
  // A finished rollback was announced to them when it was requested.
  const isLive = outcome === 'promoted' && view.mode !== 'rollback';
  if (!isLive && !badEnds.includes(outcome)) return [];
  // The end of a deployment is news for who asked for it; a switch that she did at once herself is not.
  const but = isLive ? (view.mode === 'switch' ? view.requestedBy : undefined) : row.actor;
  const users = concerned(engine, view, but);
  return users.map((user) => ({ user, deploymentId: view.id, about: false }));
}

/** A rollback is another deployment; it matters most to the people who requested or wrote the release that it takes back. */
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
