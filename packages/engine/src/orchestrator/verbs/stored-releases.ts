// The verbs about releases on the disk: all people may read; people of the list pin and remove.

import type { StoredReleases, StoredReleaseView } from '../../api/releases.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { TargetRef } from '../../domain/target.ts';
import { clearPin, readPin, setPin } from '../../state/pins.ts';
import { readRelease } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { findTarget, otherDriver } from '../gates/facts.ts';
import { inTeam, sameConfiguration } from '../gates/gates.ts';
import { isAnnounced } from '../plan/ensure-fetched.ts';
import { pruneReleases } from '../releases/prune.ts';
import { storedReleasesOf } from '../releases/stored.ts';
import { clearMark } from './clear-mark.ts';
import { fetchRelease } from './fetch-release.ts';
import { recordRefusal, refused } from './refused.ts';

const longestReason = 500;
const atMost = 1_000;

export function createStoredReleases(core: Core): StoredReleases {
  return {
    list: (ref) => {
      const found = findTarget(core, ref);
      return found.ok ? ok(viewsOf(core, found.value.key.service)) : found;
    },
    fetch: async (request) => {
      const verb = `fetch ${request.version.slice(0, 64)}`;
      const admitted = by(core, request, verb, ok);
      if (!admitted.ok) return admitted;
      const fetched = await fetchRelease(core, admitted.value, request);
      return fetched.ok ? fetched : refused(core, { actor: request.actor, verb }, fetched, admitted.value);
    },
    pin: (request) => by(core, request, `pin ${request.version.slice(0, 64)}`, (target) => pin(core, target, request)),
    unpin: (request) =>
      by(core, request, `unpin ${request.version.slice(0, 64)}`, (target) => unpin(core, target, request)),
    clearMark: (request) =>
      by(core, request, `clear ${request.version.slice(0, 64)}`, (target) => clearMark(core, target, request)),
    prune: async (request) => {
      const admitted = by(core, request, 'prune', (target) => ok(target.key.service));
      if (!admitted.ok) return admitted;
      const service = admitted.value;
      if (request.dryRun) return ok(viewsOf(core, service).filter(({ kept }) => kept === undefined));
      const actor = actorName(request.actor);
      const removed = await pruneReleases({ core, store: core.store, actor, service, atMost });
      return ok(removed.map((release) => ({ ...viewOf(service, release), kept: undefined })));
    },
  };
}

const viewsOf = (core: Core, service: string): readonly StoredReleaseView[] =>
  storedReleasesOf(core, service).map((release) => viewOf(service, release));

function viewOf(service: string, release: ReturnType<typeof storedReleasesOf>[number]): StoredReleaseView {
  const { version, folder, bytes, usedAt, pinned, kept } = release;
  return { service, version, folder, bytes, usedAt, pinned, kept };
}

/** Only people: neither a machine nor an unauthenticated sender decides what is retained. */
function by<T>(
  core: Core,
  request: TargetRef & { readonly actor: Actor },
  verb: string,
  act: (target: Target) => Result<T>,
): Result<T> {
  const { actor } = request;
  const found = findTarget(core, request);
  const asked = [inTeam({ actor }), sameConfiguration({ otherDriver: otherDriver(core) }), isPerson(actor)];
  const answer = asked.find((each) => !each.ok) ?? (found.ok ? act(found.value) : found);
  if (answer.ok) return answer as Result<T>;
  recordRefusal(core, { actor, verb, refusal: answer.refusal, key: found.ok ? found.value.key : undefined });
  return answer;
}

function isPerson(actor: Actor): Result<undefined> {
  if (actor.kind === 'person') return ok(undefined);
  return refuse('not-in-team', `${shortName(actorName(actor))} is no person, and only people decide this`);
}

function pin(core: Core, target: Target, request: Parameters<StoredReleases['pin']>[0]): Result<string> {
  const { version, reason, actor } = request;
  const { service } = target.key;
  const why = reason.trim().slice(0, longestReason);
  if (why === '') return refuse('reason-missing', `a pin of ${version} names its reason`);
  if (!readRelease(core.store.db, service, version) && !isAnnounced(core, target, version))
    return refuse('release-unknown', `there is no release ${version} of ${service}`, 'See `bg release list`.');
  core.store.write((tx) => {
    setPin(tx, { service, version, by: actorName(actor), reason: why, at: tx.now });
    tx.audit({
      actor: actorName(actor),
      service,
      action: 'release-pinned',
      sentence: `${shortName(actorName(actor))} pins ${service} ${version}: ${why}`,
      detail: { version, reason: why },
    });
  });
  return ok(`${service} ${version} stays on the disk until it is unpinned`);
}

function unpin(core: Core, target: Target, request: Parameters<StoredReleases['unpin']>[0]): Result<string> {
  const { version, actor } = request;
  const { service } = target.key;
  const pinned = readPin(core.store.db, service, version);
  if (!pinned) return refuse('not-allowed-now', `${service} ${version} is not pinned`, 'See `bg release list`.');
  core.store.write((tx) => {
    clearPin(tx, service, version);
    tx.audit({
      actor: actorName(actor),
      service,
      action: 'release-unpinned',
      sentence: `${shortName(actorName(actor))} unpins ${service} ${version}, which ${shortName(pinned.by)} pinned: ${pinned.reason}`,
      detail: { version },
    });
  });
  return ok(`${service} ${version} stays on the disk only as long as something else keeps it`);
}
