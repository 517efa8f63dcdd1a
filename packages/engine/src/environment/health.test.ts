import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { HealthSettings } from '../config/health/settings.ts';
import { judgeHealthAnswer, probeHealth } from './health.ts';
import { type HealthState, nextHealth, unknownHealth } from './health-state.ts';
import { healthRule } from './testing/health-rule.ts';

const settings: HealthSettings = {
  ...healthRule,
  timeoutMs: 2_000,
  fields: {
    status: 'status',
    okValues: ['healthy', 'ok'],
    environment: 'environment',
    version: 'version',
    databaseConnected: 'database_connected',
  },
};

const good = {
  status: 'healthy',
  environment: 'blue',
  version: 'v2.1',
  uptime_seconds: 12.5,
  timestamp: '2026-11-21T01:00:00Z',
  hostname: 'shop-1',
  database_connected: true,
};

const expected = { slot: 'blue', version: 'v2.1' } as const;

const judge = (body: unknown, status = 200, changed: Partial<HealthSettings> = {}) =>
  judgeHealthAnswer({ status, body: typeof body === 'string' ? body : JSON.stringify(body), ms: 3 }, expected, {
    ...settings,
    ...changed,
  });

describe('an answer to a health probe', () => {
  it('is healthy when it names the slot, the version and a database that is connected', () => {
    expect(judge(good)).toEqual({
      healthy: true,
      answered: true,
      proof: 'fields',
      environment: 'blue',
      version: 'v2.1',
      databaseConnected: true,
      uptimeSeconds: 12.5,
      hostname: 'shop-1',
      ms: 3,
    });
  });

  it.each([
    [{ ...good, status: 'starting' }, 200, 'expected status to be "healthy" or "ok", got "starting"'],
    [{ ...good, environment: 'green' }, 200, 'expected environment to be "blue", got "green"'],
    [{ ...good, version: 'v2.0' }, 200, 'expected version to be "v2.1", got "v2.0"'],
    [{ ...good, version: undefined }, 200, 'expected version to be "v2.1", got nothing'],
    [{ ...good, database_connected: false }, 200, 'expected database_connected to be true, got false'],
    [{ ...good, database_connected: 'true' }, 200, 'expected database_connected to be true, got "true"'],
    [{ status: 'starting' }, 503, 'expected a status of 2xx, got 503: {"status":"starting"}'],
    ['', 204, 'expected JSON, got an empty body'],
    ['<h1>Hello</h1>\n\u001b[31m', 200, 'expected JSON, got <h1>Hello</h1> [31m'],
    ['[]', 200, 'expected status to be "healthy" or "ok", got nothing'],
    ['null', 200, 'expected status to be "healthy" or "ok", got nothing'],
    ['{"__proto__":{"status":"healthy"}}', 200, 'expected status to be "healthy" or "ok", got nothing'],
    ['x'.repeat(5_000), 200, `expected JSON, got ${'x'.repeat(199)}…`],
  ])('%j is unhealthy, and says in a sentence why', (body, status, problem) => {
    expect(judge(body, status)).toMatchObject({ healthy: false, proof: 'fields', problem });
  });

  it('may start with a byte order mark', () => {
    expect(judge(`\uFEFF${JSON.stringify(good)}`)).toMatchObject({ healthy: true, version: 'v2.1' });
  });

  it('reports what it can about an unhealthy side, cut short', () => {
    const report = judge({ ...good, status: 'starting', hostname: 'h'.repeat(500) });
    expect(report).toMatchObject({ healthy: false, version: 'v2.1', uptimeSeconds: 12.5 });
    expect(report.hostname).toHaveLength(100);
  });

  it('is read where the configuration says the fields are, and what is left out is not checked', () => {
    const fields = {
      ...settings.fields,
      status: 'checks.0.state',
      environment: undefined,
      version: 'build.tag',
      databaseConnected: undefined,
    };
    const own = { checks: [{ state: 'ok' }], build: { tag: 'v2.1' }, environment: 'purple' };
    expect(judge(own, 200, { fields })).toEqual({
      healthy: true,
      answered: true,
      proof: 'fields',
      version: 'v2.1',
      ms: 3,
    });
    expect(judge({ ...own, build: {} }, 200, { fields }).problem).toBe('expected build.tag to be "v2.1", got nothing');
  });

  it('is enough with 2xx where only the status code is asked for, and says that this proof is the weaker one', () => {
    const changed = { check: 'status-code' } as const;
    expect(judge('', 204, changed)).toEqual({ healthy: true, answered: true, proof: 'status-code', ms: 3 });
    expect(judge('sorry', 302, changed)).toMatchObject({
      healthy: false,
      problem: 'expected a status of 2xx, got 302: sorry',
    });
  });

  it('may name any version where the running one is unknown', () => {
    const answer = { status: 200, body: JSON.stringify(good), ms: 1 };
    expect(judgeHealthAnswer(answer, { slot: 'blue', version: undefined }, settings).healthy).toBe(true);
  });
});

