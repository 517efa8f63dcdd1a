import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StatusesFile } from '../../config/statuses/statuses.ts';
import { setState, type TestState } from '../../state/testing/state.ts';
import { statusNotifiers } from './notifiers.ts';
import { type LocalServer, localServer } from './testing/local-server.ts';
import { eventually, finish, leapingClock, request, sceneOf, startNotifying } from './testing/scene.ts';

const clock = leapingClock();
let state: TestState;
let folder: string;
let tracker: LocalServer;

beforeEach(async () => {
  state = setState({ clock });
  folder = mkdtempSync(join(tmpdir(), 'bg-statuses-'));
  tracker = await localServer(() => ({ status: 202 }));
});
afterEach(async () => {
  await tracker.close();
  state.remove();
  rmSync(folder, { recursive: true, force: true });
});

const repositories = [{ service: 'shop', repository: 'acme/shop' }];
const tellersOf = (config: StatusesFile) =>
  statusNotifiers(sceneOf({ store: state.store, clock, config })).map(({ name }) => name);

describe('a process', () => {
  it('notifies each separately', () => {
    const sinks = ['a', 'b'].map((name) => ({ name, url: 'https://events.example.com' }));
    expect(tellersOf({ github: { token: 'ghs_0123456789', repositories }, cdevents: { sinks } })).toEqual([
      'github',
      'cdevents:a',
      'cdevents:b',
    ]);
    expect(tellersOf({})).toEqual([]);
  });

  it('that was not given a variable leaves to others what needs it, and reports the rest', () => {
    const url = 'https://events.example.com';
    const sinks = [
      { name: 'a', url, token: undefined },
      { name: 'b', url, secret: undefined },
      { name: 'c', url },
    ];
    expect(tellersOf({ github: { token: undefined, repositories }, cdevents: { sinks } })).toEqual(['cdevents:c']);
  });

  it('reads a token from its file again for each message', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'first-token\n');
    const sinks = [{ name: 'a', url: tracker.origin, token: `file:${file}` }];
    const notifying = startNotifying(sceneOf({ store: state.store, clock, config: { cdevents: { sinks } } }));
    finish(state.store, request(state.store, 'v1'), 'failed', 'v1 is unhealthy');
    await eventually(() => tracker.heard.length === 1, 'the first event');
    writeFileSync(file, 'second-token\n');
    finish(state.store, request(state.store, 'v2'), 'failed', 'v2 is unhealthy');
    await eventually(() => tracker.heard.length === 2, 'the second event');
    expect(tracker.heard.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first-token',
      'Bearer second-token',
    ]);
    await notifying.stop();
  });
});
