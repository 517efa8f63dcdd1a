// Who wrote what a release was built from. With four eyes, whoever wrote it counts as having asked for it: nobody brings
// their own commit to users alone.

import { findPerson } from '../config/people.ts';
import type { Person, Settings, TargetSettings } from '../config/settings.ts';
import { buildOf } from '../state/builds.ts';
import type { Db } from '../state/database.ts';
import type { Author } from './build.ts';

export interface Writers {
  readonly people: readonly Person[];
  /** By the names that the build has for them: nobody in the configuration is known by these. */
  readonly unknown: readonly string[];
}

/** Of the release as CI announced it; nobody where it was not. */
export function writersOf(
  db: Db,
  settings: Pick<Settings, 'people'>,
  release: { service: string; version: string },
): Writers {
  const authors = buildOf(db, release.service, release.version)?.authors ?? [];
  const found = authors.map((author) => ({ author, people: peopleBehind(settings, author) }));
  return {
    people: [...new Set(found.flatMap(({ people }) => people))],
    unknown: found.filter(({ people }) => people.length === 0).map(({ author }) => nameOf(author)),
  };
}

/** An address and a login that belong to two people name both: either of them may have written it. */
function peopleBehind(settings: Pick<Settings, 'people'>, { email, login }: Author): readonly Person[] {
  const found = [
    email === undefined ? undefined : findPerson(settings, { email }),
    login === undefined ? undefined : findPerson(settings, { codeHost: login }),
  ];
  return found.filter((person) => person !== undefined);
}

/** What four eyes mean for this release, for whoever looks at its plan. */
export function writerWarnings(
  { people, unknown }: Writers,
  { approval, canary }: Pick<TargetSettings, 'approval' | 'canary'>,
): readonly string[] {
  const { approvers, fourEyes, beforeTraffic } = approval;
  const asks = beforeTraffic || canary.some((step) => step.approval);
  if (!fourEyes || !asks) return [];
  const isAlone = people.length > 0 && approvers.every((id) => people.some((person) => person.id === id));
  return [
    ...(people.length === 0
      ? []
      : [
          `written by ${people.map(({ id }) => id).join(', ')}, who cannot approve it${isAlone ? ', and nobody else may' : ''}`,
        ]),
    ...(unknown.length === 0
      ? []
      : [`written by ${unknown.join(', ')}, whom nobody in people is known as: four eyes cannot hold for them`]),
  ];
}

const nameOf = ({ name, email, login }: Author): string => {
  const address = email ?? login;
  if (name === undefined) return address ?? 'somebody';
  return address === undefined ? name : `${name} <${address}>`;
};
