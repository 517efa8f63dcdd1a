import { describe, expect, it } from 'vitest';
import { ownOf } from '../../config/drivers.ts';
import { checkConfig, smallDrivers } from '../../testing/small-drivers.ts';
import { haproxy } from './descriptor.ts';

const drivers = { ...smallDrivers, balancers: [...smallDrivers.balancers, haproxy] } as const;

const withBalancer = (loadBalancer: string) => `state: state
slack: {}
people: [{ id: ann }, { id: bob }]
approvers: [ann, bob]
services:
  shop:
    command: [node, server.js]
    releases: releases
    channel: "#shop"
    targets:
      production:
        slots: { blue: { port: 8001 }, green: { port: 8002 } }
        loadBalancer: { listen: 8080, ${loadBalancer} }
`;

function check(loadBalancer: string) {
  const text = withBalancer(loadBalancer);
  const { settings, problems } = checkConfig({ file: '/srv/bluegreen.yaml', text, environment: {}, drivers });
  const errors = problems.filter(({ severity }) => severity === 'error');
  return {
    haproxy: ownOf(settings?.targets[0]?.balancer, 'haproxy'),
    errors: errors.map(({ path, message }) => `${path.split('loadBalancer.').at(-1)} ${message}`),
  };
}

const attached = (change: Readonly<Record<string, string | undefined>> = {}) => {
  const lines: Record<string, string | undefined> = {
    folder: 'haproxy',
    nodes:
      '[{ name: a, socket: /run/a.sock, entrypoint: "http://10.0.0.5:80" }, { name: b, socket: "10.0.0.6:9999", entrypoint: "http://10.0.0.6" }]',
    check: '[haproxy, -c, -f, /etc/haproxy/haproxy.cfg, -f, "{file}"]',
    reload: '[systemctl, reload, haproxy]',
    logListen: '"0.0.0.0:9514"',
  };
  const said = Object.entries({ ...lines, ...change }).filter(([, value]) => value !== undefined);
  const body = said.map(([key, value]) => `${key}: ${value}`);
  return check(`driver: haproxy, haproxy: { mode: attached, ${body.join(', ')} }`);
};

describe('HAProxy as the load balancer', () => {
  it('is one of the engine, found by its name, unless something else is said', () => {
    expect(check('driver: haproxy')).toEqual({
      errors: [],
      haproxy: { mode: 'managed', program: 'haproxy', tls: undefined },
    });
  });

  it('is not checked where another load balancer is chosen', () => {
    expect(check('driver: embedded, haproxy: { mode: attached }')).toEqual({ errors: [], haproxy: undefined });
  });

  it('can be several that run already; paths start at the folder of the file', () => {
    expect(attached()).toEqual({
      errors: [],
      haproxy: {
        mode: 'attached',
        folder: '/srv/haproxy',
        nodes: [
          { name: 'a', socket: { path: '/run/a.sock' }, entrypoint: 'http://10.0.0.5:80' },
          { name: 'b', socket: { host: '10.0.0.6', port: 9999 }, entrypoint: 'http://10.0.0.6' },
        ],
        check: ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg', '-f', '{file}'],
        reload: ['systemctl', 'reload', 'haproxy'],
        logAddress: { host: '0.0.0.0', port: 9514 },
        tls: undefined,
      },
    });
  });

  it.each(['folder', 'nodes', 'check', 'reload', 'logListen'])('that runs already needs %s', (key) => {
    const { errors } = attached({ [key]: undefined });
    expect(errors).toEqual([expect.stringMatching(new RegExp(`^haproxy\\.${key} is missing; expected `))]);
  });

  it('is checked with our file, and its nodes have different names', () => {
    expect(attached({ check: '[haproxy, -c]' }).errors).toEqual([
      'haproxy.check does not say {file}; expected it where our file is to be checked',
    ]);
    const twice = '[{ name: a, socket: /a, entrypoint: "http://a" }, { name: a, socket: /b, entrypoint: "http://b" }]';
    expect(attached({ nodes: twice }).errors.join()).toContain('is the name of another node too');
  });

  it('must be able to carry the names that it is given', () => {
    const names = 'sticky: { name: "a.b" }, preview: { header: "x!", token: "0123456789abcdef" }';
    expect(check(`driver: haproxy, ${names}, allow: { by: cookie, name: "c|d", values: [a] }`).errors).toEqual(
      ['sticky.name', 'preview.header', 'allow.name'].map(
        (place) => `${place} cannot be written for HAProxy; expected letters, digits, hyphens and underscores`,
      ),
    );
  });

  it('has a separate port for TLS', () => {
    expect(check('driver: haproxy, haproxy: { tls: { listen: 8001, certificate: a.pem } }').errors.join()).toContain(
      'port 8001 is already taken',
    );
  });
});
