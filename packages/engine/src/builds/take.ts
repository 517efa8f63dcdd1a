// What becomes of a delivery: each of its builds is judged, stored, reported and deployed in one transaction, so that a
// process that dies has done all of it or nothing, and a worker that takes the delivery again finds what was done.

import type { ParsedDelivery } from '../api/builds.ts';
import type { Build, StoredBuild } from '../domain/build.ts';
import type { TargetReaction } from '../domain/events/builds.ts';
import type { Ending, Settlement } from '../domain/inbox.ts';
import { addBuild, buildOf, buildOfRun, buildsOf } from '../state/builds.ts';
import type { Tx } from '../state/store.ts';
import type { BuildsContext } from './flow.ts';
import { branchStatus, isSuperseded } from './order.ts';
import { type DecidedReaction, decideReactions } from './react.ts';
import { type Reading, type RuleReading, readDelivery } from './read.ts';
import {
  describe,
  reasonOf,
  recordAnnounced,
  recordArtifact,
  recordConflict,
  recordContributors,
  recordFailed,
  recordFixed,
} from './record.ts';
import { handsIn, type Remembered, remember } from './remembered.ts';
import { notNew, sentAt } from './replayed.ts';
import { artifactOfBoth, differenceOf } from './same.ts';
import { supersedeWaiting, waitForTarget } from './waiting.ts';
import { asksApproval, leftToApprove, newHands, writersOf } from './writers.ts';

export function takeDelivery(context: BuildsContext, delivery: ParsedDelivery): Ending {
  const reading = readDelivery(context.settings.builds, delivery);
  if (reading.problem !== undefined) return { state: 'parked', sentence: reading.problem };
  const { event } = reading;
  const hands = event && handsIn(context.settings.builds, event);
  const taking = reading.rules.filter(({ takes }) => takes);
  if (taking.length > 0)
    return () => {
      if (hands) context.store.receive((db, now) => remember({ db, now }, hands));
      return takeAll(context, taking, { isForked: event?.isForked ?? false, sentAt: sentAt(event) });
    };
  const settlement = unmatched(reading, delivery);
  return hands ? () => remembering(context, hands, settlement) : settlement;
}

function remembering(context: BuildsContext, hands: Remembered, settlement: Settlement): Settlement {
  context.store.receive((db, now) => remember({ db, now }, hands));
  const names = hands.actors.map(({ login, email, did }) => `${login ?? email} ${did} it`);
  return { ...settlement, sentence: `${settlement.sentence}; remembered for four eyes: ${names.join(', ')}` };
}

/** The result for one service does not delay the others. */
function takeAll(context: BuildsContext, taking: readonly RuleReading[], sent: Sent): Settlement {
  const ends = taking.map((each) => takeOne(context, each, sent));
  return {
    state: ends.some(({ isRefused }) => isRefused) ? 'parked' : 'done',
    sentence: ends.map(({ sentence }) => sentence).join('; '),
  };
}

/** Hosts send much that is no build of ours; a build that names its service is meant for one. */
function unmatched({ event, rules }: Reading, { hook, kind }: ParsedDelivery): Settlement {
  if (event === undefined) return { state: 'ignored', sentence: `${kind || 'this'} is no build` };
  const failing = rules.map(({ rule, conditions }) => ({ rule, missing: conditions.filter(({ holds }) => !holds) }));
  const [nearest] = failing.sort((a, b) => a.missing.length - b.missing.length);
  const [condition] = nearest?.missing ?? [];
  if (!nearest || !condition) return { state: 'ignored', sentence: `no rule is written for ${hook}` };
  const namesService =
    hook === 'generic' && failing.every(({ missing }) => missing.some(({ name }) => name === 'service'));
  if (namesService)
    return { state: 'parked', sentence: `there is no service "${event.service?.slice(0, 40)}" in this configuration` };
  const { name, expected, found } = condition;
  return {
    state: 'ignored',
    sentence: `no rule takes this ${event.event}; nearest is ${nearest.rule.place}: ${name} is ${found}, expected ${expected}`,
  };
}

interface End {
  readonly sentence: string;
  readonly isRefused: boolean;
}

const done = (sentence: string): End => ({ sentence, isRefused: false });

function takeOne(context: BuildsContext, { rule, build, problem }: RuleReading, sent: Sent): End {
  if (!build) return { sentence: problem ?? `${rule.place} made no build`, isRefused: true };
  return context.store.write((tx) => takeBuild(context, tx, { rule, build, ...sent }).end);
}

export interface Outcome {
  readonly end: End;
  readonly reactions: readonly TargetReaction[];
}

/** What the host says of the delivery as a whole. */
interface Sent {
  readonly isForked: boolean;
  readonly sentAt: number | undefined;
}

interface Given extends Sent {
  readonly rule: RuleReading['rule'];
  readonly build: Build;
}

