// Who had a hand in what a release was built from: the authors of its commits, and the accounts that pushed, triggered,
// published, opened or merged it. With four eyes each of them counts as having asked for it: no person can
// approve their own work, and the name in a commit, which anyone can write, exempts no person.

import type { ApprovalGroup } from '../config/approval/groups.ts';
import { findPerson } from '../config/people/people.ts';
import type { Person, Settings, TargetSettings } from '../config/settings.ts';
import type { Author, Build, Deed } from '../domain/build.ts';
import type { Contributors } from '../domain/contributors.ts';
import type { TargetKey } from '../domain/target.ts';
import { buildsOf } from '../state/builds.ts';
import { handsOfBuild } from '../state/contributors.ts';
import type { Db } from '../state/database.ts';
import type { BuildsContext } from './flow.ts';
import { isBot } from './vouched.ts';

export interface Hand {
  readonly did: Deed | 'wrote';
  /** As the build names it. */
  readonly name: string;
  /** The person whom the configuration knows by it; none, or two whose names are mixed up. */
  readonly people: readonly Person[];
}

export interface Writers {
  readonly hands: readonly Hand[];
  readonly people: readonly Person[];
}

/** Of the release as CI announced it, each time that it did; none where it did not. */
export function writersOf(
  db: Db,
  settings: Pick<Settings, 'people'>,
  release: { service: string; version: string },
): Writers {
  const builds = buildsOf(db, release.service, release.version);
  const authors = builds.flatMap((build) => build.authors.map((each) => ({ ...each, did: 'wrote' as const })));
  const actors = builds.flatMap((build) => [...(build.actors ?? []), ...handsOfBuild(db, build)]);
  const hands = [...authors, ...actors].flatMap((each): readonly Hand[] => {
    const people = peopleBehind(settings, each);
    return people.length === 0 && isBot(each) ? [] : [{ did: each.did, name: nameOf(each), people }];
  });
  const distinct = new Map(hands.map((hand) => [`${hand.did} ${hand.name}`, hand] as const));
  return { hands: [...distinct.values()], people: [...new Set(hands.flatMap(({ people }) => people))] };
}

/** An address and a login that belong to two people name both: either of them may have written it. */
function peopleBehind(settings: Pick<Settings, 'people'>, { email, login }: Author): readonly Person[] {
  const found = [
    email === undefined ? undefined : findPerson(settings, { email }),
    login === undefined ? undefined : findPerson(settings, { codeHost: login }),
  ];
  return found.filter((person) => person !== undefined);
}

type Eyes = Pick<TargetSettings, 'approval' | 'canary'>;

/** With the settings of its target, as the flow asks for it. */
export function contributorsOf(
  { store, settings, targets }: Pick<BuildsContext, 'store' | 'settings' | 'targets'>,
  key: TargetKey,
  version: string,
): Contributors {
  const writers = writersOf(store.db, settings, { service: key.service, version });
  const target = targets.find((each) => each.key.service === key.service && each.key.target === key.target);
  const people = writers.people.map(({ id }) => id);
  return {
    people,
    warnings: (requester) => (target ? writerWarnings(writers, target.settings, requester) : []),
    contributionOf: (person) => contributionOf(writers, person, version),
    tooFewApprovers: (requester) => target && leftToApprove(target.settings, [requester, ...people]),
  };
}

function writerWarnings(writers: Writers, settings: Eyes, requester: string | undefined): readonly string[] {
  if (!settings.approval.fourEyes || !asksApproval(settings)) return [];
  const left = leftToApprove(settings, [requester, ...writers.people.map(({ id }) => id)]);
  const lines = [...barredLines(writers), ...unknownLines(writers), ...differences(writers), left];
  return lines.filter((line) => line !== undefined);
}

export const asksApproval = ({ approval, canary }: Eyes): boolean =>
  approval.beforeTraffic || approval.afterPromotion || canary.some((step) => step.approval);

