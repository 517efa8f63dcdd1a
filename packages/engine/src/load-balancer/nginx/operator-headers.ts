// Headers that the operator of an attached nginx adds on the http level. nginx ignores them in a server that adds
// headers itself, as ours does: without a warning they would be missing from the service's answers.

import { messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import type { NginxParts } from './parts.ts';

const limitMs = 30_000;
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** Where `headers` is configured, the operator has decided. Never an error: the site is served all the same. */
export async function warnOfHiddenHeaders({ settings, node, log, spec }: NginxParts): Promise<void> {
  if (settings.mode !== 'attached' || settings.headers !== undefined || !settings.check.includes('-t')) return;
  const [program, ...words] = settings.check;
  const argv = [program, ...words.map((word) => (word === '-t' ? '-T' : word))] as const;
  try {
    const { stdout } = await run({ argv, env: environment, timeoutMs: limitMs, maxOutputBytes: 32 << 20 });
    const hidden = headersOfHttp(stdout, node.config);
    if (hidden.length === 0) return;
    const names = { service: spec.service, target: spec.target, headers: hidden };
    log.warn(
      names,
      'add_header on the http level of nginx does not reach this service: name a file with these lines as loadBalancer.nginx.headers',
    );
  } catch (thrown) {
    log.info({ why: messageOf(thrown) }, 'nginx did not print its configuration, so its headers were not looked at');
  }
}

/** Pure: `nginx -T` prints file after file. An included file begins where it is included, which may be the http level. */
export function headersOfHttp(printed: string, ours: string): readonly string[] {
  const files = printed.split(/^# configuration file (.+):$/m).slice(1);
  const found: string[] = [];
  for (let at = 0; at + 1 < files.length; at += 2)
    if (files[at] !== ours) found.push(...headersAt(files[at + 1] ?? '', at === 0 ? 'http' : ''));
  return [...new Set(found)];
}

/** Of the directives whose blocks around them are exactly these. */
function headersAt(text: string, wanted: string): readonly string[] {
  const blocks: string[] = [];
  const found: string[] = [];
  let words: string[] = [];
  for (const [token] of text.matchAll(/#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{};]|[^\s{};"'#]+/g)) {
    if (token.startsWith('#')) continue;
    if (token === '{') blocks.push(words[0] ?? '');
    else if (token === '}') blocks.pop();
    else if (token !== ';') {
      words.push(token);
      continue;
    } else if (words[0] === 'add_header' && blocks.join() === wanted) found.push(words[1] ?? '');
    words = [];
  }
  return found;
}
