// One run of a command against the engine: configuration, engine, who is asking, where the answer goes.

import { resolve } from 'node:path';
import { type Actor, createLog, type Engine, type Log, loadSettings, openEngine, type Refusal } from '@bg/engine';
import { CommanderError } from 'commander';
import { actorOf, operatingSystemUser } from './actor.ts';
import type { ExitCode } from './exit.ts';
import { createScreen, type Screen, type Stream } from './screen.ts';
import { plain } from './show/plain.ts';

/** What the process has been given; read once, in `main.ts`. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: Stream;
  readonly err: Stream;
  /** Aborts at Ctrl-C, SIGTERM or a closed terminal. */
  readonly stop: AbortSignal;
  readonly reader: Reader;
  /** Undefined where no person is at a terminal. */
  readonly ask?: ((question: string, proposal: string) => Promise<string>) | undefined;
}

/** The process that reads our output: `| head` ends long before a deployment does. */
export interface Reader {
  hasLeft: boolean;
  /** Why nothing can be written, where it was not the reader that closed. */
  problem?: string | undefined;
  /** Set while this process does what must not end with its reader. */
  isOutlived: boolean;
}

/** Every option of every command; which of them a command has is written in its table row. */
export interface Options {
  readonly role?: string;
  readonly head?: string;
  readonly listen?: string;
  readonly health?: string;
  readonly port?: string;
  readonly front?: string;
  readonly loadBalancer?: string;
  readonly try?: boolean;
  readonly deploy?: boolean;
  readonly heads?: string;
  readonly archives?: string;
  readonly olderThan?: string;
  readonly hook?: string;
  readonly event?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly color?: boolean;
  readonly service?: string;
  readonly target?: string;
  readonly hold?: boolean;
  readonly redeploy?: boolean;
  readonly full?: boolean;
  readonly breakGlass?: string;
  readonly overrideFreeze?: boolean;
  readonly zone?: string;
  readonly canary?: string;
  readonly set?: string;
  readonly at?: string;
  readonly first?: boolean;
  readonly follow?: boolean;
  readonly reason?: string;
  readonly for?: string;
  readonly lines?: string;
  readonly limit?: string;
  readonly since?: string;
  readonly until?: string;
  readonly out?: string;
  readonly deployment?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly markdown?: boolean;
  readonly prove?: string;
  readonly state?: string;
  readonly csv?: boolean;
  readonly jsonl?: boolean;
  readonly release?: string;
  readonly format?: string;
  readonly driver?: string;
  readonly nothingNeedsIt?: boolean;
  readonly wide?: boolean;
  readonly all?: boolean;
  readonly chart?: string;
  readonly dryRun?: boolean;
  readonly test?: boolean;
  readonly from?: string;
  readonly sha256?: string;
  readonly markApplied?: boolean;
  readonly markPending?: boolean;
  readonly acceptEdit?: boolean;
  readonly acceptDrift?: boolean;
  readonly html?: boolean;
  readonly to?: string;
  readonly of?: string;
  readonly rule?: string;
  readonly copy?: string;
  readonly contract?: boolean;
  readonly revert?: boolean;
  readonly baseline?: string;
  readonly writeBaseline?: string;
}

/** One command line, understood as words and options. */
export interface Call {
  readonly world: World;
  readonly words: readonly string[];
  readonly options: Options;
}

export interface Session {
  readonly engine: Engine;
  readonly actor: Actor;
  readonly screen: Screen;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly reader: Reader;
  /** Names of the configured services. */
  readonly services: readonly string[];
}

export type SessionWork = (
  session: Session,
  words: readonly string[],
  options: Options,
) => ExitCode | Promise<ExitCode>;

interface Opening {
  /** The way back works on a full disk on which nothing drives. */
  readonly aloneOnFullDisk?: boolean;
}

/** Opens the engine for one command and closes it whatever happens. */
export function onEngine(work: SessionWork, opening: Opening = {}): (call: Call) => Promise<ExitCode> {
  return async ({ world, words, options }) => {
    const screen = screenFor(world, options);
    const settings = loadSettings({ file: configFile(world, options.config), environment: world.environment });
    const log = logFor(world, screen);
    const actor = actorOf(settings, operatingSystemUser(world.environment.SUDO_USER));
    const engine = openEngine({ settings, log, processName: `bg ${process.pid}`, ...opening });
    try {
      const services = [...new Set(settings.targets.map(({ service }) => service))];
      return await work(
        { engine, actor, screen, log, stop: world.stop, reader: world.reader, services },
        words,
        options,
      );
    } catch (thrown) {
      if (thrown instanceof CommanderError) engine.recordRejection(actor, notUnderstood(thrown));
      throw thrown;
    } finally {
      engine.close();
    }
  };
}

/** Words that make no sense are a refusal like every other for the audit log. */
function notUnderstood({ message }: CommanderError): Refusal {
  return { code: 'text-invalid', sentence: message, hint: '' };
}

export function configFile(world: World, given: string | undefined): string {
  return resolve(given ?? world.environment.BLUEGREEN_CONFIG ?? 'bluegreen.yaml');
}

/** Only terminals get colours; `NO_COLOR` with any value, `--no-color` and a dumb terminal turn them off. */
export function screenFor({ environment, out, err }: World, { json = false, color = true }: Options): Screen {
  const colored = color && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return createScreen({ out, err, json, colored, ascii: !showsUnicode(environment) });
}

/** By the locale, as other programs decide it; without one, everything is shown. */
function showsUnicode({ LC_ALL, LC_CTYPE, LANG }: World['environment']): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return locale === '' || /utf-?8/i.test(locale);
}

export function logFor({ environment }: World, screen: Screen): Log {
  const write = (line: string): void => screen.aside(screen.json ? line.trimEnd() : logSentence(line));
  return createLog({ name: 'bg', level: environment.LOG_LEVEL ?? 'warn', terminal: false, destination: { write } });
}

const levelWords: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'fatal',
};

/** A line of the engine's log as a person reads it. */
function logSentence(line: string): string {
  const entry = JSON.parse(line) as {
    readonly level: number;
    readonly msg?: string;
    readonly err?: { readonly message?: string };
    readonly problem?: string;
    readonly why?: string;
    readonly cause?: string;
  };
  const reason = entry.err?.message ?? entry.problem ?? entry.why ?? entry.cause;
  const cause = reason === undefined ? '' : `: ${reason}`;
  return plain(`${levelWords[entry.level] ?? 'log'}: ${entry.msg ?? ''}${cause}`);
}