/** Each person once, with the first reason that excludes them. */
function barredLines({ hands }: Writers): readonly string[] {
  const named = new Set<string>();
  const lines = new Map<string, string[]>();
  for (const { did, people } of hands)
    for (const { id } of people) {
      if (named.has(id)) continue;
      named.add(id);
      lines.set(did, [...(lines.get(did) ?? []), id]);
    }
  return [...lines].map(([did, ids]) => `${didText(did)} by ${ids.join(', ')}, who cannot approve it`);
}

function unknownLines({ hands }: Writers): readonly string[] {
  const unknown = Map.groupBy(
    hands.filter(({ people }) => people.length === 0),
    ({ did }) => did,
  );
  return [...unknown].map(
    ([did, each]) =>
      `${didText(did)} by ${each.map(({ name }) => name).join(', ')}, who are not in people: four eyes cannot be checked for them`,
  );
}

/** Where an account that did something is none of the authors. */
function differences({ hands }: Writers): readonly string[] {
  const authors = hands.filter(({ did }) => did === 'wrote');
  const known = authors.map(shownName);
  const others = hands.filter((hand) => hand.did !== 'wrote' && !known.includes(shownName(hand)));
  if (authors.length === 0 || others.length === 0) return [];
  const deeds = others.map((hand) => `${shownName(hand)} (${hand.did} it)`);
  return [
    `its commits name ${[...new Set(known)].join(', ')} as author, and the code host ${deeds.join(', ')}: they differ, and all of them count`,
  ];
}

const shownName = ({ people, name }: Hand): string => people.map(({ id }) => id).join(' or ') || name;
const didText = (did: string): string => (did === 'wrote' ? 'written' : did);

/** A sentence where four eyes leave too few approvers; undefined where enough may be left, as in a group. */
export function leftToApprove(
  { approval }: Pick<TargetSettings, 'approval'>,
  barred: readonly (string | undefined)[],
): string | undefined {
  const { approvers, fourEyes, count, groups } = approval;
  if (!fourEyes) return undefined;
  const short = groups.find((group) => isShort(group, barred));
  if (short)
    return `group ${short.name} has too few people left to approve it, since some asked for it or had a hand in it; abort it, or add an approver to ${short.name}`;
  if (approvers.some((name) => name.startsWith('group:'))) return undefined;
  const left = approvers.filter((id) => !barred.includes(id));
  if (left.length >= count) return undefined;
  const who =
    left.length === 0
      ? 'no approver is left for it'
      : `only ${left.join(', ')} may still approve it, and ${count} approvals are needed`;
  return `${who}: ${approvers.filter((id) => barred.includes(id)).join(', ')} asked for it or had a hand in it; abort it, or add an approver`;
}

const isShort = ({ approvers, count }: ApprovalGroup, barred: readonly (string | undefined)[]): boolean =>
  !approvers.some((name) => name.startsWith('group:')) && approvers.filter((id) => !barred.includes(id)).length < count;

/** What a person did to a release, for a refusal: `wrote a part of v2.1`; undefined for one who did nothing. */
function contributionOf({ hands }: Writers, person: string, version: string): string | undefined {
  const hand = hands.find(({ people }) => people.some(({ id }) => id === person));
  return hand && `${deedText[hand.did]} ${version}`;
}

const deedText: Readonly<Record<Hand['did'], string>> = {
  wrote: 'wrote a part of',
  pushed: 'pushed',
  triggered: 'triggered the build of',
  published: 'published',
  opened: 'opened the request that brought',
  merged: 'merged',
};

/** Of one more announcement of a version: whom no earlier one named. */
export function newHands(earlier: readonly Build[], now: Build): readonly string[] {
  const known = new Set(earlier.flatMap(handNames));
  return [...new Set(handNames(now))].filter((name) => !known.has(name));
}

const handNames = ({ authors, actors = [] }: Build): readonly string[] => [
  ...authors.map((each) => `${nameOf(each)} (wrote)`),
  ...actors.map((each) => `${nameOf(each)} (${each.did})`),
];

function nameOf({ name, email, login }: Author): string {
  const address = email ?? login;
  if (name === undefined) return address ?? 'a person without a name';
  return address === undefined ? name : `${name} <${address}>`;
}
