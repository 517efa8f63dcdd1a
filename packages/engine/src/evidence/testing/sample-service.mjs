// A service with metrics, as a process of its own: `node sample-service.mjs <port>`. `POST /add?ok=9&bad=1` counts.
import { createServer } from 'node:http';

let [ok, bad] = [0, 0];
const port = Number(process.argv[2]);
createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/add') {
    ok += Number(url.searchParams.get('ok') ?? 0);
    bad += Number(url.searchParams.get('bad') ?? 0);
    response.end('counted');
    return;
  }
  const failed = bad === 0 ? '' : `orders_total{code="500"} ${bad}\n`;
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(
    `# TYPE orders_total counter\norders_total{code="200"} ${ok}\n${failed}# TYPE heap gauge\nheap ${ok + 10}\n`,
  );
}).listen(port, '127.0.0.1', () => console.log('ready'));
