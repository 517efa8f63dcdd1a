import { expect, test } from 'vitest';
import { type SeenSession, sessionsOf, shortActivity } from './activity.ts';

const session = (id: string, blockedBy: readonly string[] = [], seconds = 1): SeenSession => ({
  id,
  who: 'shop',
  state: 'active',
  seconds,
  waitsFor: blockedBy.length > 0 ? 'relation' : undefined,
  blockedBy,
  query: 'SELECT ?',
});

test('a queue is as deep as its longest path, and its head comes first', () => {
  const { sessions } = sessionsOf([
    session('4', ['3', '2', '1']),
    session('3', ['2', '1']),
    session('2', ['1']),
    session('1'),
    session('9', [], 900),
  ]);
  expect(sessions.map(({ id, depth, blocks }) => [id, depth, blocks])).toEqual([
    ['1', 0, 3],
    ['2', 1, 2],
    ['3', 2, 1],
    ['4', 3, 0],
    ['9', 0, 0],
  ]);
});

test('a circle, one that waits for itself, and a queue of hundreds end', () => {
  expect(sessionsOf([session('1', ['2']), session('2', ['1']), session('3', ['3'])]).sessions).toHaveLength(3);
  const many = Array.from({ length: 500 }, (_, at) =>
    session(
      String(at),
      Array.from({ length: at }, (_, ahead) => String(ahead)),
    ),
  );
  const { sessions, moreSessions } = sessionsOf(many);
  expect([sessions.length, moreSessions]).toEqual([25, 475]);
  expect(sessions[0]).toMatchObject({ id: '0', blocks: 499 });
});

test('the short form says how many wait, behind which session, and how full the server is', () => {
  const activity = {
    ...sessionsOf([session('1', [], 12), session('2', ['1']), session('3', ['2'])]),
    connections: { used: 40, most: 100 },
    replicas: [],
    indexBuilds: [],
    notSeen: [],
  };
  expect(shortActivity(activity)).toBe(
    '2 wait for locks, 2 deep; 1 of shop (active for 12 s) keeps 2 waiting; 40 of 100 connections',
  );
  expect(shortActivity({ ...activity, ...sessionsOf([]) })).toBeUndefined();
});
