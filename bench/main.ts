// `npm run bench <name> [-- --json file]`: measures, prints a table and one line, and ends with 1 when a bar is missed.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { endWithin, untilTold } from '../tools/stack/ending.ts';
import { type Bench, isMissed, table } from './figures.ts';
import { slackBench } from './slack.ts';

const benches: readonly Bench[] = [slackBench];
const limitMs = 600_000;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
  const bench = benches.find(({ title }) => title === positionals[0]);
  if (bench === undefined) {
    console.error(`usage: npm run bench ${benches.map(({ title }) => title).join('|')} [-- --json file]`);
    process.exitCode = 2;
    return;
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  console.log(`${bench.title}: ${bench.how}\n${machine}\n`);
  const signal = AbortSignal.any([untilTold(), AbortSignal.timeout(limitMs)]);
  const figures = await bench.run((sentence) => console.log(`  ${sentence}`), signal);
  const missed = figures.filter(isMissed);
  console.log(`\n${table(figures)}\n`);
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      `${JSON.stringify({ bench: bench.title, how: bench.how, machine, at: new Date().toISOString(), figures }, null, 2)}\n`,
    );
  const bars = figures.filter(({ bar }) => bar !== undefined).length;
  console.log(
    `${bench.title}: ${bars - missed.length} of ${bars} bars reached${missed.map(({ name }) => `; missed: ${name}`).join('')}`,
  );
  process.exitCode = missed.length === 0 ? 0 : 1;
  endWithin(2_000);
}

await main();
