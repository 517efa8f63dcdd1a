import { describe, expect, it } from 'vitest';
import { tourOptions } from './options.ts';

describe('what the tour is asked for', () => {
  it('is the whole tour on the embedded balancer unless said', () => {
    expect(tourOptions([])).toEqual({ kind: 'understood', options: { loadBalancer: 'embedded', core: false } });
  });

  it.each(['embedded', 'haproxy', 'nginx'] as const)('may be the core on %s', (name) => {
    expect(tourOptions(['--core', '--load-balancer', name])).toEqual({
      kind: 'understood',
      options: { loadBalancer: name, core: true },
    });
  });

  it.each([
    { args: ['--load-balancer', 'caddy'], why: /no load balancer "caddy": it is one of embedded, haproxy, nginx/ },
    { args: ['--load-balancer'], why: /load-balancer/ },
    { args: ['--fast'], why: /--fast/ },
  ])('is refused with the reason and what can be typed: $args', ({ args, why }) => {
    expect(tourOptions(args)).toMatchObject({ kind: 'not understood', why: expect.stringMatching(why) });
    expect(tourOptions(args)).toMatchObject({ why: expect.stringContaining('usage: npm run tour') });
  });
});
