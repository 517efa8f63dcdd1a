// Program `bare-node.mjs <port> <upstream port>`: the least that Node needs to pass requests on. It checks and counts
// nothing and is plain JavaScript, so it is what memory and time of the embedded proxy are compared with.

import { Agent, createServer, request } from 'node:http';

const [port, upstream] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true });

createServer((incoming, response) => {
  const { method, url, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port: upstream, method, path: url, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}).listen(port, '127.0.0.1');
