// What a host sends about a commit in deliveries that are no builds of it: who opened, pushed to and merged the request
// that added it. A build of that commit names only who triggered it, so these are stored, and four eyes count them.

import type { BuildRule } from '../config/builds/settings.ts';
import { forgetHands, readHands, type Writing, writeHands } from '../state/contributors.ts';
import type { HostEvent } from './host-event.ts';
import type { Contribution } from './hosts/host.ts';
import { readerOf } from './hosts/hosts.ts';
import { sameRepository } from './match.ts';
import { distinctActors } from './vouched.ts';

export interface Remembered extends Contribution {
  readonly host: string;
  readonly repository: string;
}

/** Only of a repository that a rule builds. Undefined where the event names no person. */
export function handsIn(rules: readonly BuildRule[], event: HostEvent): Remembered | undefined {
  const { host, repository, document } = event;
  const isBuilt = rules.some((rule) => rule.host === host && sameRepository(rule.repository ?? '', repository));
  const readers = readerOf(host)?.contributions ?? {};
  if (repository === undefined || !isBuilt || !Object.hasOwn(readers, event.event)) return undefined;
  const reported = readers[event.event]?.(document);
  const commits = [...new Set(reported?.commits.filter((commit) => commitShape.test(commit)))];
  return reported && reported.actors.length > 0 ? { host, repository, ...reported, commits } : undefined;
}

/** A whole id, or the twelve digits by which Bitbucket names the commits of a request. */
const commitShape = /^([0-9a-f]{12}|[0-9a-f]{40,64})$/;

export function remember(tx: Writing, contribution: Remembered): void {
  const { host, repository, actors, request, commits, inheritsFromCommits } = contribution;
  const place = { host, repository };
  const before = request === undefined ? [] : readHands(tx.db, place, request);
  const inherited = inheritsFromCommits ? commits.flatMap((commit) => readHands(tx.db, place, commit)) : [];
  const all = [...before, ...inherited, ...actors];
  if (request !== undefined) writeHands(tx, place, { subject: request, actors: distinctActors(all) });
  for (const subject of commits) {
    const known = readHands(tx.db, place, subject);
    writeHands(tx, place, { subject, actors: distinctActors([...known, ...all]) });
  }
  forgetHands(tx);
}