export function takeBuild(context: BuildsContext, tx: Tx, given: Given): Outcome {
  const build = notFromTheFuture(given.build, tx.now);
  const old = buildOfRun(tx.db, build) ? undefined : notNew(tx, given.sentAt);
  if (old !== undefined) return { end: { sentence: `${describe(build)}: ${old}`, isRefused: true }, reactions: [] };
  return build.conclusion === 'failed'
    ? { end: takeFailed(tx, build), reactions: [] }
    : takeGood(context, tx, { ...given, build });
}

/** The committer's clock sets the time of a commit: a wrong one must not make everything that follows look older. */
function notFromTheFuture(build: Build, now: number): Build {
  const { committedAt } = build;
  return committedAt === undefined || committedAt <= now ? build : { ...build, committedAt: now };
}

/** Reported once, until the branch is fixed. A host shows the failures of pull requests to those who opened them. */
function takeFailed(tx: Tx, build: Build): End {
  if (build.pullRequest !== undefined)
    return done(`${describe(build)} failed; for a pull request its host reports that`);
  const known = buildOfRun(tx.db, build);
  if (known?.conclusion === 'failed') return done(`reported before as build ${known.id}`);
  const status = branchStatus(tx.db, build);
  if (isSuperseded(build, status)) return done(`${describe(build)} failed, and ${status?.version} came after it`);
  if (status?.conclusion === 'failed') return done(`${describe(build)} still fails; reported as build ${status.id}`);
  const stored = addBuild(tx, known ? { ...build, run: undefined } : build);
  recordFailed(tx, stored);
  return done(`reported that ${describe(build)} failed, as build ${stored.id}`);
}

function takeGood(context: BuildsContext, tx: Tx, { rule, build, isForked }: Given): Outcome {
  const known = buildOfRun(tx.db, build);
  if (known?.conclusion === 'succeeded' && known.version !== build.version)
    return { end: renamed(known), reactions: [] };
  const earlier = buildOf(tx.db, build.service, build.version);
  const difference = earlier && differenceOf(earlier, build);
  if (earlier && difference !== undefined)
    return { end: { sentence: recordConflict(tx, build, earlier, difference), isRefused: true }, reactions: [] };
  const status = build.pullRequest === undefined ? branchStatus(tx.db, build) : undefined;
  const isFix = status?.conclusion === 'failed' && !isSuperseded(build, status);
  // A host that counts no attempts gives a second run the name of the first.
  const storable = known ? { ...build, run: undefined } : build;
  if (earlier) return { end: again(tx, storable, { earlier, isFix }), reactions: [] };
  const stored = addBuild(tx, storable);
  const decided = decideReactions(context, { rule, build: stored, isForked }, tx.now);
  const reactions = decided.map(({ reaction }) => reaction);
  if (isFix) recordFixed(tx, stored);
  recordAnnounced(tx, stored, { reactions, remarks: remarksOn(context, tx, { rule, build: stored }) });
  for (const each of decided) follow(tx, stored, each);
  return { end: done(`announced ${describe(build)} as build ${stored.id}`), reactions };
}

/** Of each target that the build is for, where four eyes leave too few approvers. */
function remarksOn(
  context: BuildsContext,
  tx: Tx,
  { rule, build }: Pick<Given, 'rule'> & { readonly build: StoredBuild },
) {
  const barred = writersOf(tx.db, context.settings, build).people.map(({ id }) => id);
  return context.targets
    .filter(({ key }) => key.service === build.service && (rule.reactions[key.target] ?? 'ignore') !== 'ignore')
    .flatMap(({ key, settings }) => {
      const tooFew = asksApproval(settings) ? leftToApprove(settings, barred) : undefined;
      return tooFew === undefined ? [] : [`${key.target}: ${tooFew}`];
    });
}

/** The rule finds another version now than it did before. */
const renamed = ({ id, service, version, run }: StoredBuild): End =>
  done(`run ${run} was announced before as build ${id}, ${service} ${version}`);

/** The same version again is no news, but the branch may be fixed, and its files may be known only now. */
function again(
  tx: Tx,
  build: Build,
  { earlier, isFix }: { readonly earlier: StoredBuild; readonly isFix: boolean },
): End {
  const artifact = artifactOfBoth(earlier, build);
  const isFound = earlier.artifact === undefined && artifact !== undefined;
  const hands = newHands(buildsOf(tx.db, build.service, earlier.version), build);
  if (isFix || isFound || hands.length > 0) {
    const commit = build.commit ?? earlier.commit;
    const stored = addBuild(tx, { ...build, version: earlier.version, artifact, commit });
    if (hands.length > 0) recordContributors(tx, stored, hands);
    if (isFix) recordFixed(tx, stored);
    if (isFound) recordArtifact(tx, stored);
  }
  return done(`${build.service} ${build.version} was announced before as build ${earlier.id}`);
}

function follow(tx: Tx, build: StoredBuild, { target, reaction, admitted }: DecidedReaction): void {
  if (reaction.became === 'waiting') waitForTarget(tx, target, build);
  if (!admitted) return;
  supersedeWaiting(tx, target, build);
  admitted.create(tx, reasonOf(build));
}
