// Canaries that the judge decides by itself, under load: what becomes of the release, and what it cost its users.

import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, startLoad } from '../../tools/load-client.ts';
import { alice, deployed, finished, onStage, until, value } from './stage.ts';

type Balancer = 'nginx' | 'haproxy';

const perSecond = 120;

const automatic = (canary: string, judge: string) => ({
  target: `
        canary: [${canary}]
        judge: { mode: automatic, minRequests: 50, ${judge} }
        bake: 1s
        failedSide: { keep: 10m }
`,
});

/** As v2.4-errors, which fails one request of five, but one of twenty. */
async function layFivePercent(folder: string): Promise<string> {
  const releases = join(folder, 'releases', 'shop');
  const version = 'v3.1-five-percent';
  await cp(join(releases, 'v2.4-errors'), join(releases, version), { recursive: true });
  let changed = 0;
  for (const name of await readdir(join(releases, version), { recursive: true })) {
    if (!name.endsWith('.mjs')) continue;
    const file = join(releases, version, name);
    const text = await readFile(file, 'utf8');
    if (text.includes('% 5 === 0')) changed += 1;
    await writeFile(
      file,
      text.replaceAll('% 5 === 0', '% 20 === 0').replaceAll(`version: 'v2.4-errors'`, `version: '${version}'`),
    );
  }
  if (changed === 0) throw new Error('v2.4-errors fails its requests in another way now');
  return version;
}

export interface Cost {
  readonly outcome: string | undefined;
  readonly sentence: string;
  /** Requests of users that failed on the new side. */
  readonly harmed: number;
  /** From the first request on the new side to the last one. */
  readonly seconds: number;
  /** The same of a rule that takes a release back once more than 5 % of the last 60 s fail, on the same recording. */
  readonly fixedRule: string;
}

/** A release with 5 % errors after its start. */
export function fivePercent(balancer: Balancer): Promise<Cost> {
  return onStage({ balancer, ...automatic('{ percent: 25, watch: 2m }', 'least: 1m') }, async (stage, engine) => {
    await deployed(engine, 'v1.0');
    const version = await layFivePercent(stage.folder);
    const answers: Answer[] = [];
    const load = startLoad({
      ...{ url: stage.front, perSecond, maxRequests: 60_000, maxMs: 240_000, badVersions: [version] },
      onAnswer: (answer) => answers.push(answer),
    });
    const end = await deployed(engine, version);
    await load.stop();
    const seen = answers.filter((answer) => answer.version === version);
    const harmed = seen.filter(({ verdict }) => verdict === 'bad-release').length;
    const times = seen.map(({ endedAt }) => endedAt);
    const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
    return {
      ...{ outcome: end.outcome?.code, sentence: end.outcome?.sentence ?? '', harmed, seconds },
      fixedRule: fixedRule({ harmed, requests: seen.length, seconds }),
    };
  });
}

/** The recording ends with the rollback; up to the 60 s that the rule needs, it goes on as it was. */
function fixedRule({ harmed, requests, seconds }: { harmed: number; requests: number; seconds: number }): string {
  const share = harmed / requests;
  const after = Math.round((harmed / seconds) * 60);
  return share > 0.05
    ? `${after} harmed requests in 60 s`
    : `never: ${(100 * share).toFixed(1)} % are not more than 5 %; ${after} harmed requests in every 60 s`;
}

/** A release that is as good as the one before. */
export function healthy(balancer: Balancer): Promise<string | undefined> {
  return onStage(
    { balancer, ...automatic('{ percent: 50, watch: 20s }', 'least: 10s, patience: 3m') },
    async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const load = startLoad({ url: stage.front, perSecond, maxRequests: 60_000, maxMs: 280_000 });
      const id = value(engine.deploy({ version: 'v2.1', actor: alice })).id;
      const end = await until(engine, id, finished, 240_000);
      await load.stop();
      return end.outcome?.kind ?? end.observation?.judgement.sentence;
    },
  );
}

/** @returns what people are asked, at the share that no user visits */
export function unvisited(balancer: Balancer): Promise<readonly [percent: number, sentence: string]> {
  return onStage(
    { balancer, ...automatic('{ percent: 10, watch: 2s }', 'patience: 3s, atEnd: ask') },
    async (_, engine) => {
      await deployed(engine, 'v1.0');
      const id = value(engine.deploy({ version: 'v2.1', actor: alice })).id;
      const { percent } = await until(engine, id, ({ paused }) => paused !== undefined);
      const row = engine.audit.after(0, 10_000).find(({ action }) => action === 'paused');
      engine.abort({ id }, alice, 'seen');
      await until(engine, id, finished);
      return [percent, row?.sentence ?? ''];
    },
  );
}
