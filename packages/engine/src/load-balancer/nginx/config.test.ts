import { describe, expect, it } from 'vitest';
import { ownOf } from '../../config/drivers.ts';
import { smallConfig } from '../../config/test-config.ts';
import { checkConfig, smallDrivers } from '../../testing/small-drivers.ts';
import { nginx } from './descriptor.ts';

const drivers = { ...smallDrivers, balancers: [...smallDrivers.balancers, nginx] } as const;

const withBalancer = (loadBalancer: string) =>
  smallConfig.replace(/loadBalancer:\n +listen: 8080/, `loadBalancer: { listen: 8080, ${loadBalancer} }`);

function check(loadBalancer: string) {
  const { settings, problems } = checkConfig({
    file: '/srv/bluegreen.yaml',
    text: withBalancer(loadBalancer),
    environment: {},
    drivers,
  });
  const errors = problems.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  const warnings = problems.filter(({ severity }) => severity === 'warning').map(({ message }) => message);
  return { nginx: ownOf(settings?.targets[0]?.balancer, 'nginx'), errors, warnings };
}

describe('nginx as the load balancer', () => {
  it('is one of the engine, found by its name, unless something else is said', () => {
    expect(check('driver: nginx')).toMatchObject({
      errors: [],
      nginx: { mode: 'managed', program: 'nginx', tls: undefined },
    });
  });

  it('is not checked where another load balancer is chosen', () => {
    expect(check('driver: embedded, nginx: { mode: attached }')).toMatchObject({ errors: [], nginx: undefined });
  });

  it('can be one that runs already; paths start at the folder of the file', () => {
    const tls = 'tls: { listen: "0.0.0.0:8443", certificate: shop.pem, key: /etc/shop.key }';
    expect(check(`driver: nginx, nginx: { mode: attached, include: conf.d/shop.conf, ${tls} }`)).toMatchObject({
      errors: [],
      nginx: {
        mode: 'attached',
        include: '/srv/conf.d/shop.conf',
        check: ['nginx', '-t'],
        reload: ['nginx', '-s', 'reload'],
        reopen: undefined,
        tls: { listen: { host: '0.0.0.0', port: 8443 }, certificate: '/srv/shop.pem', key: '/etc/shop.key' },
      },
    });
  });

  it('that runs already needs a file to include', () => {
    expect(check('driver: nginx, nginx: { mode: attached }').errors).toEqual([
      'is missing; expected the file that your nginx includes within http',
    ]);
  });

  it('must be able to read the names that it is given', () => {
    const names = 'sticky: { by: header, name: "x_user" }, allow: { by: header, name: "x.y", values: [a] }';
    expect(check(`driver: nginx, ${names}`).errors).toEqual([
      'cannot be read by nginx; expected letters, digits and hyphens',
      'cannot be read by nginx; expected letters, digits and hyphens',
    ]);
    expect(check('driver: nginx, sticky: { name: "a-b" }').errors).toEqual([
      'cannot be read by nginx; expected letters, digits and underscores',
    ]);
  });

  it('has a separate port for TLS', () => {
    const tls = 'nginx: { tls: { listen: 8001, certificate: a.pem, key: a.key } }';
    expect(check(`driver: nginx, ${tls}`).errors.join()).toContain('port 8001 is already taken');
  });

  it('reports that it cannot close single connections', () => {
    expect(check('driver: nginx, drainSpread: 30s').warnings.join()).toContain(
      'is not followed: nginx cannot close single connections (it has no drain)',
    );
  });
});
