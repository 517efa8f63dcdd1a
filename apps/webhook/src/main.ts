// The webhook receiver's process: environment, signals, exit code. Everything else is in receiver.ts.

import { createLog, keepFilesPrivate, loadSettings, messageOf, openEngine, withSecretFiles } from '@bg/engine';
import { type ReceiverOptions, readOptions } from './options.ts';
import { startReceiver } from './receiver.ts';
import type { Environment } from './secrets-options.ts';

keepFilesPrivate();
process.exitCode = await main();

async function main(): Promise<number> {
  let variables: Environment;
  try {
    variables = withSecretFiles(process.env);
  } catch (thrown) {
    return complain([messageOf(thrown)]);
  }
  const options = readOptions(variables);
  if ('problems' in options) return complain(options.problems);
  const log = createLog({ name: 'webhook', level: options.logLevel, terminal: process.stdout.isTTY === true });
  const stop = stopSignal();
  try {
    const engine = openEngineOf(options, variables, log);
    try {
      const { ended } = await startReceiver({ engine, log, options, stop });
      return (await ended) ? 0 : 1;
    } finally {
      engine.close();
    }
  } catch (thrown) {
    return complain([startProblem(thrown, options)]);
  }
}

function openEngineOf({ config }: ReceiverOptions, environment: Environment, log: ReturnType<typeof createLog>) {
  const settings = loadSettings({ file: config, environment });
  return openEngine({ settings, log, processName: `webhook ${process.pid}` });
}

function complain(problems: readonly string[]): number {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return 1;
}

function startProblem(thrown: unknown, { host, port, metrics }: ReceiverOptions): string {
  const { code, port: refused } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException & Refused) : {};
  const [variable, address] =
    metrics !== undefined && refused === metrics.port
      ? ['METRICS_PORT', `${metrics.host}:${metrics.port}`]
      : ['PORT', `${host}:${port}`];
  if (code === 'EADDRINUSE') return `${address} is in use already; set ${variable} to a free one.`;
  if (code === 'EACCES')
    return `${address} may not be listened on by this user; set ${variable} to a number above 1023.`;
  return messageOf(thrown);
}

/** What Node says of a refused address. */
interface Refused {
  readonly port?: number;
}

/** The first signal drains, the second ends at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  return stop.signal;
}
