// Secrets come from files too: `NAME_FILE` names the file that holds NAME. The content of a file is in no environment,
// which every other process of the same account can read under /proc and which children inherit.

import { readFileSync, statSync } from 'node:fs';
import { BlueGreenError, messageOf } from './errors.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Other programs have variables of such names too, which this system does not read: SSL_CERT_FILE. */
const pattern = /^([A-Z][A-Z0-9_]*(?:SECRET|TOKEN|PASSWORD|KEY|URL))_FILE$/;
const mostBytes = 65_536;

/**
 * The variables together with the contents of their files; with `leave-out`, without those that cannot be read.
 * @throws BlueGreenError `env-file-unreadable`, never with a secret
 */
export function withSecretFiles(variables: Variables, unreadable: 'refuse' | 'leave-out' = 'refuse'): Variables {
  const read = Object.entries(variables).flatMap(([variable, file]) => {
    const [, name] = pattern.exec(variable) ?? [];
    if (name === undefined || file === undefined || file.trim() === '') return [];
    try {
      if (variables[name]?.trim()) throw problem(`${name} and ${variable} are both set: leave one of them out`);
      return [[name, contentOf(variable, file.trim())] as const];
    } catch (thrown) {
      if (unreadable === 'refuse') throw thrown;
      return [];
    }
  });
  return { ...variables, ...Object.fromEntries(read) };
}

function contentOf(variable: string, file: string): string {
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > mostBytes)
      throw problem(`${variable} names ${file}, which is no file of at most 64 KB`);
    const content = readFileSync(file, 'utf8').trim();
    if (content === '') throw problem(`${variable} names ${file}, which is empty`);
    return content;
  } catch (thrown) {
    if (thrown instanceof BlueGreenError) throw thrown;
    throw problem(`${variable} names ${file}, which cannot be read: ${messageOf(thrown)}`, thrown);
  }
}

const problem = (sentence: string, cause?: unknown): BlueGreenError =>
  new BlueGreenError('env-file-unreadable', sentence, {}, cause);
