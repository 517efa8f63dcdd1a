// The single parts, for people who look into something. None of them changes what users get.

import type { HealthReport, SlotObservation, SmokeReport, StartedByHand, TraceReport } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { readPlace, readSlot, readVersion } from '../place.ts';
import { answered, refused } from '../refused.ts';
import { onEngine } from '../session.ts';
import { bytesText, durationText } from '../show/amounts.ts';
import type { Light } from '../show/light.ts';
import { plain } from '../show/plain.ts';
import { writeLogs } from '../show/slot-log.ts';
import { tableLines } from '../show/table.ts';
import { readCount } from './amounts.ts';
import type { Command } from './command.ts';

export const slots: readonly Command[] = [
  {
    usage: 'smoke <slot> [place]',
    summary: 'run the smoke tests against a slot; 1 when one fails',
    examples: ['bg smoke green', 'bg smoke blue shop/staging --json'],
    run: onEngine(async ({ engine, screen }, [word = '', place], options) => {
      const slot = readSlot('bg smoke', word, [place]);
      const result = await engine.slots.smoke(readPlace(place, options), slot);
      const code = answered(screen, result, smokeLines);
      return result.ok && !result.value.passed ? exitCodes.failed : code;
    }),
  },
  {
    usage: 'health <slot> [place]',
    summary: 'ask a slot for its health; 1 when it is not healthy',
    examples: ['bg health green', 'bg health blue shop/staging'],
    run: onEngine(async ({ engine, screen }, [word = '', place], options) => {
      const slot = readSlot('bg health', word, [place]);
      const result = await engine.slots.health(readPlace(place, options), slot);
      const code = answered(screen, result, healthLines);
      return result.ok && !result.value.healthy ? exitCodes.failed : code;
    }),
  },
  {
    usage: 'start <slot> <version> [place]',
    summary:
      'start a version in a slot that serves no users, and wait until it is healthy (1 when it is not); no user is sent to it',
    examples: ['bg start green v2.1', 'bg start green v2.1 shop/staging'],
    run: onEngine(async ({ engine, actor, screen, stop }, [word = '', version = '', place], options) => {
      const slot = readSlot('bg start', word, [version, place]);
      const request = { ...readPlace(place, options), slot, version: readVersion(version), actor, signal: stop };
      const result = await engine.slots.start(request);
      const code = answered(screen, result, startedLines);
      return result.ok && result.value.problem !== undefined ? exitCodes.failed : code;
    }),
  },
  {
    usage: 'stop <slot> [place]',
    summary: 'stop a slot that serves no users',
    examples: ['bg stop green', 'bg stop green shop/staging'],
    run: onEngine(async ({ engine, actor, screen }, [word = '', place], options) => {
      const slot = readSlot('bg stop', word, [place]);
      return answered(screen, await engine.slots.stop({ ...readPlace(place, options), slot, actor }), observationLines);
    }),
  },
  {
    usage: 'logs <slot> [place]',
    summary: 'the last lines that the service in a slot wrote',
    options: [
      ['--lines <n>', 'how many (50)'],
      ['--follow', 'go on with what is written later'],
      ['--role <name>', 'of a process role: worker'],
    ],
    examples: ['bg logs green', 'bg logs blue --follow --lines 10', 'bg logs blue --role worker'],
    run: onEngine(async ({ engine, screen, stop }, [word = '', place], options) => {
      const slot = readSlot('bg logs', word, [place]);
      const lines = readCount('--lines', options.lines, { otherwise: 50, most: 100_000 });
      const logs = engine.slots.logs(readPlace(place, options), slot, options.role);
      if (!logs.ok) return refused(screen, logs.refusal);
      await writeLogs(screen, logs.value, { lines, follow: options.follow === true, signal: stop });
      return stop.aborted ? exitCodes.stopped : exitCodes.done;
    }),
  },
  {
    usage: 'trace <id> [place]',
    summary: 'the lines of one request, by its X-Request-Id, in the logs of the load balancer and both slots',
    examples: ['bg trace 4f1c2a9e-0d5b-4a57-9b1e-6f0d7c3a1b22', 'bg trace order-17 shop/staging --json'],
    run: onEngine(async ({ engine, screen, stop }, [id = '', place], options) => {
      const result = await engine.slots.trace(readPlace(place, options), id, stop);
      const code = answered(screen, result, traceLines);
      return result.ok && result.value.lines.length === 0 ? exitCodes.failed : code;
    }),
  },
];

function traceLines({ lines, files, cutOff }: TraceReport, { paint }: Light): readonly string[] {
  if (lines.length === 0)
    return [`not found in ${files.length === 0 ? 'any log: there is none yet' : files.join(', ')}`];
  return [
    ...tableLines(lines.map(({ source, line }) => [paint.cyan(source), plain(line)])),
    ...cutOff.map((file) => paint.yellow(`! only the last part of ${file} was read`)),
  ];
}

function smokeLines({ passed, results }: SmokeReport, { paint }: Light): readonly string[] {
  const rows = results.map((result) => [
    `${result.passed ? paint.green('✓') : paint.red('✗')} ${result.name}`,
    durationText(result.ms),
    result.problem ?? '',
  ]);
  const failed = results.filter((result) => !result.passed).length;
  return [...tableLines(rows), passed ? `all ${results.length} passed` : `${failed} of ${results.length} failed`];
}

const weakerProof = {
  'status-code': 'its status code',
  grpc: 'its gRPC health',
  tcp: 'a connection',
  command: 'a command',
} as const;

function healthLines(report: HealthReport, { paint }: Light): readonly string[] {
  const isDegraded = report.degraded !== undefined;
  const word = !report.healthy
    ? paint.red('✗ unhealthy')
    : isDegraded
      ? paint.yellow('! degraded')
      : paint.green('✓ healthy');
  const weaker = report.proof === 'fields' ? '' : `, by ${weakerProof[report.proof]} only`;
  const problem = report.problem ?? report.degraded;
  return [
    `${word} in ${durationText(report.ms)}${weaker}${problem === undefined ? '' : `: ${problem}`}`,
    ...tableLines(
      [
        ['  version', report.version],
        ['  environment', report.environment],
        [
          '  database',
          report.databaseConnected === undefined ? undefined : report.databaseConnected ? 'connected' : 'not connected',
        ],
        ...Object.entries(report.dependencies ?? {}).map(([name, grade]) => [`  ${name}`, grade]),
        ['  up for', report.uptimeSeconds === undefined ? undefined : durationText(report.uptimeSeconds * 1000)],
        ['  host', report.hostname],
      ].filter((row): row is string[] => row[1] !== undefined),
    ),
  ];
}

function startedLines(started: StartedByHand, light: Light): readonly string[] {
  const { paint } = light;
  const health = started.problem === undefined ? paint.green('✓ healthy') : paint.red(`✗ ${started.problem}`);
  return [...observationLines(started, light), health];
}

function observationLines(observation: SlotObservation, { now }: Light): readonly string[] {
  if (observation.kind === 'stopped') {
    const exit = observation.lastExit === undefined ? '' : `; last exit: ${observation.lastExit}`;
    return [`stopped${exit}`, ...observation.lastLog.map((line) => `  ${line}`)];
  }
  const { version, pid, startedAt, memoryBytes } = observation;
  return [
    `running ${version ?? 'an unknown version'}, pid ${pid}, for ${durationText(now - startedAt)}, ${bytesText(memoryBytes)}`,
  ];
}
