// Canaries that the judge decides by itself, under load: what becomes of the release, and what it cost its users.

import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, type LoadOptions, startLoad } from '../../tools/load-client.ts';
import { alice, deployed, finished, onStage, until, value } from './stage.ts';

type Balancer = 'nginx' | 'haproxy';

const perSecond = 120;
/** Of one canary; a quiet machine needs a tenth. */
const limitMs = 240_000;

const automatic = (canary: string, judge: string) => ({
  target: `
        canary: [${canary}]
        judge: { mode: automatic, minRequests: 50, ${judge} }
        bake: 1s
        failedSide: { keep: 10m }
`,
});

interface Copy {
  readonly of: string;
  readonly version: string;
  /** In its programs; must be found. */
  readonly replace: readonly [from: string, to: string];
}

async function layCopy(folder: string, { of, version, replace: [from, to] }: Copy): Promise<string> {
  const releases = join(folder, 'releases', 'shop');
  await cp(join(releases, of), join(releases, version), { recursive: true });
  let changed = 0;
  for (const name of await readdir(join(releases, version), { recursive: true })) {
    if (!name.endsWith('.mjs')) continue;
    const file = join(releases, version, name);
    const text = await readFile(file, 'utf8');
    if (text.includes(from)) changed += 1;
    await writeFile(file, text.replaceAll(from, to).replaceAll(`version: '${of}'`, `version: '${version}'`));
  }
  if (changed === 0) throw new Error(`${of} has no ${from} now`);
  return version;
}

/** As v2.4-errors, which fails one request of five, but one of twenty. */
const fivePercentErrors: Copy = {
  of: 'v2.4-errors',
  version: 'v3.1-five-percent',
  replace: ['% 5 === 0', '% 20 === 0'],
};

/** The same program once more, so that nothing but its name is different. */
const unchanged: Copy = { of: 'v1.0', version: 'v1.0-again', replace: [`version: 'v1.0'`, `version: 'v1.0-again'`] };

/** What the comparison says of errors; the fixed limit has other words. */
export const comparison = /requests fail (and none fails|[\d.]+ times as often as) on the stable side/;

export interface Cost {
  readonly outcome: string | undefined;
  readonly sentence: string;
  /** Requests of users that failed on the new side. */
  readonly harmed: number;
  /** From the first answer of the new side to the last one. */
  readonly seconds: number;
  /** What people read. */
  readonly text: string;
}

/** A release with 5 % errors after its start, far below the fixed limit: only the comparison can find it. */
export function fivePercent(balancer: Balancer): Promise<Cost> {
  return onStage(
    { balancer, ...automatic('{ percent: 25, watch: 2m }', 'least: 1m, maxErrorRate: 20%') },
    async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const version = await layCopy(stage.folder, fivePercentErrors);
      const answers: Answer[] = [];
      const load = { badVersions: [version], onAnswer: (answer: Answer) => answers.push(answer) };
      const { outcome } = await underLoad(stage.front, load, async () => {
        const { id } = value(engine.deploy({ version, actor: alice }));
        return until(engine, id, finished, limitMs);
      });
      const recorded = answers.filter((answer) => answer.version === version);
      const harmed = recorded.filter(({ verdict }) => verdict === 'bad-release').length;
      const times = recorded.map(({ endedAt }) => endedAt);
      const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
      const sentence = outcome?.sentence ?? '';
      const rule = fixedRule({ harmed, requests: recorded.length, seconds });
      const text = `${harmed} of ${recorded.length} requests harmed in ${seconds.toFixed(1)} s (${sentence}); ${rule}`;
      return { outcome: outcome?.code, sentence, harmed, seconds, text };
    },
  );
}

/**
 * A rule that takes a release back where more than 5 % of the requests of 60 s fail, on the same recording, which ends
 * with the rollback: from there on to the end of the 60 s it is continued at the same rate.
 */
function fixedRule({ harmed, requests, seconds }: { harmed: number; requests: number; seconds: number }): string {
  const share = harmed / requests;
  const percent = `${(100 * share).toFixed(1)} %`;
  const cost = `a fixed 5 % rule, at the rate recorded, harms ${Math.round((harmed / seconds) * 60)} in its 60 s`;
  return share > 0.05 ? `${cost}, and acts then (${percent})` : `${cost}, and does not act then (${percent})`;
}

export interface Ending {
  readonly outcome: string | undefined;
  /** What people read, and what was seen last of each side. */
  readonly text: string;
}

/**
 * The release that is live already, once more, with half of the users: nothing about it is worse. On a machine with more to
 * do than it can, pauses make the slowest hundredth of its answers, and to prove those equal takes 20 minutes: they are
 * left out here.
 */
export function healthy(balancer: Balancer): Promise<Ending> {
  const policy = automatic('{ percent: 50, watch: 30s }', 'least: 30s, patience: 5m, critical: [errors, p50, p90]');
  return onStage({ balancer, ...policy }, async (stage, engine) => {
    await deployed(engine, 'v1.0');
    const version = await layCopy(stage.folder, unchanged);
    const began = Date.now();
    const view = await underLoad(stage.front, {}, () =>
      until(engine, value(engine.deploy({ version, actor: alice })).id, finished, 2 * limitMs),
    );
    const seconds = (Date.now() - began) / 1_000;
    const { outcome, observation } = view;
    const side = (name: 'stable' | 'canary') =>
      `${name} ${observation?.[name].requests} requests, ${observation?.[name].errors} errors, p50 ${observation?.[name].p50Ms} ms, p99 ${observation?.[name].p99Ms} ms`;
    const ended = `${outcome?.kind} (${outcome?.code}) after ${seconds.toFixed(0)} s: ${outcome?.sentence}`;
    const text = `${ended}; the comparison: ${observation?.advice?.sentence}; ${side('stable')}; ${side('canary')}`;
    return { outcome: outcome?.kind, text };
  });
}

/** @returns what people are asked, at the share that no user visits */
export function unvisited(balancer: Balancer): Promise<{ readonly percent: number; readonly sentence: string }> {
  const policy = automatic('{ percent: 10, watch: 2s }', 'patience: 3s, atEnd: ask');
  return onStage({ balancer, ...policy }, async (_, engine) => {
    await deployed(engine, 'v1.0');
    const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
    const { percent } = await until(engine, id, (view) => view.paused !== undefined || finished(view), limitMs);
    const row = engine.audit.after(0, 10_000).find(({ action }) => action === 'paused');
    engine.abort({ id }, alice, 'seen');
    await until(engine, id, finished);
    return { percent, sentence: row?.sentence ?? '' };
  });
}

/** Users ask from before the deployment to its end. */
async function underLoad<T>(url: string, options: Partial<LoadOptions>, play: () => Promise<T>): Promise<T> {
  const load = startLoad({ url, perSecond, maxRequests: 60_000, maxMs: limitMs + 30_000, ...options });
  try {
    return await play();
  } finally {
    await load.stop();
  }
}
