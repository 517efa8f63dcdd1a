// A pager for tests: stores what is posted to it and answers as the test says.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Page {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: string;
  readonly body: Record<string, unknown>;
}

export interface PagerAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `answers`: in order; undefined: none at all. After them 202. */
export async function startPager(answers: (PagerAnswer | undefined)[] = []): Promise<{
  readonly url: string;
  readonly pages: readonly Page[];
  close(): Promise<void>;
}> {
  const pages: Page[] = [];
  const server = createServer(async (request, response) => {
    let raw = '';
    for await (const piece of request) raw += piece;
    pages.push({ headers: request.headers, raw, body: JSON.parse(raw) as Record<string, unknown> });
    const answer = answers.length === 0 ? { status: 202 } : answers.shift();
    if (answer === undefined) return;
    response.writeHead(answer.status, answer.headers).end(answer.body ?? '{"status":"success"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/enqueue`,
    pages,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
