// What `bg init` must know, from flags, else from a person at a terminal.

import { basename, resolve } from 'node:path';
import { usageError } from '../usage.ts';

export interface InitFlags {
  readonly service?: string;
  readonly from?: string;
  readonly health?: string;
  readonly port?: string;
  readonly front?: string;
  readonly loadBalancer?: string;
  /** `false`: `--no-try`. */
  readonly try?: boolean;
}

export interface InitAnswers {
  readonly service: string;
  readonly command: readonly [string, ...string[]];
  /** Absolute: the files of the first version. */
  readonly from: string;
  /** Undefined: the usual ones are tried. */
  readonly health: string | undefined;
  readonly port: number | undefined;
  readonly front: number | undefined;
  readonly loadBalancer: 'embedded' | 'haproxy' | 'nginx';
  readonly tries: boolean;
}

/** Undefined where nobody can be asked. */
export type Ask = ((question: string, proposal: string) => Promise<string>) | undefined;

const balancers = ['embedded', 'haproxy', 'nginx'] as const;

export async function initAnswers(words: readonly string[], flags: InitFlags, ask: Ask): Promise<InitAnswers> {
  const from = resolve(flags.from ?? '.');
  const service = flags.service ?? (await ask?.('Name of the service', nameFrom(from))) ?? nameFrom(from);
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(service))
    throw usageError(`--service: ${service} is no name; use small letters, digits and hyphens, a letter first.`);
  const command =
    words.length > 0 ? words : wordsOf((await ask?.('Command that starts it, in the foreground', '')) ?? '');
  const [program, ...rest] = command;
  if (program === undefined)
    throw usageError('The command that starts the service is missing.', 'bg init -- node server.mjs');
  const health =
    flags.health ?? ((await ask?.('Path of its health check (empty: the usual ones are tried)', '')) || undefined);
  if (health !== undefined && !health.startsWith('/'))
    throw usageError(`--health: ${health} is no path; it begins with /.`);
  const loadBalancer = balancerOf(flags.loadBalancer);
  const [port, front] = [portOf('--port', flags.port), portOf('--front', flags.front)];
  return { service, command: [program, ...rest], from, health, port, front, loadBalancer, tries: flags.try !== false };
}

export function balancerOf(given: string | undefined): (typeof balancers)[number] {
  const found = balancers.find((each) => each === (given ?? 'embedded'));
  if (found !== undefined) return found;
  throw usageError(`--load-balancer: expected ${balancers.join(', ')}, got ${given}.`);
}

/** Words as a shell splits them, without anything else that a shell does. */
export function wordsOf(line: string): readonly string[] {
  const words = line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
}

function nameFrom(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'app' : name.slice(0, 40);
}

export function portOf(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_534) throw usageError(`${flag}: ${given} is no port.`);
  return port;
}
