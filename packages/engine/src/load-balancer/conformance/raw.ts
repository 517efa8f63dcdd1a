// Bytes to a balancer and bytes back: nothing in between corrects them.

import { connect } from 'node:net';

/** Who sends: an untrusted address by default, or the address that the balancer trusts. */
export interface Sender {
  readonly port: number;
  readonly from?: string | undefined;
}

const limitMs = 20_000;

/** What came back by the end of the connection, or when nothing more is to come by what its head says. */
export function exchange({ port, from = '127.0.0.1' }: Sender, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    const manyAsked = bytes.split(' HTTP/1.').length > 2;
    let text = '';
    const end = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(limitMs, end).setEncoding('latin1');
    socket.on('connect', () => socket.write(bytes, 'latin1'));
    socket.on('data', (part: string) => {
      text += part;
      if (!manyAsked && isWhole(text)) end();
    });
    // A balancer may end a connection while the test still writes: its answer before that counts.
    socket.on('error', () => undefined);
    socket.on('close', end);
  });
}

export const statusOf = (answer: string): string => /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 'no answer';

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  if (/^HTTP\/1\.1 101/.test(text)) return true;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1];
  return length !== undefined && text.length - head - 4 >= Number(length);
}
