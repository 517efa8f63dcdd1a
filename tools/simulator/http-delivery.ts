// One signed request to the app, over plain node:http: Bolt compares the content type exactly, and fetch would add a charset.
import { request } from 'node:http';

export const ACK_LIMIT_MS = 3000;
const MOST_ACK_BYTES = 1 << 20;

export interface SignedRequest {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type HttpAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: string;
      readonly headers: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable'; readonly why: string };

/** Never rejects, and ends within the three seconds Slack gives. */
export function postSigned({ url, body, headers }: SignedRequest): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const outgoing = request(
      url,
      { method: 'POST', agent: false, headers: { ...headers, 'content-length': String(bytes.length) } },
      (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= MOST_ACK_BYTES) chunks.push(chunk);
        });
        incoming.on('error', (error) => finish({ kind: 'unreachable', why: error.message }));
        incoming.on('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8');
          finish({ kind: 'answered', status: incoming.statusCode ?? 0, body: answer, headers: incoming.headers });
        });
      },
    );
    const timer = setTimeout(() => finish({ kind: 'timeout' }), ACK_LIMIT_MS);
    outgoing.on('error', (error) => finish({ kind: 'unreachable', why: error.message }));
    outgoing.end(bytes);

    function finish(answer: HttpAnswer): void {
      clearTimeout(timer);
      resolve(answer);
      if (answer.kind === 'timeout') outgoing.destroy();
    }
  });
}
