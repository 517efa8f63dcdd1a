// `npm start`: the whole system on this machine, with a Slack simulator in the browser. Needs no workspace, proxy or
// database server. Everything it starts it stops. `--folder` keeps its files elsewhere than in .bluegreen; with `--docker`
// the shop runs in containers of this machine's Docker.

import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeContainers, placesWithContainers } from './docker/containers.ts';
import { type Daemon, findDaemon } from './docker/daemon.ts';
import { type Load, startLoad, summarize } from './load-client.ts';
import { claim, giveUpClaim, note } from './stack/claim.ts';
import { demoWebToken, unhurried } from './stack/demo-config.ts';
import { endWithin, untilSignalled } from './stack/ending.ts';
import { demonstrationFolder, type Places, placesIn } from './stack/places.ts';
import { choosePorts, type Ports, portsThatGaveWay, usualPorts } from './stack/ports.ts';
import { endProcess, type ProcessId } from './stack/processes.ts';
import { clearLeftovers, raiseStack, type Stack } from './stack/stack.ts';

const perSecond = 30;
const loadHours = 8;
const stopLimitMs = 20_000;
/** Not in the releases folder: it is fetched from CI when a person clicks Deploy. */
const announced = 'v2.0';

async function main(): Promise<void> {
  const stopping = untilSignalled();
  const { values } = parseArgs({ options: { folder: { type: 'string' }, docker: { type: 'boolean' } } });
  const daemon = values.docker ? await orGiveUp(findDaemon(process.env)) : undefined;
  if (values.docker && daemon === undefined) return;
  const repository = resolve(import.meta.dirname, '..');
  const folder = values.folder ? resolve(values.folder) : demonstrationFolder(repository, daemon ? '-docker' : '');
  const places = daemon ? placesWithContainers(folder) : placesIn(folder);
  const claimed = await orGiveUp(claim(places.folder));
  if (claimed === undefined) return;
  if (claimed.kind === 'taken') {
    console.error(
      `It runs already (process ${claimed.pid}): ${claimed.page}\nStop that one first, with Ctrl-C where it runs.`,
    );
    process.exitCode = 1;
    return;
  }
  try {
    if (claimed.left !== undefined) await clear(places, claimed.left);
    await run(places, daemon, stopping);
  } catch (thrown) {
    if (stopping.aborted) return;
    console.error(`The demonstration cannot run: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    process.exitCode = 1;
  } finally {
    giveUpClaim(places.folder);
    endWithin(2_000);
  }
}

async function orGiveUp<Result>(act: Promise<Result>): Promise<Result | undefined> {
  try {
    return await act;
  } catch (thrown) {
    console.error(`The demonstration cannot run: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    process.exitCode = 1;
    return undefined;
  }
}

async function clear(places: Places, left: readonly ProcessId[]): Promise<void> {
  console.log('The last demonstration was killed: clearing what it left …');
  for (const id of left) await endProcess(id, 5_000);
  await clearLeftovers(places);
}

async function run(places: Places, daemon: Daemon | undefined, stopping: AbortSignal): Promise<void> {
  const ports = await choosePorts(usualPorts);
  for (const sentence of portsThatGaveWay(usualPorts, ports)) console.log(sentence);
  rmSync(places.ledger, { recursive: true, force: true });
  const page = `http://127.0.0.1:${ports.page}`;
  console.log(`\n  The page will be ${page}\n`);
  const say = (sentence: string): void => console.log(sentence);
  const containers = daemon && (await makeContainers(daemon, places, { say, signal: stopping }));
  const stack = await raiseStack(
    {
      places,
      ports,
      pace: unhurried,
      containers,
      env: process.env,
      say,
      fromCi: [announced],
      appsStarted: (pids) => note(places.folder, page, pids),
    },
    stopping,
  );
  const load = startUsers(stack);
  console.log(invitation({ places, ports, page }));
  await new Promise<void>((resolve) => {
    if (stopping.aborted) return resolve();
    stopping.addEventListener('abort', () => resolve(), { once: true });
  });
  endWithin(stopLimitMs);
  console.log(`\nStopping (${stopping.reason}) …`);
  const tally = await load.stop();
  await stack.strike();
  console.log(`The users in the background: ${summarize(tally)}\nEverything is stopped.`);
}

function startUsers({ shop }: Stack): Load {
  const maxMs = loadHours * 3_600_000;
  const badVersions = ['v2.4-errors'];
  return startLoad({ url: shop, perSecond, maxMs, maxRequests: (perSecond * maxMs) / 1_000, badVersions });
}

function invitation({ places, ports, page }: { places: Places; ports: Ports; page: string }): string {
  return `
  Open  ${page}  (a stand-in for a Slack workspace; nothing leaves this machine)

  In #deploys:
    as alice   /deploy v2.1        a few users get it, then somebody must approve
    as alice   click Approve       refused: who asked cannot approve
    as bob     click Approve       all users get it, proved through the load balancer
    as bob     /rollback           back within a moment; the old side is kept warm

  As CI:
    curl -X POST http://127.0.0.1:${ports.ci}/announce/${announced}
                                   a signed webhook; the card of the build has a Deploy button, which fetches it

  v2.2-broken-smoke, v2.3-never-healthy, v2.4-errors, v2.5-slow and v2.6-crashes fail, each in its own way.

  Everything at a glance, live:  http://127.0.0.1:${ports.web}/?token=${demoWebToken}

  The shop:   http://127.0.0.1:${ports.shop}
  Its users:  ${perSecond} requests a second of 400 people, in the background, so that a canary has numbers (for ${loadHours} hours)
  Files:      ${places.folder}  (slack-bot.log, webhook.log, bluegreen.yaml, state/)

  Ctrl-C stops everything.
`;
}

process.umask(0o077);
await main();
