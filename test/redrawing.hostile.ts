// A client drops its cookie with every request and hammers: it draws a bucket each time, and changes no verdict about a
// canary, whether it sends what breaks both releases or hides the errors of other users among good answers.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { alice, deployed, finished, type Stage, setStage, until, value } from './support/stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage?.strike());

const target = `
        canary: [{ percent: 30, watch: 6s }]
        judge: { minRequests: 30, maxErrorRate: 5% }
        bake: 1s
`;

/** Before anything is answered, `condition` on `request` makes it a 500. */
async function breaks(version: string, condition: string): Promise<void> {
  const folder = join(stage.folder, 'releases/shop', version);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.mjs'));
  for (const name of names) {
    const file = join(folder, name);
    const text = await readFile(file, 'utf8');
    const fault = `  if (${condition}) throw Object.assign(new Error('broken'), { status: 500 });\n`;
    const begin = 'async function answer(shop, request, response) {\n';
    if (text.includes(begin)) await writeFile(file, text.replace(begin, `${begin}${fault}`));
  }
}

interface Client {
  stop(): Promise<{ readonly sent: number; readonly failed: number }>;
}

/** @param keeps its cookie */
function client(path: string, { keeps, everyMs }: { readonly keeps: boolean; readonly everyMs: number }): Client {
  let [sent, failed, over] = [0, 0, false];
  let cookie: string | undefined;
  const asking = (async () => {
    while (!over && sent < 20_000) {
      sent += 1;
      const answer = await fetch(`${stage.front}${path}`, { headers: cookie === undefined ? {} : { cookie } });
      await answer.text();
      if (keeps) cookie ??= answer.headers.get('set-cookie')?.split(';')[0];
      if (answer.status >= 500) failed += 1;
      await new Promise((wake) => setTimeout(wake, everyMs));
    }
  })();
  return {
    stop: async () => {
      over = true;
      await asking;
      return { sent, failed };
    },
  };
}

const many = (count: number, one: () => Client): readonly Client[] => Array.from({ length: count }, one);

/** How a deployment of v2.0 ends while both kinds of clients ask. */
async function ends(path: string) {
  const { engine } = stage.drive();
  await deployed(engine, 'v1.0');
  const users = many(30, () => client('/api/products', { keeps: true, everyMs: 250 }));
  const hammer = many(8, () => client(path, { keeps: false, everyMs: 1 }));
  const { id } = value(engine.deploy({ version: 'v2.0', actor: alice }));
  const { outcome } = await until(engine, id, finished, 90_000);
  const story = await Promise.all([...users, ...hammer].map((each) => each.stop()));
  const of = (clients: typeof story) =>
    `${clients.reduce((sum, { sent }) => sum + sent, 0)} requests, ${clients.reduce((sum, { failed }) => sum + failed, 0)} failed`;
  console.log(
    `users: ${of(story.slice(0, 30))}; the client that draws: ${of(story.slice(30))}; ${outcome?.kind}: ${outcome?.sentence}`,
  );
  return outcome;
}

it('requests that fail on both releases do not end the canary of a good one', async () => {
  stage = await setStage({ target });
  for (const version of ['v1.0', 'v2.0']) await breaks(version, "request.url.includes('break-it')");
  expect(await ends('/api/products?break-it')).toMatchObject({ kind: 'promoted' });
});

it('good answers do not hide what users who keep their cookie meet on a bad one', async () => {
  stage = await setStage({ target });
  await breaks('v2.0', 'request.headers.cookie !== undefined && Math.random() < 0.2');
  expect(await ends('/api/products')).toMatchObject({ kind: 'failed', code: 'canary-failed' });
});
