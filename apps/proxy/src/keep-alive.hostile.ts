// No order is lost when an idle connection closes, at the pace of Node's own server: half a minute.

import { expect, test } from 'vitest';
import { startProxyBefore, startService } from './testing/fixture.ts';
import { shop } from './testing/shoppers.ts';

test('no order is lost when users think for 4 to 6.5 s and the service is plain node:http, which closes after 5 to 6 s', async () => {
  let received = 0;
  const service = await startService((incoming, response) => {
    incoming.resume().on('end', () => {
      received++;
      response.end('done');
    });
  });
  const proxy = await startProxyBefore(service.port);
  expect(await shop(proxy, { users: 150, orders: 6, thinkMs: () => 4_000 + Math.random() * 2_500 })).toEqual({
    '200': 900,
  });
  expect(received).toBe(900);
  await proxy.stop();
  await service.close();
});
