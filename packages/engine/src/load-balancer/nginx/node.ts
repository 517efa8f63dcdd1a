// What the driver needs of nginx as a program, whether it is the engine's own or the user's.

import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';

export interface NginxNode {
  /** The file whose text decides about the structure. */
  readonly config: string;
  /** Asks nginx itself whether it would take the text. @throws `config-refused`, after storing the text in a file */
  replaceConfig(text: string): Promise<void>;
  /** The same check, without storing anything. @throws `config-refused` */
  test(text: string): Promise<void>;
  /** @throws `balancer-unreachable`, `port-in-use` */
  start(): Promise<void>;
  /** Makes nginx follow the configuration. Resolves when the request was sent, not when nginx has followed it. */
  reload(): Promise<void>;
  /** Makes nginx reopen its log; undefined when there is no way to request it. */
  readonly reopenLog: (() => Promise<void>) | undefined;
  /** False when no master would replace a worker that ends. */
  whole(): boolean;
  stop(): Promise<void>;
}

/** Next to the configuration in force, never under a name that a pattern like `*.conf` includes. */
export function keepRefused(config: string, text: string, why: unknown): BlueGreenError {
  const refused = `${config}.refused`;
  const message = messageOf(why);
  writeFileAtomic(refused, `${text}\n# Refused by nginx:\n${message.replaceAll(/^/gm, '# ')}\n`);
  return new BlueGreenError(
    'config-refused',
    `nginx refuses the configuration, the one before stays in force; the refused one is ${refused}: ${message}`,
    { refused },
    why,
  );
}

/** For a text that was only checked. */
export function refusedText(why: unknown): BlueGreenError {
  return new BlueGreenError('config-refused', `nginx refuses the configuration: ${messageOf(why)}`, {}, why);
}

export function lastLines(path: string, count: number): string {
  return (readFileIfAny(path) ?? '').trimEnd().split('\n').slice(-count).join('\n');
}
