// The command that makes a backup or a restore point before a contract, since no migration restores what a contract
// removes. Its environment names the database. Its output may repeat that address, so it is masked.

import { messageOf } from '../lib/errors.ts';
import { run } from '../lib/exec.ts';
import { maskIn, secretsIn } from './address.ts';
import { MigrationError } from './error.ts';

export interface RestorePoint {
  readonly argv: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

export interface ContractFacts {
  readonly service: string;
  readonly target: string;
  /** Its id. */
  readonly contract: string;
  readonly migrations: readonly string[];
}

const programs = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const mostOutputBytes = 16 << 20;
const tailLines = 10;
const tailLength = 1_000;

/** @returns the last lines that it printed. @throws MigrationError `failed` with them, `stopped` */
export async function makeRestorePoint(
  { argv, timeoutMs }: RestorePoint,
  facts: ContractFacts,
  { address, signal }: { readonly address: string; readonly signal: AbortSignal },
): Promise<string> {
  const secrets = [address, ...secretsIn(address)];
  const env = {
    PATH: programs,
    DATABASE_URL: address,
    BLUEGREEN_SERVICE: facts.service,
    BLUEGREEN_TARGET: facts.target,
    BLUEGREEN_CONTRACT: facts.contract,
    BLUEGREEN_MIGRATIONS: facts.migrations.join(' '),
  };
  try {
    const { stdout, stderr } = await run({
      argv,
      env,
      timeoutMs,
      signal,
      group: true,
      maxOutputBytes: mostOutputBytes,
    });
    return tailOf(maskIn(`${stderr}\n${stdout}`, secrets));
  } catch (thrown) {
    if (signal.aborted)
      throw new MigrationError('stopped', 'stopped while the restore point was made', { cause: thrown });
    throw new MigrationError('failed', `no restore point was made: ${tailOf(maskIn(messageOf(thrown), secrets))}`, {
      hint: 'Nothing was contracted. Mend what database.beforeContract runs, then ask for the contract again.',
    });
  }
}

function tailOf(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const tail = lines.slice(-tailLines).join('\n');
  return tail.length > tailLength ? `…${tail.slice(-tailLength)}` : tail;
}
