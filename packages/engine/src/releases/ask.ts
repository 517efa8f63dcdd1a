// A GET of a configured host. Redirects are followed to configured hosts only; each hop is checked like the first, and
// gets only the secret of its own host.

import type { AllowedHost } from '../config/artifacts/settings.ts';
import { openHttp, type StreamAnswer } from '../lib/http-stream.ts';
import { checkAddress, doorTo, shownUrl } from './hosts.ts';
import { refused } from './refused.ts';

export interface AskRequest {
  readonly url: string;
  readonly hosts: readonly AllowedHost[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the configured one, for the first host only. */
  readonly authorization?: string | undefined;
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

const maxRedirects = 5;

/** @throws BlueGreenError `artifact-refused`, `http-timeout`, `http-failed`; the signal's reason */
export async function ask(request: AskRequest): Promise<StreamAnswer> {
  const { hosts, headers, stallMs, signal } = request;
  let door = doorTo(request.url, hosts);
  let own = request.authorization;
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const { url, host } = door;
    const authorization = own ?? host.authorization;
    const answer = await openHttp({
      url,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      checkAddress: (address) => checkAddress(door, address),
      stallMs,
      signal,
    });
    const location = answer.header('location');
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
    answer.drop();
    door = doorTo(location, hosts, url);
    own = undefined;
  }
  throw refused(`${shownUrl(doorTo(request.url, hosts).url)} redirects more than ${maxRedirects} times`);
}
