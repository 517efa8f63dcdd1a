import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench, smallConfig } from './test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const production = 'services.shop.targets.production';
const secondTarget = (options = '') =>
  `    targets:\n      staging: { slots: { blue: { port: 9001 }, green: { port: 9002 } }, loadBalancer: { listen: 9080 }${options} }\n`;

describe('a sound configuration', () => {
  it('has no problem and no warning', () => {
    expect(bench.problems(smallConfig)).toEqual([]);
    expect(bench.check(smallConfig).settings?.targets).toHaveLength(1);
  });
});

const together: readonly (readonly [what: string, text: () => string, problem: string])[] = [
  [
    'two slots on one port',
    () => edited(['8002', '8001']),
    `19:26 ${production}.slots.green.port: port 8001 is already taken by ${production}.slots.blue.port`,
  ],
  [
    'a balancer on the port of a slot',
    () => edited(['8080', '"127.0.0.1:8002"']),
    `21:19 ${production}.loadBalancer.listen: port 8002 is already taken by ${production}.slots.green.port`,
  ],
  [
    'a port of another target',
    () => edited(['    targets:\n', secondTarget(', default: true').replace('9002', '8001')]),
    `19:25 ${production}.slots.blue.port: port 8001 is already taken by services.shop.targets.staging.slots.green.port`,
  ],
  [
    'an approver whom nobody knows',
    () => edited(['[bob, carol]', '[bob, carl]']),
    '5:18 approvers[1]: no person in people has the id "carl"; did you mean "carol"?',
  ],
  [
    'an approver near nobody',
    () => edited(['[bob, carol]', '[bob, carol, zelda]']),
    '5:25 approvers[2]: no person in people has the id "zelda"; known people: bob, carol',
  ],
  [
    'an approver of a service',
    () => edited(['    channel', '    approval: { approvers: [bob, carol, carrol] }\n    channel']),
    '10:41 services.shop.approval.approvers[2]: no person in people has the id "carrol"; did you mean "carol"?',
  ],
  [
    'the same id twice',
    () => edited(['id: carol', 'id: bob'], ['approvers: [bob, carol]', 'approvers: [bob, "group:S01ABC"]']),
    '4:11 people[1].id: people[0] has the same id already',
  ],
  [
    'the same Slack member twice',
    () => edited(['U0CAROL', 'U0BOB']),
    '4:25 people[1].slack: people[0] has the same slack already',
  ],
  [
    'the same user of the machine twice',
    () => edited(['slack: U0BOB', 'osUser: ops'], ['slack: U0CAROL', 'osUser: ops']),
    '4:26 people[1].osUser: people[0] has the same osUser already',
  ],
  [
    'more approvals than approvers',
    () => edited(['    channel', '    approval: { count: 3 }\n    channel']),
    '10:24 services.shop.approval.count: asks for 3 people to approve, but only 2 people may; see approvers',
  ],
  [
    'more builds behind than are counted',
    () => edited(['    channel', '    staleness: { builds: 200 }\n    channel']),
    '10:26 services.shop.staleness.builds: expected a number of builds from 1 to 199, found 200',
  ],
  [
    'an approval that nobody may give',
    () => edited(['approvers: [bob, carol]\n', '']),
    `15:7 ${production}: asks for 1 person to approve, but nobody may; see approvers`,
  ],
  [
    'four eyes with one approver',
    () => edited(['[bob, carol]', '[bob]']),
    '5:1 warning: approvers: with four eyes (approval.fourEyes), 1 person to approve leaves too few when one of them deploys; name 2 or a group',
  ],
  [
    'a release of high risk that no people can approve',
    () => edited(['    channel', '    approval: { highRisk: { count: 3 } }\n    channel']),
    '10:17 services.shop.approval.highRisk: asks for 3 people to approve a release of high risk, but only 2 people may; see approvers and highRisk.approvers',
  ],
  [
    'a release of high risk with as many approvers as approvals',
    () => edited(['    channel', '    approval: { highRisk: { approvers: [bob, carol], count: 2 } }\n    channel']),
    '10:17 warning: services.shop.approval.highRisk: with four eyes (approval.fourEyes), 2 people to approve a release of high risk leaves too few when one of them deploys; name 3 or a group',
  ],
  [
    'a canary that falls',
    () => edited(['    channel', '    canary: [{ percent: 20, watch: 1m }, { percent: 10, watch: 1m }]\n    channel']),
    '10:53 services.shop.canary[1].percent: expected more than the 20 % before it, found 10',
  ],
  [
    'a canary that watches the same share twice',
    () => edited(['    channel', '    canary: [{ percent: 20, watch: 1m }, { percent: 20, watch: 1m }]\n    channel']),
    '10:53 services.shop.canary[1].percent: 20 % twice is only of use when one step watches and the other asks',
  ],
  [
    'a canary step that does nothing',
    () => edited(['    channel', '    canary: [{ percent: 20 }]\n    channel']),
    '10:14 services.shop.canary[0]: does nothing at its percentage; expected watch: <duration>, approval: true, or both',
  ],
  [
    'two smoke tests of one name',
    () => edited(['name: three', 'name: one']),
    '14:17 services.shop.smokeTests[2].name: smokeTests[0] has the same name already',
  ],
  [
    'fewer than three smoke tests',
    () => edited(['      - { name: three, path: / }\n', '']),
    '11:5 warning: services.shop.smokeTests: only 2 smoke tests; three or more find what a health check cannot',
  ],
  [
    'no default among several targets',
    () => edited(['    targets:\n', secondTarget()]),
    '15:5 services.shop.targets: there are 2 targets: write default: true at the one that the name of the service alone means',
  ],
  [
    'two defaults',
    () =>
      edited(
        ['    targets:\n', secondTarget(', default: true')],
        ['      production:\n', '      production:\n        default: true\n'],
      ),
    `18:18 ${production}.default: only one target can be the default; staging is already`,
  ],
  [
    'no target',
    () => `${smallConfig.slice(0, smallConfig.indexOf('    targets:'))}    targets: {}\n`,
    '15:5 services.shop.targets: expected at least one target, found none',
  ],
  [
    'a bad name of a service',
    () => edited(['  shop:', '  My Shop:']),
    '7:3 services["My Shop"]: expected a name of 1 to 32 small letters, digits and hyphens that starts with a letter, found "My Shop"',
  ],
  [
    'a bad name of a target',
    () => edited(['  production:', '  Production:']),
    '16:7 services.shop.targets.Production: expected a name of 1 to 32 small letters, digits and hyphens that starts with a letter, found "Production"',
  ],
  [
    'a bad name of a variable',
    () => edited(['    channel', '    env: { 2ND: x }\n    channel']),
    '10:12 services.shop.env.2ND: expected the name of a variable (letters, digits and _), found "2ND"',
  ],
  [
    'a channel that is said nowhere',
    () => edited(['    channel: "#deploys"\n', '']),
    `15:7 ${production}: channel is missing; expected the Slack channel where deployments are shown, here or at services.shop.channel`,
  ],
  [
    'a pause that starts above its end',
    () => edited(['    channel', '    crash: { firstRestart: 2m }\n    channel']),
    '10:5 services.shop.crash: firstRestart (2m) is longer than maxRestart (60s)',
  ],
  [
    'a state folder too long for sockets',
    () => edited(['state: state', `state: /var/${'x'.repeat(60)}`]),
    '1:8 state: is 65 bytes long as an absolute path; at most 60, so that sockets fit below it',
  ],
  [
    'a releases folder that is not there',
    () => edited(['releases: releases', 'releases: elsewhere']),
    '8:15 warning: services.shop.releases: there is no such folder yet; put releases there, one folder per version',
  ],
  [
    'an env file that is not there',
    () => edited(['    channel', '    envFiles: [shop.env]\n    channel']),
    '10:16 warning: services.shop.envFiles[0]: there is no such file yet; a slot cannot start without it',
  ],
  [
    'a sticky header without a name',
    () => edited(['listen: 8080', 'listen: 8080\n          sticky: { by: header }']),
    `22:11 ${production}.loadBalancer.sticky.name: is missing; expected the header that identifies users, such as x-user-id`,
  ],
  [
    'one cookie for two things',
    () => edited(['listen: 8080', 'listen: 8080\n          preview: { token: "0123456789abcdef", cookie: bg_bucket }']),
    `22:57 ${production}.loadBalancer.preview.cookie: is the same cookie as that of sticky; expected another name`,
  ],
  [
    'one word for two commands',
    () => edited(['approvers:', 'slack: { commands: { switch: deploy } }\napprovers:']),
    '5:30 slack.commands.switch: is the same word as that of deploy; expected another',
  ],
  [
    'a word that Slack keeps',
    () => edited(['approvers:', 'slack: { commands: { status: status } }\napprovers:']),
    '5:30 warning: slack.commands.status: Slack keeps /status for itself and refuses an app that names it; choose another word or set slack.prefix',
  ],
  [
    'fields that are not looked at',
    () => edited(['    channel', '    health: { check: status-code, fields: { version: v } }\n    channel']),
    '10:35 warning: services.shop.health.fields: is not looked at, since health.check is status-code',
  ],
];

