// Four eyes: whoever wrote the commit counts as having asked for its deployment.

import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, ci, codeOf, type Desk } from '../orchestrator/verbs/testing/desk.ts';
import { announceAll, buildBody, deliver, setCi } from './testing/ci.ts';

let desk: Desk;
afterEach(() => desk.remove());

/** v2.1, asked for by a machine, waits for an approval of alice, bob or carol. */
async function waiting(authors: readonly object[], options = { fourEyes: true }) {
  desk = setCi(announceAll);
  if (!options.fourEyes) {
    desk.remove();
    desk = setCi(`${announceAll}    approval: { fourEyes: false }\n`);
  }
  desk.serving();
  await deliver(desk.engine, buildBody('v2.1', 1, { authors }));
  return { engine: desk.engine, ref: desk.running('await-approval', { requestedBy: 'machine:generic' }) };
}

describe('an approval of what somebody wrote', () => {
  it.each([
    ['by address', { email: 'ALICE@acme.example' }],
    ['by login', { login: 'Alice-Adams' }],
    ['by the private address of the host', { email: '99+alice-adams@users.noreply.github.com' }],
    ['by an address nobody has and a login', { email: 'a@home.example', login: 'alice-adams' }],
  ])('is refused to whoever is known %s, and given by another', async (_how, author) => {
    const { engine, ref } = await waiting([author]);
    expect(engine.deployment(ref.id)?.approval).toMatchObject({ fourEyes: true, writers: ['alice'] });
    expect(engine.approve(ref, alice)).toMatchObject({
      ok: false,
      refusal: {
        code: 'four-eyes',
        sentence: 'alice wrote a part of v2.1 and cannot approve it',
        hint: 'Ask bob, carol.',
      },
    });
    expect(codeOf(engine.promote(ref, alice))).toBe('four-eyes');
    expect(codeOf(engine.approve({ id: ref.id }, bob))).toBe('ok');
  });

  it('is refused to each of several, and a no is taken from all of them', async () => {
    const { engine, ref } = await waiting([{ email: 'alice@acme.example' }, { email: 'bob@acme.example' }]);
    expect([codeOf(engine.approve(ref, alice)), codeOf(engine.approve(ref, bob))]).toEqual(['four-eyes', 'four-eyes']);
    expect(codeOf(engine.reject(ref, alice, 'I forgot the prices'))).toBe('ok');
  });

  it('is given by whoever wrote it where four eyes are not asked for', async () => {
    const { engine, ref } = await waiting([{ email: 'alice@acme.example' }], { fourEyes: false });
    expect(codeOf(engine.approve(ref, alice))).toBe('ok');
  });
});

describe('whoever looks at a plan', () => {
  it('is told who cannot approve it, and who is known to nobody', async () => {
    const { engine } = await waiting([{ email: 'alice@acme.example' }, { name: 'Zoe', email: 'zoe@home.example' }]);
    desk.ended('d_live');
    const plan = await engine.plan({ version: 'v2.1', actor: ci });
    expect(plan.ok && plan.value.warnings).toEqual(
      expect.arrayContaining([
        'written by alice, who cannot approve it',
        'written by Zoe <zoe@home.example>, whom nobody in people is known as: four eyes cannot hold for them',
      ]),
    );
    const other = await engine.plan({ version: 'v2.0', actor: ci });
    expect(other.ok && other.value.warnings.filter((warning) => warning.includes('written'))).toEqual([]);
  });
});
