import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

const key = (bytes = 32) => `whsec_${randomBytes(bytes).toString('base64')}`;
const problemsOf = (environment: Readonly<Record<string, string>>) => {
  const options = readOptions(environment);
  return 'problems' in options ? options.problems : [];
};

describe('the environment', () => {
  it.each([
    ['WEBHOOK_SECRET', key()],
    ['GITHUB_WEBHOOK_SECRET', 'x'.repeat(16)],
    ['GITLAB_SIGNING_TOKEN', key(24)],
    ['GITLAB_WEBHOOK_TOKEN', 'x'.repeat(16)],
    ['CDEVENTS_SECRET', key()],
    ['CDEVENTS_TOKEN', 'x'.repeat(16)],
  ])('is enough with %s alone, and several of them', (name, secret) => {
    expect(problemsOf({ [name]: secret })).toEqual([]);
    expect(problemsOf({ [name]: ` ${secret} , ${secret},` })).toEqual([]);
  });

  it('trusts no proxy unless one is named', () => {
    expect(readOptions({ WEBHOOK_SECRET: key() })).toMatchObject({ trustedProxies: [], host: '127.0.0.1', port: 3001 });
    expect(readOptions({ WEBHOOK_SECRET: key(), TRUSTED_PROXIES: 'loopback, 10.0.0.0/8' })).toMatchObject({
      trustedProxies: ['loopback', '10.0.0.0/8'],
    });
  });

  it('needs a secret of some hook', () => {
    expect(problemsOf({})).toEqual([expect.stringMatching(/^WEBHOOK_SECRET is not set: .*CDEVENTS_TOKEN$/)]);
  });

  it('is checked whole: the error names every problem and shows no secret', () => {
    const wrong = {
      WEBHOOK_SECRET: `${key()},${key(23)},plain-text-secret`,
      GITHUB_WEBHOOK_SECRET: 'shortsecret',
      GITLAB_WEBHOOK_TOKEN: 'with a blank inside it',
      CDEVENTS_SECRET: 'whsec_!!!',
      PORT: '70000',
      TRUSTED_PROXIES: 'localhost',
    };
    const problems = problemsOf({ ...wrong, WEBHOOK_SECRET: wrong.WEBHOOK_SECRET });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'WEBHOOK_SECRET, number 2',
      'WEBHOOK_SECRET, number 3',
      'GITHUB_WEBHOOK_SECRET, number 1',
      'GITLAB_WEBHOOK_TOKEN, number 1',
      'CDEVENTS_SECRET, number 1',
      'PORT is not a port',
      'TRUSTED_PROXIES',
    ]);
    for (const secret of ['plain-text', 'shortsecret', 'with a blank', '!!!'])
      expect(problems.join()).not.toContain(secret);
  });
});
