// A click on Deploy of a build's card. The button names what it was drawn for; whether that still holds is checked here,
// and whether it may be done is the engine's word.

import { isDeepStrictEqual } from 'node:util';
import { type Engine, type Refusal, type StoredBuild, shortName } from '@bg/engine';
import { redrawBuilds } from '../announce/builds.ts';
import type { Card } from '../cards/blocks.ts';
import { deployBuild } from '../cards/build-card.ts';
import { sideOf } from '../cards/build-sides.ts';
import { type BuildRef, readBuildRef } from '../cards/button-value.ts';
import { refusalCard } from '../cards/refusal-card.ts';
import { waitingCard } from '../cards/waiting-card.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export const isBuildAction = (name: string): boolean => name.startsWith(`${deployBuild}:`);

export function handleBuildClick({ engine, people }: BotContext, input: ButtonClick): Card | undefined {
  const actor = people.actor(input.user);
  const ref = readBuildRef(input.value);
  const build = ref && engine.builds.find(ref.build);
  if (ref === undefined || build === undefined || !isOf(engine, build, ref)) {
    engine.recordRejection(actor, unknownBuild);
    return refusalCard(unknownBuild);
  }
  const { service, target, version } = ref;
  // The engine refuses an unknown person, whatever the state of the build.
  const stale = actor.kind === 'person' ? whyStale(engine, build, ref) : undefined;
  if (stale !== undefined) engine.recordRejection(actor, stale, { service, target });
  const result =
    stale === undefined
      ? engine.request({ service, target, version, actor })
      : ({ ok: false, refusal: stale } as const);
  if (result.ok) return result.value.kind === 'waiting' ? waitingCard(result.value.waiting) : undefined;
  redrawBuilds(engine, service);
  return refusalCard(result.refusal);
}

function isOf({ settings }: Engine, build: StoredBuild, { service, target, version }: BuildRef): boolean {
  const isConfigured = settings.targets.some((one) => one.service === service && one.target === target);
  return isConfigured && build.service === service && build.version === version && build.conclusion === 'succeeded';
}

/** The version came again with other files, is live, or was deployed since the button was drawn. */
function whyStale(engine: Engine, build: StoredBuild, ref: BuildRef): Refusal | undefined {
  const { service, target, version } = ref;
  const place = `${service}/${target}`;
  const latest = engine.builds.ofVersion(service, version);
  if (latest !== undefined && isOther(latest.artifact, build.artifact))
    return refusal('stale-card', `${version} was announced again with other files, as build ${latest.id}`);
  const { live, last } = sideOf(engine, { service, target }, version);
  if (live === version) return refusal('already-active', `${version} is live on ${place} already`);
  if (last === undefined || last.id === ref.last) return undefined;
  if (last.outcome === undefined)
    return refusal(
      'target-busy',
      `${version} is being deployed to ${place} already, asked for by ${shortName(last.requestedBy)}`,
    );
  return refusal(
    'stale-card',
    `${version} was deployed to ${place} since this button was drawn: ${last.outcome.sentence}`,
  );
}

type Artifact = StoredBuild['artifact'];

/** The place and the digest of the files may be announced later than the build: what was left open is no difference. */
function isOther(now: Artifact, then: Artifact): boolean {
  if (now === undefined || then === undefined) return false;
  const digests = [now, then].flatMap((one) => ('sha256' in one && one.sha256 !== undefined ? [one.sha256] : []));
  if (digests.length === 2) return digests[0] !== digests[1];
  return !isDeepStrictEqual({ ...now, sha256: undefined }, { ...then, sha256: undefined });
}

const refusal = (code: Refusal['code'], sentence: string): Refusal => ({
  code,
  sentence,
  hint: 'The bot updates the card; look at it, then click.',
});

const unknownBuild: Refusal = {
  code: 'release-unknown',
  sentence: 'The build of this button is not known here.',
  hint: 'See the status for what is possible now.',
};
