// `npm run bench <name> [-- options]`: measures, prints a table and one line, and ends with 1 when a bar is missed.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { endWithin, untilSignalled } from '../tools/stack/ending.ts';
import { type Bench, type BenchOptions, isMissed, table } from './figures.ts';
import { judgeBench } from './judge/judge.ts';
import { lintBench } from './lint.ts';
import { migrateBench } from './migrate/migrate.ts';
import { orchestratorBench } from './orchestrator/orchestrator.ts';
import { slackBench } from './slack.ts';
import { proxyBench } from './traffic/peers/bench.ts';
import { trafficBench } from './traffic/traffic.ts';
import { webhookBench } from './webhook/webhook.ts';

const benches: readonly Bench[] = [
  slackBench,
  trafficBench,
  proxyBench,
  lintBench,
  migrateBench,
  webhookBench,
  judgeBench,
  orchestratorBench,
];
const usage = `usage: npm run bench ${benches.map(({ title }) => title).join('|')} [-- --json FILE]
traffic too: [--switches N] [--seconds N] [--drivers embedded,nginx,haproxy] [--long] [--markdown FILE]
proxy too: [--seconds N] [--markdown FILE]; the environment's KAMAL_PROXY names a built kamal-proxy
migrate too: [--rows N] [--markdown FILE]
webhook too: [--markdown FILE]
judge too: [--runs N] [--seconds N] [--markdown FILE]; it stores finished cells, and goes on from there after N seconds
orchestrator too: [${(orchestratorBench.parts ?? []).join('|')}]… [--runs N] [--drivers …] [--rows N and --seconds N, of the model's sequences] [--long]; growth
needs 3 GB of the temporary folder and makes its states there once; --long removes them afterwards`;

async function main(): Promise<void> {
  const asked = readArguments();
  if (asked === undefined) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const { bench, options, json, markdown } = asked;
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  console.log(`${bench.title}: ${bench.how}\n${machine}\n`);
  const signal = AbortSignal.any([untilSignalled(), AbortSignal.timeout(bench.limitMs)]);
  const { figures, page, details } = await bench.run((sentence) => console.log(`  ${sentence}`), signal, options);
  const missed = figures.filter(isMissed);
  if (page !== undefined) console.log(`\n${page}`);
  console.log(`\n${table(figures)}\n`);
  if (json !== undefined)
    write(
      json,
      JSON.stringify(
        { bench: bench.title, how: bench.how, machine, at: new Date().toISOString(), figures, details },
        null,
        2,
      ),
    );
  if (markdown !== undefined && page !== undefined) write(markdown, page);
  const bars = figures.filter(({ bar }) => bar !== undefined).length;
  console.log(
    `${bench.title}: ${bars - missed.length} of ${bars} bars reached${missed.map(({ name }) => `; missed: ${name}`).join('')}`,
  );
  process.exitCode = missed.length === 0 ? 0 : 1;
  endWithin(2_000);
}

interface Asked {
  readonly bench: Bench;
  readonly options: BenchOptions;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

/** Undefined for arguments that make no sense. */
function readArguments(): Asked | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      markdown: { type: 'string' },
      switches: { type: 'string' },
      seconds: { type: 'string' },
      drivers: { type: 'string' },
      long: { type: 'boolean', default: false },
      rows: { type: 'string' },
      runs: { type: 'string' },
    },
  });
  const bench = benches.find(({ title }) => title === positionals[0]);
  const [switches, seconds, rows, runs] = [values.switches, values.seconds, values.rows, values.runs].map((text) =>
    text === undefined ? undefined : Number(text),
  );
  const isNumber = (value: number | undefined): boolean => value === undefined || (value > 0 && value <= 100_000);
  const leastRows = bench === orchestratorBench ? 1 : 1_000;
  const isRows = (value: number | undefined): boolean => value === undefined || (value >= leastRows && value <= 1e8);
  const parts = positionals.slice(1);
  const isPart = parts.every((part) => bench?.parts?.includes(part));
  if (bench === undefined || !isPart || !isNumber(switches) || !isNumber(seconds) || !isNumber(runs) || !isRows(rows))
    return undefined;
  const options = { switches, seconds, drivers: values.drivers?.split(','), isLong: values.long, rows, runs, parts };
  return { bench, options, json: values.json, markdown: values.markdown };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text.trimEnd()}\n`);
}

await main();
