// One instance of a side as a process of its own, so that it can be killed and stopped. `node testing-instance.ts <slot>
// <number> <port> <file>`: it appends `began <id>` and `ended <id>` to the file for every request of a user.

import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const [, , slot, number, port, file = ''] = process.argv;
let health = 200;

const server = createServer((request, response) => {
  serve(request, response).catch(() => response.destroy());
});
server.listen(Number(port), '127.0.0.1');
// As a service that ends well does: what is in flight is answered.
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});

/** `/health` and `/set-health/<status>`; every other path waits as many ms as its last word says. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const words = (request.url ?? '/').split('/');
  if (words[1] === 'set-health') health = Number(words[2]);
  if (words[1] === 'health' || words[1] === 'set-health') {
    response.writeHead(health).end();
    return;
  }
  const id = `${request.headers['x-request-id']}`;
  appendFileSync(file, `began ${id}\n`);
  const digest = createHash('sha256');
  for await (const chunk of request) digest.update(chunk as Buffer);
  const waitMs = Number(words.at(-1));
  if (waitMs > 0) await delay(waitMs);
  appendFileSync(file, `ended ${id}\n`);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ slot, instance: Number(number), sha256: digest.digest('hex') }));
}
