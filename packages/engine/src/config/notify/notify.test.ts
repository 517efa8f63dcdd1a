import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';
import { secretsIn } from './settings.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

const withNotify = (notify: string, recipients = '') =>
  edited(
    ['approvers: [bob, carol]', `approvers: [bob, carol]\nnotify: ${notify}`],
    ['    channel:', `${recipients}    channel:`],
  );
const mail = (more: string) => withNotify(`{ mail: { host: smtp.example.com, from: deploys@example.com${more} } }`);
const page = (more: string) => withNotify(`{ pages: [{ name: on-call, ${more} }] }`);
const settingsOf = (text: string, environment: Record<string, string> = {}) => {
  const { settings, problems } = bench.check(text, environment);
  if (settings === undefined) throw new Error(JSON.stringify(problems));
  return settings;
};

describe('mail', () => {
  it('is encrypted, digested and given up as documented when nothing is said', () => {
    expect(settingsOf(mail('')).notify).toEqual({
      workspace: undefined,
      link: undefined,
      pagers: [],
      mail: {
        host: 'smtp.example.com',
        port: 587,
        tls: 'starttls',
        ca: undefined,
        login: undefined,
        from: { name: 'Deployments', address: 'deploys@example.com' },
        authorDomains: [],
        templates: undefined,
        giveUpMs: 259_200_000,
        digest: { after: 5, withinMs: 600_000 },
      },
    });
    expect(settingsOf(mail(', tls: implicit')).notify.mail?.port).toBe(465);
  });

  it('takes its password from the environment or from a file, and loads without', () => {
    const text = mail(`, user: deploys, password: "\${SMTP_PASSWORD}"`);
    const given = settingsOf(text, { SMTP_PASSWORD: 'correct-horse' }).notify;
    expect(given.mail?.login).toEqual({ user: 'deploys', password: { value: 'correct-horse' } });
    expect(secretsIn(given)).toEqual(['correct-horse']);
    expect(settingsOf(text).notify.mail?.login).toEqual({ user: 'deploys', password: { value: undefined } });
    const file = settingsOf(mail(', user: deploys, password: "file:secrets/smtp"')).notify;
    expect(file.mail?.login?.password).toEqual({ file: join(bench.folder, 'secrets', 'smtp') });
    expect(secretsIn(file)).toEqual([]);
  });

  it.each([
    [', user: deploys', 'has half of a login'],
    [', password: abcdefgh', 'has half of a login'],
    [', tls: none, user: deploys, password: abcdefgh', 'would send the password in the clear'],
    [', templates: nowhere', 'there is no such folder'],
    [', from: "a@b.example, c@d.example"', 'expected an e-mail address'],
    [`, user: x, password: "\${ }"`, 'come a name of letters'],
    [', authorDomains: ["*"]', 'expected a domain'],
  ])('with %s: %s', (more, problem) => {
    const text = more.includes('from:') ? mail(more).replace('from: deploys@example.com, ', '') : mail(more);
    expect(bench.problems(text).join('\n')).toContain(problem);
  });

  it('may be in clear text within this machine', () => {
    mkdirSync(join(bench.folder, 'mail'));
    const text = mail(', tls: none, user: deploys, password: abcdefgh, templates: mail').replace(
      'smtp.example.com',
      '127.0.0.1',
    );
    expect(bench.problems(text)).toEqual([]);
  });
});

describe('pages', () => {
  it.each([
    ['driver: pagerduty', 'is missing; expected its key or secret'],
    ['driver: webhook, secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAA"', 'is missing; expected the address of the webhook'],
    ['driver: webhook, url: "https://pager.example.com", secret: "not base64!"', 'as Standard Webhooks has it'],
    ['driver: pagerduty, url: "http://pager.example.com", secret: abcdefgh', 'is not encrypted'],
    ['driver: pagerduty, secret: abc }, { name: on-call, driver: pagerduty, secret: def', 'has the same name already'],
  ])('with %s: %s', (more, problem) => {
    expect(bench.problems(page(more)).join('\n')).toContain(problem);
  });

  it('of a webhook whose secret comes from the environment is not shown in a problem', () => {
    const text = page(`driver: webhook, url: "https://pager.example.com", secret: "\${PAGER_SECRET}"`);
    expect(bench.problems(text, { PAGER_SECRET: 'hunter2 hunter2' }).join('\n')).not.toContain('hunter2');
    expect(bench.problems(text)).toEqual([]);
  });
});

describe('who is notified', () => {
  const developers = (...ids: readonly string[]) => `    notify: { developers: [${ids.join(', ')}] }\n`;

  it('is a person on the list who has an address', () => {
    const text = withNotify(
      '{ mail: { host: smtp.example.com, from: deploys@example.com } }',
      developers('bob', 'bop'),
    );
    const problems = bench.problems(text).join('\n');
    expect(problems).toContain('no person in people has the id "bop"');
    expect(problems).toContain('bob has no email in people');
  });

  it('decides nothing about what is started: processes may differ in it', () => {
    const digestOf = (recipients: string) => settingsOf(withNotify('{}', recipients)).digest;
    expect(digestOf(developers('bob'))).toBe(digestOf(developers('carol')));
  });
});
