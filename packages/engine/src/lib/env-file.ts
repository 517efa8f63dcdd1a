// Reads one env file. What is in it never reaches a message: a problem is named by file and line.

import { readFileSync, statSync } from 'node:fs';
import { type EnvText, parseEnvText } from './env-text.ts';
import { BlueGreenError, messageOf } from './errors.ts';
import { decodeText } from './text-file.ts';

const maxBytes = 1 << 20;

/** Also with problems in it. @throws BlueGreenError `env-file-unreadable`, naming the file */
export function readEnvFile(path: string): EnvText {
  try {
    if (statSync(path).size > maxBytes) throw new Error('it is larger than 1 MB');
    const { text, fault } = decodeText(readFileSync(path));
    if (text === undefined) throw new Error(`it ${fault}`);
    return parseEnvText(text);
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : messageOf(thrown);
    throw new BlueGreenError('env-file-unreadable', `the env file ${path} cannot be read (${reason})`, {}, thrown);
  }
}

/** @throws BlueGreenError `env-file-unreadable`, or `env-file-invalid` naming every line that is not understood */
export function requireEnvFile(path: string): EnvText['values'] {
  const { values, problems } = readEnvFile(path);
  if (problems.length === 0) return values;
  const sentences = problems.map(({ line, problem }) => `${path}:${line}: ${problem}`);
  throw new BlueGreenError('env-file-invalid', `the env file cannot be used: ${sentences.join('; ')}`);
}
