// A small shop in plain Node, without dependencies: what a team would deploy. It says which side and version it is, and
// counts what it received, so that a lost or doubled order is seen. What one release does differently is in releases/.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { createLedger } from './ledger.mjs';
import { openOrders } from './orders.mjs';
import { renderPage } from './page.mjs';

const maxBodyBytes = 1 << 20;
const slot = process.env.ENVIRONMENT_COLOR ?? 'blue';
const port = Number(process.env.APPLICATION_PORT ?? 3000);

/**
 * @param release `version`, `greeting`, `products`, `money` (how its schema keeps it); and, where a release is to misbehave, any of
 * `health(report)` → status, `checkout(order)` (throws), `beforeAnswer({ userRequests })` → `{ status?, delayMs? }`.
 */
export function startShop(release) {
  const shop = {
    release,
    ledger: createLedger({ slot, version: release.version }),
    orders: openOrders({ slot, version: release.version, money: release.money }),
    streams: new Set(),
    stopping: false,
  };
  const server = createServer((request, response) => {
    answer(shop, request, response).catch((error) => sendJson(response, error.status ?? 500, { error: error.message }));
  });
  // Longer than a load balancer keeps an idle connection: it must be the one that closes first.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
  server.on('error', (error) => {
    console.error(`cannot listen on port ${port}: ${error.message}`);
    process.exit(1);
  });
  server.listen(port, process.env.HOST ?? '127.0.0.1', () =>
    console.log(`shop ${release.version} (${slot}) listens on port ${port}`),
  );
  process.once('SIGTERM', () => stop(shop, server));
}

function stop(shop, server) {
  console.log(`shop ${shop.release.version} (${slot}) stops: finishing what is under way`);
  shop.stopping = true;
  for (const stream of shop.streams) stream.end();
  server.close(() => process.exit(0));
  // A connection that was busy until now has become idle, and would stay open.
  setInterval(() => server.closeIdleConnections(), 100);
}

const routes = {
  'GET /health': health,
  'GET /': page,
  'GET /api/products': (shop, _request, response) =>
    sendJson(response, 200, { products: shop.release.products, currency: 'EUR', slot, version: shop.release.version }),
  'POST /api/orders': takeOrder,
  'GET /api/orders': (shop, _request, response) =>
    sendJson(response, 200, { ...shop.orders?.totals(), slot, version: shop.release.version }),
  'GET /api/stats': (shop, _request, response) => sendJson(response, 200, shop.ledger.stats()),
  'GET /events': streamEvents,
};

async function answer(shop, request, response) {
  if (shop.stopping) response.setHeader('connection', 'close');
  // On errors too: the load client that counts lost requests must know which side and release answered.
  response.setHeader('x-shop', `${slot} ${shop.release.version}`);
  const path = new URL(request.url, 'http://shop').pathname;
  logRequest(request, response, path);
  const byUser = isUser(request) && path !== '/health';
  if (path !== '/health' && path !== '/api/stats')
    shop.ledger.countRequest({ path: `${request.method} ${path}`, byUser });
  if (path !== '/health') await misbehave(shop, { byUser });
  const route = routes[`${request.method === 'HEAD' ? 'GET' : request.method} ${path}`];
  if (!route) return sendJson(response, 404, { error: `there is no ${request.method} ${path}` });
  await route(shop, request, response);
}

/** By the id that the load balancer gave it, a request is followed through both logs. */
function logRequest(request, response, path) {
  const id = request.headers['x-request-id'];
  if (id === undefined || path === '/health') return;
  const began = performance.now();
  response.once('close', () => {
    const ms = (performance.now() - began).toFixed(1);
    console.log(`${new Date().toISOString()} ${id} ${request.method} ${path} ${response.statusCode} ${ms}`);
  });
}

/** A load balancer sent it for a user; a smoke test says that it is one. */
function isUser({ headers }) {
  return headers['x-forwarded-for'] !== undefined && headers['x-smoke-test'] === undefined;
}

async function misbehave({ release, ledger }, { byUser }) {
  const { status, delayMs } = release.beforeAnswer?.({ byUser, userRequests: ledger.userRequests() }) ?? {};
  if (delayMs) await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (status) throw Object.assign(new Error('the till is jammed'), { status });
}

function health({ release, ledger, orders }, _request, response) {
  const report = {
    status: 'healthy',
    environment: slot,
    version: release.version,
    uptime_seconds: Math.round(process.uptime() * 10) / 10,
    timestamp: new Date().toISOString(),
    hostname: hostname(),
    database_connected: ledger.isWritable() && (orders?.isReadable() ?? true),
  };
  const status = release.health?.(report) ?? report.status;
  sendJson(response, status === 'healthy' ? 200 : 503, { ...report, status });
}

function page({ release }, request, response) {
  const html = renderPage({ release, slot });
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : html);
}

async function takeOrder({ release, ledger, orders }, request, response) {
  const body = await readBody(request);
  const order = parseOrder(body.toString('utf8'), release.products);
  release.checkout?.(order);
  const checksum = createHash('sha256').update(body).digest('hex');
  const isTest = request.headers['x-smoke-test'] !== undefined;
  if (isTest) orders?.tryOut(order);
  else orders?.save(order);
  const times = isTest ? 1 : ledger.takeOrder({ id: order.id, checksum });
  const total = order.product.price * order.quantity;
  sendJson(response, 200, { status: 'accepted', id: order.id, total, checksum, times, slot, version: release.version });
}

function parseOrder(text, products) {
  const refuse = (why) => Object.assign(new Error(why), { status: 400 });
  let order;
  try {
    order = JSON.parse(text);
  } catch {
    throw refuse('an order is JSON');
  }
  const { id, product: productId = 1, quantity = 1 } = order ?? {};
  if (typeof id !== 'string' || !/^[\w.:-]{1,100}$/.test(id))
    throw refuse('an order has an id of its own: 1 to 100 of A-Z a-z 0-9 _ . : -');
  const product = products.find((one) => one.id === productId);
  if (!product) throw refuse('there is no such product');
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > 100) throw refuse('a quantity is 1 to 100');
  return { id, product, quantity };
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBodyBytes) throw Object.assign(new Error('an order has at most 1 MB'), { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** One event a second until the client or the shop goes: a long connection that a switch must not cut. */
function streamEvents(shop, request, response) {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  if (request.method === 'HEAD') return response.end();
  const tell = () =>
    response.write(
      `data: ${JSON.stringify({ slot, version: shop.release.version, requests: shop.ledger.userRequests() })}\n\n`,
    );
  tell();
  if (shop.stopping) return response.end();
  const timer = setInterval(tell, 1_000);
  shop.streams.add(response);
  response.on('close', () => {
    clearInterval(timer);
    shop.streams.delete(response);
  });
}

function sendJson(response, status, value) {
  if (response.headersSent) return response.destroy();
  const text = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
