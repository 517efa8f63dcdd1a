// Runs a command as another account: by setpriv where this process is root, through the helper where it is not.

import { helperArgv, helperEnv, helperInput, slotOfAccount } from './account-helper.ts';
import { type AccountName, asAccount, findAccount } from './accounts.ts';
import { BlueGreenError } from './errors.ts';
import { type Command, type CommandResult, run } from './exec.ts';

/** Until the helper has ended what it started. */
const endLimitMs = 10_000;
/** With these the helper ends by itself: its own refusal, and a command that ran longer than its limit. */
const [refusedCode, overCode] = [126, 124];

/** Undefined: as the account of this process. @throws BlueGreenError also `account-refused` */
export async function runAs(name: AccountName | undefined, command: Command): Promise<CommandResult> {
  const account = name && findAccount(name);
  const slot = account && account.uid !== process.getuid?.() ? slotOfAccount(account) : undefined;
  if (slot === undefined) return run({ ...command, argv: asAccount(command.argv, account) });
  return runThroughHelper(slot, command);
}

/** As the account that the helper's list names for the slot. */
export async function runThroughHelper(slot: string, command: Command): Promise<CommandResult> {
  const { argv, cwd = '/', env = {}, timeoutMs, signal, maxOutputBytes } = command;
  signal?.throwIfAborted();
  const running = run({
    argv: helperArgv('run', slot, String(Math.ceil(timeoutMs)), cwd, ...argv),
    env: helperEnv,
    input: helperInput(env),
    // This process may not signal it: the helper ends it, with all that it started.
    timeoutMs: timeoutMs + endLimitMs,
    ...(maxOutputBytes === undefined ? {} : { maxOutputBytes }),
  });
  try {
    return await (signal ? Promise.race([running, whenAborted(signal)]) : running);
  } catch (thrown) {
    running.catch(() => undefined);
    throw signal?.aborted ? signal.reason : describe(thrown, command);
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** In the words that the command itself would have been reported with. */
function describe(thrown: unknown, { argv: [program], timeoutMs }: Command): unknown {
  if (!(thrown instanceof BlueGreenError)) return thrown;
  const { exitCode, stderr } = (thrown.cause ?? {}) as { readonly exitCode?: number; readonly stderr?: string };
  const isItsOwn = stderr?.includes('bluegreen-slot: ') === true;
  if (exitCode === overCode && isItsOwn)
    return new BlueGreenError('exec-timeout', `${program} ran longer than ${timeoutMs} ms`, {}, thrown.cause);
  if (exitCode === refusedCode && isItsOwn)
    return new BlueGreenError('account-refused', `the helper refuses to run ${program}: ${stderr}`, {}, thrown.cause);
  const message = thrown.message.replace(/^sudo /, `${program} `);
  return new BlueGreenError(thrown.code, message, {}, thrown.cause);
}
