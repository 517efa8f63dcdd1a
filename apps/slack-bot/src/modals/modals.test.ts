import type { DeploymentView } from '@bg/engine';
import { expect, test } from 'vitest';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import { readRef, readSideRef } from '../cards/button-value.ts';
import { hostileTexts, poisoned } from '../testing/hostile.ts';
import { everyView } from '../testing/views.ts';
import { deployModal, readDeployForm } from './deploy-modal.ts';
import { answer, ticked } from './inputs.ts';
import { rejectModal } from './reject-modal.ts';

const releases = Array.from({ length: 140 }, (_, index) => ({
  version: `v1.${index}`,
  registered: index % 2 === 0,
  active: index === 3,
  quarantined: index === 4 ? 'it lost orders' : undefined,
  at: index * 60_000,
}));
const targets = [
  { service: 'shop', target: 'production', name: 'shop' },
  { service: 'shop', target: 'staging', name: 'shop/staging' },
];
const chosen = { service: 'shop', target: 'production' };

test('the deploy form is valid for one target, for several, for no release and for far too many', () => {
  for (const form of [
    { targets, chosen, releases },
    { targets: targets.slice(0, 1), chosen, releases: releases.slice(0, 1) },
    { targets, chosen, releases: [] },
  ])
    expect(checkView(deployModal(form), 'modal')).toMatchObject({ ok: true });
});

const release = (version: string, at: number) => ({
  version,
  registered: false,
  active: false,
  quarantined: undefined,
  at,
});
const placesOf = (length: number) =>
  Array.from({ length }, (_, at) => ({ service: 'shop', target: `t${at}`, name: `t${at}` }));

test('more than a hundred versions and targets are there to choose, in groups, the newest first', () => {
  const many = [...releases, release('build-500', 1e9)];
  const form = deployModal({ targets: placesOf(130), chosen: { service: 'shop', target: 't120' }, releases: many });
  expect(checkView(form, 'modal')).toMatchObject({ ok: true });
  const [where, version] = form.blocks.map((block) => JSON.stringify(block));
  expect(where).toContain('"initial_option":{"text":{"type":"plain_text","text":"t120"');
  expect(where).toContain('"label":{"type":"plain_text","text":"101 to 130 of 130"');
  expect(version).toMatch(/"options":\[\{"text":\{"type":"plain_text","text":"build-500"/);
  expect(version).toContain('v1.3 (live now)');
  for (const { version: name } of many) expect(version).toContain(`"value":"${name}"`);
  expect(JSON.stringify(form)).not.toContain('more versions');
});

test('of more than a thousand the form shows the newest, always what is live and chosen, and how many it leaves out', () => {
  const older = Array.from({ length: 1000 }, (_, at) => release(`old-${at}`, at - 1_000_000));
  const form = deployModal({
    targets: placesOf(1030),
    chosen: { service: 'shop', target: 't1020' },
    releases: [...releases, ...older, { ...release('v0.1', -1e9), active: true }],
  });
  expect(checkView(form, 'modal')).toMatchObject({ ok: true });
  const text = JSON.stringify(form);
  expect(text).toContain('"initial_option":{"text":{"type":"plain_text","text":"t1020"');
  expect(text).toContain('v0.1 (live now)');
  expect(text).toContain('141 more versions');
  expect(text).toContain('30 more targets');
  expect(Buffer.byteLength(text)).toBeLessThan(250_000);
});

test('versions of one minute are in the order in which they came; what was copied together is in the order of names', () => {
  const shown = (...some: ReturnType<typeof release>[]) =>
    [...JSON.stringify(deployModal({ targets, chosen, releases: some })).matchAll(/"value":"([^"/]+)"/g)]
      .map(([, value]) => value)
      .filter((value) => value !== 'hold');
  expect(shown(release('fix-a', 70_000), release('fix-b', 80_000))).toEqual(['fix-b', 'fix-a']);
  // The engine sorts by name; a copy took 0.4 s across the end of a minute.
  expect(shown(release('v1.10', 59_800), release('v1.9', 60_200))).toEqual(['v1.10', 'v1.9']);
});

test('the reject form stays valid and inert with hostile text', () => {
  const waiting = everyView.approval as DeploymentView;
  expect(checkView(rejectModal(waiting, 12), 'modal')).toMatchObject({ ok: true });
  for (const text of Object.values(hostileTexts)) {
    const modal = rejectModal(poisoned(waiting, text), 12);
    expect(checkView(modal, 'modal')).toMatchObject({ ok: true });
    expect(JSON.stringify(modal)).not.toMatch(/<!|<script|<https/);
  }
});

test('a submitted deploy form is read back, with the target of the form where nothing was chosen', () => {
  const values = {
    'version:shop': { v: { selected_option: { value: 'v1.2' } } },
    hold: { hold: { selected_options: [{ value: 'hold' }] } },
    reason: { reason: { value: '  because ' } },
  };
  const read = { service: 'shop', target: 'production', version: 'v1.2', hold: true, reason: 'because' };
  expect(readDeployForm('shop/production', values)).toEqual(read);
  const elsewhere = { ...values, target: { t: { selected_option: { value: 'shop/staging' } } } };
  expect(readDeployForm('shop/production', elsewhere)).toEqual({ ...read, target: 'staging' });
  expect(readDeployForm('shop/production', { reason: { reason: { value: null } } })).toBeUndefined();
});

test('a forged button value is not read at all', () => {
  expect(readRef('dep_1:12')).toEqual({ id: 'dep_1', stateVersion: 12 });
  for (const forged of ['', 'dep_1', 'dep_1:', 'dep_1:x', ':1', 'a b:1', `${'x'.repeat(90)}:1`, 'dep:-1', "';--:1"])
    expect(readRef(forged), forged).toBeUndefined();
  expect(readSideRef('shop/production:dep_1')).toEqual({ ...chosen, deploymentId: 'dep_1' });
  for (const forged of ['shop:dep_1', 'shop/../x:dep', '/:', 'shop/production'])
    expect(readSideRef(forged), forged).toBeUndefined();
});

test.each([[['v1.0']], [{ v: 1 }], [7], [null]])('a value that is no text, such as %j, is no answer', (value) => {
  const values = { version: { version: { value, selected_option: { value }, selected_options: { value } } } } as never;
  expect(answer(values, 'version')).toBeUndefined();
  expect(ticked(values, 'version', 'hold')).toBe(false);
});
