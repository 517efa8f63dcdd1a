import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../testing/small-drivers.ts';

/** Filled in from the environment below. */
const variable = ['$', '{TOKEN}'].join('');

const withStatuses = (statuses: string) => `state: state
people: [{ id: ann }, { id: bob }]
approvers: [ann, bob]
statuses: ${statuses}
services:
  shop:
    command: [node, server.js]
    releases: releases
    channel: "#shop"
    targets:
      production:
        slots: { blue: { port: 8001 }, green: { port: 8002 } }
        loadBalancer: { listen: 8080 }
`;

function check(statuses: string) {
  const environment = { TOKEN: 'ghs_0123456789', SPLIT: 'two\nlines-of-a-token' };
  const { settings, problems } = checkConfig({
    file: '/srv/bluegreen.yaml',
    text: withStatuses(statuses),
    environment,
  });
  const errors = problems.filter(({ severity }) => severity === 'error');
  return {
    statuses: settings?.statuses,
    errors: errors.map(({ path, message }) => `${path.replace('statuses.', '')} ${message}`),
  };
}

const github = (more: string, repository = 'acme/shop') =>
  `{ github: { token: "${variable}", ${more} repositories: [{ service: shop, repository: "${repository}" }] } }`;
const sinks = (...each: readonly string[]) =>
  `{ cdevents: { sinks: [${each.map((one) => `{ ${one} }`).join(', ')}] } }`;

describe('no program', () => {
  it('is notified unless the file says so', () => {
    expect(check('{}').statuses).toEqual({ github: undefined, cdevents: undefined });
  });
});

describe('GitHub', () => {
  it('has defaults for all but its token and repositories', () => {
    const { statuses, errors } = check(
      `{ github: { token: "${variable}", repositories: [{ service: shop, repository: acme/shop, environments: [{ target: production, url: "https://shop.example.com" }] }] } }`,
    );
    expect(errors).toEqual([]);
    const environments = [
      { target: 'production', name: 'shop/production', production: true, url: 'https://shop.example.com' },
    ];
    expect(statuses?.github).toEqual({
      api: 'https://api.github.com',
      token: { value: 'ghs_0123456789' },
      repositories: [{ service: 'shop', repository: 'acme/shop', environments }],
    });
  });

  it.each([
    'acme',
    'acme/shop/deployments',
    '../shop',
    'acme/..',
    'acme/.',
    'acme/shop?x=1',
    'acme/shop#x',
    'acme/shop%2Fx',
    'acme/shop\\\\..',
    'acme/sh op',
    '-acme/shop',
    'acme/shöp',
    '@evil.example.com/shop',
    '',
  ])('is told of no repository named %j', (repository) => {
    expect(check(github('', repository)).errors.join('\n')).toMatch(/repositories\[0\]\.repository/);
  });

  it.each(['acme/shop', 'a/b', 'Acme-Inc/shop.js', 'acme_corp/_shop-1'])('may be notified about %s', (repository) => {
    expect(check(github('', repository)).errors).toEqual([]);
  });

  it('gets its token only over an encrypted connection or within this machine', () => {
    const said = 'github.api would carry the token in clear; expected https://';
    expect(check(github('api: "http://github.example.com/api/v3",')).errors).toEqual([said]);
    expect(check(github('api: "http://127.0.0.1.evil.example.com",')).errors).toEqual([said]);
    expect(check(github('api: "http://127.0.0.1:3000/",')).statuses?.github?.api).toBe('http://127.0.0.1:3000');
    expect(check(github('api: "https://user:pw@github.example.com",')).errors.join()).toMatch(/^github\.api expected/);
  });

  it('names services and targets of this file, each once', () => {
    const repository = 'repository: acme/shop, environments: [{ target: staging }, { target: staging }]';
    const list = `[{ service: shop, ${repository} }, { service: shop, repository: acme/b }, { service: cart, repository: acme/c }]`;
    expect(check(`{ github: { token: "${variable}", repositories: ${list} } }`).errors).toEqual([
      'github.repositories[0].environments[0].target shop has no target staging',
      'github.repositories[0].environments[1].target staging is in this list already',
      'github.repositories[0].environments[1].target shop has no target staging',
      'github.repositories[1].service shop is in this list already',
      'github.repositories[2].service there is no service cart in this file',
    ]);
  });

  it('may be configured in a shell that was not given the token, but not without one', () => {
    const { statuses, errors } = check(github('').replace('TOKEN', 'NOT_GIVEN'));
    expect(errors).toEqual([]);
    expect(statuses?.github?.token).toEqual({ value: undefined });
    expect(check(github('').replace(variable, 'file:github.token')).statuses?.github?.token).toEqual({
      file: '/srv/github.token',
    });
    expect(check(github('').replace(`token: "${variable}",`, '')).errors).toEqual([
      'github.token is missing; expected a token of GitHub',
    ]);
  });

  it('never shows a token that does not fit', () => {
    const split = check(github('').replace('TOKEN', 'SPLIT')).errors.join('\n');
    expect(split).toMatch(/^github\.token expected a secret .*found the value of a variable, which does not fit$/);
    const clear = check(github('').replace(variable, 'ghp abc')).errors.join('\n');
    expect(clear).not.toContain('abc');
  });
});

describe('receivers of events', () => {
  it('have a name each, and a source in common', () => {
    const { statuses, errors } = check(sinks('name: a, url: "http://10.0.0.7/in"', 'name: b, url: "https://b/x"'));
    expect(errors).toEqual([]);
    expect(statuses?.cdevents?.source).toBe('/bluegreen');
    expect(statuses?.cdevents?.sinks.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(check(sinks('name: a, url: "https://a"', 'name: a, url: "https://b"')).errors).toEqual([
      'cdevents.sinks[1].name a is in this list already',
    ]);
  });

  it('get no token in clear, and no secret of another form, which is not shown', () => {
    expect(check(sinks(`name: a, url: "http://10.0.0.7/in", token: "${variable}"`)).errors).toEqual([
      'cdevents.sinks[0].url would carry the token in clear; expected https://',
    ]);
    const { errors } = check(sinks('name: a, url: "https://a", secret: shared-word'));
    expect(errors.join('\n')).toMatch(/^cdevents\.sinks\[0\]\.secret expected a secret of Standard Webhooks/);
    expect(errors.join('\n')).not.toContain('shared-word');
  });
});

describe('traces', () => {
  it('go to one collector, with a token or without', () => {
    expect(check('{ traces: { url: "http://127.0.0.1:4318/v1/traces" } }').statuses?.traces).toEqual({
      url: 'http://127.0.0.1:4318/v1/traces',
      token: undefined,
    });
    const ofToken = check(`{ traces: { url: "https://otel.example.com/v1/traces", token: "${variable}" } }`);
    expect(ofToken.statuses?.traces?.token?.value).toBe('ghs_0123456789');
    expect(check('{}').statuses).not.toHaveProperty('traces');
  });

  it('take no token over a network in clear', () => {
    expect(check(`{ traces: { url: "http://otel.example.com/v1/traces", token: "${variable}" } }`).errors).toEqual([
      'traces.url would carry the token in clear; expected https://',
    ]);
  });
});
