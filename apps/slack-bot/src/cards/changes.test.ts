// What changes between two releases, as far as builds show it, and the addresses that are made of it.

import { describe, expect, test } from 'vitest';
import { build, commitOf } from '../testing/builds.ts';
import { changesIn } from './changes.ts';
import { commitUrl, compareUrl, webUrl } from './code-host.ts';

const newestFirst = [
  build({ id: 6, version: 'v2.2' }),
  build({ id: 5, version: 'v2.1' }),
  build({ id: 4, version: 'v2.1-pr', branch: 'prices', pullRequest: 12 }),
  build({ id: 3, version: 'v2.0.1', conclusion: 'failed' }),
  build({ id: 2, version: 'v2.0' }),
  build({ id: 1, version: 'v1.0' }),
];
const commits = (from: string | undefined, to: string) =>
  changesIn(newestFirst, { from, to })?.commits.map(({ version }) => version);

describe('changes', () => {
  test('are the commits of the branch after the live one, failed builds among them, newest first', () => {
    expect(commits('v2.0', 'v2.1')).toEqual(['v2.1', 'v2.0.1']);
    expect(commits('v1.0', 'v2.2')).toEqual(['v2.2', 'v2.1', 'v2.0.1', 'v2.0']);
  });

  test('on the way back are what is removed', () => {
    expect(changesIn(newestFirst, { from: 'v2.1', to: 'v2.0' })).toMatchObject({
      back: true,
      since: 'v2.1',
      compare: `https://github.com/acme/shop/compare/${commitOf(2)}...${commitOf(5)}`,
    });
    expect(commits('v2.1', 'v2.0')).toEqual(['v2.1', 'v2.0.1']);
  });

  test('are the one commit, where nothing is known of the live release, or it came from elsewhere', () => {
    expect(changesIn(newestFirst, { from: 'by-hand', to: 'v2.1' })).toMatchObject({ since: undefined });
    expect(commits('by-hand', 'v2.1')).toEqual(['v2.1']);
    expect(commits(undefined, 'v1.0')).toEqual(['v1.0']);
    const moved = [build({ id: 9, version: 'v3', repository: 'acme/other' }), ...newestFirst];
    expect(changesIn(moved, { from: 'v2.1', to: 'v3' })).toMatchObject({ since: undefined, compare: undefined });
    expect(commits('v2.0', 'by-hand')).toBeUndefined();
  });

  test('say a commit once that was built twice', () => {
    const again = [build({ id: 7, version: 'v2.2', commit: commitOf(6) }), ...newestFirst];
    expect(changesIn(again, { from: 'v2.1', to: 'v2.2' })?.commits).toHaveLength(1);
  });
});

describe('addresses', () => {
  const gitlab = {
    host: 'gitlab',
    repository: 'group/sub/shop',
    url: 'https://git.example.com/x/group/sub/shop/-/pipelines/7',
  };

  test('stay on the host that the run is on', () => {
    expect(commitUrl(build(), 'abcdef1234')).toBe('https://github.com/acme/shop/commit/abcdef1234');
    expect(commitUrl(gitlab, 'abcdef1234')).toBe('https://git.example.com/x/group/sub/shop/-/commit/abcdef1234');
    expect(compareUrl(gitlab, 'abcdef1', 'abcdef2')).toBe(
      'https://git.example.com/x/group/sub/shop/-/compare/abcdef1...abcdef2',
    );
  });

  test('are not made of what is no address, no commit, or of a host that is not known', () => {
    expect(commitUrl(build({ url: 'javascript:alert(1)' }), 'abcdef1234')).toBeUndefined();
    expect(commitUrl(build(), '../../evil')).toBeUndefined();
    expect(commitUrl(build({ url: 'https://evil.example/run/1' }), 'abcdef1234')).toBeUndefined();
    expect(
      commitUrl(build({ host: 'generic', url: 'https://ci.example/acme/shop/runs/1' }), 'abcdef1234'),
    ).toBeUndefined();
    expect(webUrl('https://user:secret@ci.example/1')).toBeUndefined();
    expect(webUrl('file:///etc/passwd')).toBeUndefined();
  });
});
