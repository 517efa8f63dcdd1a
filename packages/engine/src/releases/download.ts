// Fetches a file over HTTP into a separate place. A download that is cut goes on where it ended when the server
// supports that, and begins again when it does not; each only a limited number of times.

import { open, truncate } from 'node:fs/promises';
import type { ArtifactSettings } from '../config/artifacts/settings.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { hasCode, messageOf } from '../lib/errors.ts';
import type { StreamAnswer } from '../lib/http-stream.ts';
import { ask } from './ask.ts';
import type { Spend } from './disk.ts';
import { doorTo, shownUrl } from './hosts.ts';
import { refused, sizeText, unavailable } from './refused.ts';

export interface DownloadRequest {
  readonly url: string;
  readonly file: string;
  readonly settings: Pick<ArtifactSettings, 'hosts' | 'limits'>;
  readonly maxBytes: number;
  readonly spend: Spend;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What the file contains so far. */
interface Part {
  bytes: number;
  /** By this the server knows whether its file is still the one that we began to download. */
  etag: string | undefined;
}

const retry = { firstMs: 500, maxMs: 10_000 };

/** @returns bytes. @throws BlueGreenError `artifact-refused` or `artifact-unavailable`; the signal's reason */
export async function download(request: DownloadRequest): Promise<number> {
  const { settings, clock, signal } = request;
  const { tries } = settings.limits;
  const part: Part = { bytes: 0, etag: undefined };
  await truncateOrMake(request.file);
  const url = doorTo(request.url, settings.hosts).url;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await goOn(request, part);
    } catch (thrown) {
      if (signal.aborted || hasCode(thrown, 'artifact-refused')) throw thrown;
      if (attempt === tries)
        throw unavailable(
          `${shownUrl(url)} could not be fetched: ${messageOf(thrown)} (${tries} tries, ${sizeText(part.bytes)} came)`,
          thrown,
        );
      await clock.sleep(backoffMs(retry, attempt - 1), signal);
    }
  }
}

async function goOn(request: DownloadRequest, part: Part): Promise<number> {
  const { file, maxBytes, settings } = request;
  const requested = part.bytes > 0 && part.etag !== undefined ? part : undefined;
  const answer = await ask({
    url: request.url,
    hosts: settings.hosts,
    headers: requested?.etag === undefined ? {} : { range: `bytes=${requested.bytes}-`, 'if-range': requested.etag },
    stallMs: settings.limits.stallMs,
    signal: request.signal,
  });
  checkStatus(answer, doorTo(request.url, settings.hosts).url);
  const from = startOf(answer, requested);
  // A write that failed in the middle may have left more than was counted.
  await truncate(file, from);
  part.bytes = from;
  part.etag = strongTag(answer);
  const length = lengthOf(answer);
  const tooLarge = `it is larger than ${sizeText(maxBytes)}, which is the most that is downloaded`;
  if (length !== undefined && from + length > maxBytes) {
    answer.drop();
    throw refused(tooLarge);
  }
  await using target = await open(file, 'a');
  for await (const chunk of answer.body) {
    if (part.bytes + chunk.length > maxBytes) throw refused(tooLarge);
    request.spend(chunk.length);
    await target.writeFile(chunk);
    part.bytes += chunk.length;
  }
  if (length !== undefined && part.bytes !== from + length)
    throw unavailable(`it ended after ${part.bytes - from} of ${length} bytes`);
  return part.bytes;
}

function checkStatus(answer: StreamAnswer, url: URL): void {
  const { status } = answer;
  if (status === 200 || status === 206) return;
  answer.drop();
  const sentence = `${shownUrl(url)} answers ${status}`;
  const mayPass = status >= 500 || [408, 416, 425, 429].includes(status);
  const look = [401, 403].includes(status)
    ? ': look at `authorization` of this host, and whether the process that drives has its variable'
    : '';
  throw mayPass ? unavailable(sentence) : refused(`${sentence} instead of the file${look}`);
}

/** Where the answer begins in the file. A part that does not fit ours is not accepted. */
function startOf(answer: StreamAnswer, part: Part | undefined): number {
  if (answer.status === 200) return 0;
  const start = Number(/^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1]);
  if (part && start === part.bytes) return start;
  answer.drop();
  if (part) part.etag = undefined;
  throw unavailable('it answered with a part that was not asked for');
}

function lengthOf(answer: StreamAnswer): number | undefined {
  const text = answer.header('content-length');
  return text === undefined ? undefined : Number(text);
}

/** A weak tag does not say that the bytes are the same. */
function strongTag(answer: StreamAnswer): string | undefined {
  const tag = answer.header('etag');
  return tag?.startsWith('"') ? tag : undefined;
}

async function truncateOrMake(file: string): Promise<void> {
  await using made = await open(file, 'a', 0o600);
  void made;
  await truncate(file, 0);
}
