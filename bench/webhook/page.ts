// What was measured, as a separate page.

import { cpus, release, totalmem } from 'node:os';
import { amount, median } from '../figures.ts';
import { busyAtFirst } from '../traffic/machine.ts';
import { deliveryBytes } from './deliveries.ts';
import type { Setting } from './disk.ts';

export interface Pace {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

export interface Run {
  /** Each connection sends the next one when the last was answered. */
  readonly full: Pace;
  readonly steady: Pace;
  /** Milliseconds of the receiver's processor time per delivery, at full speed. */
  readonly usedMs: number;
  readonly accepted: number;
  /** Not answered, or answered with anything but 202. */
  readonly refused: number;
  readonly missing: number;
  readonly twice: number;
  readonly waitedAtEnd: number;
  readonly drainedMs: number;
}

export interface Killed {
  readonly kills: number;
  readonly accepted: number;
  /** Sent again, since the receiver died before it answered. */
  readonly again: number;
  readonly missing: number;
  readonly twice: number;
  readonly isSound: boolean;
}

/** Before the run makes it busy. */
const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}; ${busyAtFirst()}`;

export interface Story {
  readonly durable: readonly Run[];
  readonly volatile: readonly Run[];
  readonly killed: Killed;
  readonly settings: readonly Setting[];
}

export function pageOf({ durable, volatile, killed, settings }: Story): string {
  const paces = (which: 'full' | 'steady') => [
    ...durable.map((run, at) =>
      row(`${which === 'full' ? 'as fast as it goes' : 'steady'}, run ${at + 1}`, run[which]),
    ),
    row('**median**', medianPace(durable.map((run) => run[which]))),
    row('in memory, median', medianPace(volatile.map((run) => run[which]))),
  ];
  return `# Deliveries taken in, measured

Written by \`npm run bench webhook\` on ${new Date().toISOString().slice(0, 10)}.

Machine: ${machine}. Receiver and senders share it.

The receiver is the production process on a fresh state: it verifies, keeps, answers, and works on what it kept, all in one process, with its log as
it is by default. The senders are another process with 64 connections that sends a \`workflow_run\` of GitHub, ${deliveryBytes} bytes, each one another,
signed, that a rule of the configuration looks at and does not want. A wait is from when a delivery was due to its answer. "In memory" is the same server whose inbox is a list in memory: what durability costs is the
difference.

| | accepted a second | p50 | p99 | longest |
|---|---:|---:|---:|---:|
${[...paces('full'), ...paces('steady')].join('\n')}

At full speed the receiver used ${usedMs(durable)} ms of processor time per delivery, and ${usedMs(volatile)} ms in memory; its work on what it kept is in both.

Every delivery that was answered 202 was looked up in the state file afterwards, with another SQLite than the engine's: of
${sum(durable, ({ accepted }) => accepted).toLocaleString('en-US')} in all runs ${sum(durable, ({ missing }) => missing)} were missing, ${sum(durable, ({ twice }) => twice)} were there twice, and ${sum(durable, ({ refused }) => refused)} were not accepted. When the load ended
${durable.map(({ waitedAtEnd }) => waitedAtEnd).join(', ')} still waited to be worked on, and nothing waited after ${amount(Math.max(...durable.map(({ drainedMs }) => drainedMs)), 'ms')}.

## Killed

Under the same load the receiver was killed with SIGKILL ${killed.kills} times and started again; what had not been answered was sent again with the same id.
Of ${killed.accepted.toLocaleString('en-US')} deliveries that were accepted ${killed.missing} were missing and ${killed.twice} were there twice; ${killed.again} had to be sent again. The state file was ${killed.isSound ? 'sound' : 'NOT SOUND'}.

A kill takes a process and not the machine: what the kernel has taken is kept. Against a loss of power stands what follows.

## What durability rests on

| | |
|---|---|
${settings.map(({ name, value }) => `| ${name} | ${value} |`).join('\n')}

In WAL mode with \`synchronous=FULL\` SQLite syncs its log before a commit returns, and the 202 is sent after that; deliveries that arrive together share one
commit. \`fullfsync\` means something on macOS alone, where a plain sync does not reach the disk. All of this ends at the disk: one that says a flush is done
when it is not (some cheap drives, some hypervisors and network disks set to do so) can lose what was answered, and no program can tell from inside. Use
one with protection against loss of power where that matters.`;
}

function row(name: string, { perSecond, p50Ms, p99Ms, longestMs }: Pace): string {
  return `| ${[name, Math.round(perSecond), ms(p50Ms), ms(p99Ms), ms(longestMs)].join(' | ')} |`;
}

function medianPace(paces: readonly Pace[]): Pace {
  return {
    perSecond: median(paces.map(({ perSecond }) => perSecond)),
    p50Ms: median(paces.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(paces.map(({ p99Ms }) => p99Ms)),
    longestMs: median(paces.map(({ longestMs }) => longestMs)),
  };
}

const usedMs = (runs: readonly Run[]): string => median(runs.map((run) => run.usedMs)).toFixed(2);

const ms = (value: number): string => amount(value, 'ms');

const sum = (runs: readonly Run[], value: (run: Run) => number): number =>
  runs.reduce((total, run) => total + value(run), 0);
