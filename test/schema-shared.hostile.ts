// Two targets of a service on one database: what a contract on one removes must not be needed on the other.

import { freePorts } from '@bg/engine/test-kit';
import { afterAll, expect, it } from 'vitest';
import { alice, deployed, eventually, type Stage, setStage, value } from './support/stage.ts';

let stage: Stage | undefined;
afterAll(() => stage?.strike(), 60_000);

const settings = `
        canary: []
        bake: 1s
        database: { driver: sqlite, rollbackFor: 0s }
`;

it('is refused while a release on the other target needs the old shape', { timeout: 170_000 }, async () => {
  const [blue, green, front] = await freePorts(3);
  const staging = `
      staging:
        slots: { blue: { port: ${blue} }, green: { port: ${green} } }
        loadBalancer: { driver: embedded, listen: "127.0.0.1:${front}" }
${settings}`;
  stage = await setStage({ database: true, target: `        default: true${settings}${staging}` });
  const { engine } = stage.drive();
  const [production, other] = [{ target: 'production' }, { target: 'staging' }];
  expect((await deployed(engine, 'v2.0', other)).outcome).toMatchObject({ kind: 'promoted' });
  expect((await deployed(engine, 'v2.1', production)).outcome).toMatchObject({ kind: 'promoted' });
  const schema = () => value(engine.target(production)).schema;
  await eventually(() => schema()?.migrations.at(-1)?.state === 'ready');
  const refused = await engine.migrations.contract({ ...production, actor: alice });
  expect(refused).toMatchObject({ ok: false, refusal: { code: 'schema-needed' } });
  expect(refused.ok ? '' : refused.refusal.sentence).toMatch(/v2\.0 \(active of shop\/staging\)/);
  expect((await deployed(engine, 'v2.1', other)).outcome).toMatchObject({ kind: 'promoted' });
  await eventually(() => value(engine.target(other)).slots.some(({ role }) => role === 'standby'));
  const standby = value(engine.target(other)).slots.find(({ role }) => role === 'standby')?.slot ?? 'blue';
  value(await engine.slots.stop({ ...other, slot: standby, actor: alice }));
  value(await engine.migrations.contract({ ...production, actor: alice }));
});
