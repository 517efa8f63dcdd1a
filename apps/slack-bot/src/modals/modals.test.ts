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

test('the form shows the newest by time and always what is live and chosen, and says how many it leaves out', () => {
  const many = [
    ...releases,
    { version: 'build-500', registered: false, active: false, quarantined: undefined, at: 1e9 },
  ];
  const places = Array.from({ length: 130 }, (_, at) => ({ service: 'shop', target: `t${at}`, name: `t${at}` }));
  const form = deployModal({ targets: places, chosen: { service: 'shop', target: 't120' }, releases: many });
  expect(checkView(form, 'modal')).toMatchObject({ ok: true });
  const [where, version] = form.blocks.map((block) => JSON.stringify(block));
  expect(where).toContain('"initial_option":{"text":{"type":"plain_text","text":"t120"');
  expect(version).toMatch(/"options":\[\{"text":\{"type":"plain_text","text":"build-500"/);
  expect(version).toContain('v1.3 (live now)');
  expect(version).not.toContain('"v1.5"');
  const text = JSON.stringify(form);
  expect(text).toContain('41 more versions');
  expect(text).toContain('30 more targets');
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