describe('values that do not fit together', () => {
  it.each(together)('%s', (_what, text, problem) => {
    expect(bench.problems(text())).toEqual([problem]);
  });

  it('a state folder that is a file', () => {
    writeFileSync(join(bench.folder, 'taken'), '');
    expect(bench.problems(edited(['state: state', 'state: taken']))).toEqual([
      '1:8 state: is a file; expected a folder, or nothing yet',
    ]);
  });

  it('an existing env file and state folder are fine', () => {
    writeFileSync(join(bench.folder, 'here.env'), 'A=1\n');
    mkdirSync(join(bench.folder, 'state'), { recursive: true });
    expect(bench.problems(edited(['    channel', '    envFiles: [here.env]\n    channel']))).toEqual([]);
  });

  it('an env file with lines that are not understood is named with them, and without values', () => {
    writeFileSync(join(bench.folder, 'wrong.env'), 'A=1\nno secret\n');
    expect(bench.problems(edited(['    channel', '    envFiles: [wrong.env]\n    channel']))).toEqual([
      expect.stringMatching(
        /envFiles\[0\]: .*wrong\.env:2: is no assignment; (?!.*secret).*a slot cannot start with it$/,
      ),
    ]);
  });

  it('a canary may ask at the share it has just watched, and a group may approve', () => {
    const canary = '    canary: [{ percent: 10, watch: 1m }, { percent: 10, approval: true }]\n    channel';
    expect(bench.problems(edited(['    channel', canary], ['[bob, carol]', '["group:S01ABC"]']))).toEqual([]);
  });

  it('no approvers need to be named where no approval is required', () => {
    expect(
      bench.problems(edited(['approvers: [bob, carol]\n', ''], ['    channel', '    canary: []\n    channel'])),
    ).toEqual([]);
  });
});
