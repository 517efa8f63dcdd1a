// Which deployment is meant: an id, or the live one of a place.

import type { DeploymentView, Engine, Result } from '@bg/engine';
import { type PlaceOptions, readPlace } from '../place.ts';

export function findDeployment(
  engine: Engine,
  word: string | undefined,
  options: PlaceOptions,
): Result<DeploymentView> {
  const named = word === undefined ? undefined : engine.deployment(word);
  if (named) return { ok: true, value: named };
  const target = engine.target(readPlace(word, options));
  if (!target.ok) return word === undefined || word.includes('/') ? target : noSuch(word, target.refusal.sentence);
  if (target.value.live) return { ok: true, value: target.value.live };
  return {
    ok: false,
    refusal: {
      code: 'no-such-deployment',
      sentence: `No deployment is running on ${target.value.name}.`,
      hint: `Look at the earlier ones: bg history ${target.value.service}/${target.value.target}`,
    },
  };
}

function noSuch(word: string, sentence: string): Result<never> {
  const hint = `${sentence} Without a name the live deployment is meant: bg status`;
  return { ok: false, refusal: { code: 'no-such-deployment', sentence: `"${word}" is no deployment.`, hint } };
}