describe('a health probe', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
    const started = createServer(answer as never);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(started.address() as { port: number }).port}`;
  }

  it('asks the configured path with the headers it is given', async () => {
    const url = await serve(((
      request: { url: string; headers: Record<string, string> },
      response: { end: (b: string) => void },
    ) => {
      response.end(
        JSON.stringify({ ...good, version: request.url === '/health' ? request.headers['x-preview'] : 'no' }),
      );
    }) as never);
    const report = await probeHealth({ url, expected, settings, through: { headers: { 'x-preview': 'v2.1' } } });
    expect(report).toMatchObject({ healthy: true, version: 'v2.1' });
    expect(report.ms).toBeGreaterThan(0);
  });

  it('reports that nothing answers, or not in time, instead of throwing', async () => {
    const url = await serve((() => undefined) as never);
    const slow = await probeHealth({ url, expected, settings: { ...settings, timeoutMs: 200 } });
    expect(slow).toMatchObject({ healthy: false, problem: `GET ${url}/health gave no answer within 200 ms` });
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    const gone = await probeHealth({ url, expected, settings });
    expect(gone.problem).toMatch(/^GET .*\/health failed: .*ECONNREFUSED/);
  });

  it('is over when its signal aborts', async () => {
    const url = await serve((() => undefined) as never);
    const stop = new AbortController();
    const probe = probeHealth({ url, expected, settings: { ...settings, timeoutMs: 30_000 }, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(probe).rejects.toThrow('enough');
  });
});

describe('the condition of a side', () => {
  const after = (story: string, from: HealthState = unknownHealth): HealthState =>
    [...story].reduce(
      (state, letter) =>
        nextHealth(
          state,
          letter === '+' ? { healthy: true, answered: true } : { healthy: false, answered: true, problem: 'bad' },
          settings,
        ),
      from,
    );

  it.each([
    ['', 'unknown'],
    ['+', 'unknown'],
    ['++', 'healthy'],
    ['+-+', 'unknown'],
    ['--', 'unknown'],
    ['---', 'unhealthy'],
    ['++--', 'healthy'],
    ['++--+--', 'healthy'],
    ['++---', 'unhealthy'],
    ['---+', 'unhealthy'],
    ['---++', 'healthy'],
    ['---+-+', 'unhealthy'],
  ] as const)('after the answers "%s" is %s', (story, condition) => {
    expect(after(story).condition).toBe(condition);
  });

  it('keeps the last problem until the next success', () => {
    expect(after('+--')).toEqual({ condition: 'unknown', failures: 2, successes: 0, answered: true, problem: 'bad' });
    expect(after('---+')).toEqual({ condition: 'unhealthy', failures: 0, successes: 1 });
  });
});

describe('answers as frameworks give them', () => {
  const none = { environment: undefined, version: undefined, databaseConnected: undefined };
  const asked = (body: unknown, fields: Partial<HealthSettings['fields']>, status = 200) =>
    judge(body, status, { fields: { ...settings.fields, ...none, ...fields } });
  const spring = {
    status: 'status',
    okValues: ['UP'],
    degradedValues: ['OUT_OF_SERVICE'],
    dependencies: [
      { name: 'database', path: 'components.db.status', required: true },
      { name: 'cache', path: 'components.redis.status', required: false },
    ],
  };
  const actuator = (db: string, redis: string) => ({
    status: 'UP',
    components: {
      db: { status: db, details: { database: 'PostgreSQL' } },
      redis: { status: redis },
      ping: { status: 'UP' },
    },
  });
  const aspNet = {
    status: 'status',
    okValues: ['Healthy'],
    degradedValues: ['Degraded'],
    dependencies: [
      { name: 'database', path: 'entries.Shop.Data.ShopContext.status', required: true },
      { name: 'sql', path: 'entries.sql server.status', required: true },
    ],
  };
  const entries = (sql: string) => ({
    status: 'Healthy',
    entries: { 'Shop.Data.ShopContext': { status: 'Healthy', data: {} }, 'sql server': { status: sql } },
  });
  const word = { status: '$', okValues: ['Healthy', 'ok'], degradedValues: ['Degraded'] };
  it.each([
    ['Spring Boot actuator', asked(actuator('UP', 'UP'), spring), { healthy: true }],
    [
      'Spring, without its cache',
      asked(actuator('UP', 'DOWN'), spring),
      { degraded: 'cache (components.redis.status) is "DOWN"' },
    ],
    ['Spring, without its database', asked(actuator('DOWN', 'UP'), spring), { healthy: false }],
    [
      'Spring, as it says so',
      asked({ status: 'DOWN' }, spring, 503),
      { problem: 'expected a status of 2xx, got 503: {"status":"DOWN"}' },
    ],
    ['ASP.NET, JSON', asked(entries('Healthy'), aspNet), { healthy: true }],
    ['ASP.NET, JSON, unhealthy', asked(entries('Unhealthy'), aspNet), { healthy: false }],
    ['ASP.NET, a word', asked('Healthy', word), { healthy: true }],
    [
      'ASP.NET, a word, degraded',
      asked('\ufeffDegraded\r\n', word),
      { healthy: true, degraded: 'the answer is "Degraded"' },
    ],
    [
      'ASP.NET, a word, unhealthy',
      asked('Unhealthy', word),
      { problem: 'expected the answer to be "Healthy" or "ok", got "Unhealthy"' },
    ],
    ['Go, ok', asked('ok\n', word), { healthy: true }],
    ['a JSON text', asked('"ok"', word), { healthy: true }],
    ['nothing', asked('', word), { problem: 'expected JSON, got an empty body' }],
    [
      'health+json',
      asked(
        { status: 'pass', checks: { 'postgres:connections': [{ status: 'pass' }] } },
        {
          ...{ status: 'status', okValues: ['pass'] },
          dependencies: [{ name: 'database', path: 'checks.postgres:connections.0.status', required: true }],
        },
      ),
      { healthy: true },
    ],
    ['true', asked({ healthy: true }, { status: 'healthy', okValues: ['true'] }), { healthy: true }],
    ['false', asked({ healthy: false }, { status: 'healthy', okValues: ['true'] }), { healthy: false }],
    ['a number', asked({ status: 1, version: 2 }, { status: 'status', okValues: ['1'] }), { healthy: true }],
  ])('%s', (_name, report, means) => {
    expect(report).toMatchObject(means);
  });
});
