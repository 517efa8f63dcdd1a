// What a driver gives to the contract's tests, and the program that most of them run.

import { systemClock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import type { Environment, LaunchSettings, ReleaseFiles, SlotPlace } from './environment.ts';

export interface EnvironmentFixture {
  readonly environment: Environment;
  /** Another engine on the same state, as after a restart, or a second one at the same time. */
  readonly another: () => Environment;
  /** Both slots of one target, on free ports. */
  readonly blue: SlotPlace;
  readonly green: SlotPlace;
  /** Blue with three instances, on free ports. */
  readonly several?: SlotPlace;
  /** The instance of blue ends by itself, as after a crash. */
  readonly kill?: (instance: number) => Promise<void>;
  /** A folder for files of the test; removed by `close`. */
  readonly folder: string;
  /** Lays out a release whose program is this JavaScript module; without one, a server that reports its own state. */
  readonly release: (version: string, source?: string) => ReleaseFiles;
  /** Runs the program of such a release. */
  readonly settings: LaunchSettings;
  /** The pid that the driver has for what reported this; one in a container does not know it. */
  readonly pidOf: (reported: Reported) => Promise<number>;
  /** Variables that come from what runs it, and not from the engine. */
  readonly givenByPlatform: readonly string[];
  /** Ends everything that was started. */
  readonly close: () => Promise<void>;
}

/** Answers every request with its pid, its version and its whole environment. */
export const talkingServer = `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end(JSON.stringify({ pid: process.pid, env: process.env })));
server.listen(Number(process.env.APPLICATION_PORT), '127.0.0.1', () => console.log('listening as', process.env.APP_VERSION));
process.on('SIGTERM', () => process.exit(0));
`;

/** Does not end when it is asked to. */
export const deafServer = talkingServer.replace('process.exit(0)', "console.log('no')");

/** The file of the first instance. */
export const logFileIn = (environment: Environment, place: SlotPlace): string => environment.logs(place)[0].file ?? '';

/** @throws where what runs is no process of this machine */
export function processOf({ pid }: { readonly pid?: number | undefined }): number {
  if (pid === undefined) throw new Error('it has no pid');
  return pid;
}

export interface Reported {
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
}

export async function ask({ port }: Pick<SlotPlace, 'port'>): Promise<Reported> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).catch(
      () => undefined,
    );
    if (answer) return (await answer.json()) as Reported;
    await systemClock.sleep(50);
  }
  throw new Error(`nothing answered on port ${port}`);
}

export async function refusalOf(attempt: Promise<unknown>): Promise<BlueGreenError> {
  const thrown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof BlueGreenError) return thrown;
  throw new Error(`expected a refusal, got ${String(thrown)}`);
}

export type Fixture = () => EnvironmentFixture;
