import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';
import { artifactSecrets } from './artifacts.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const withArtifacts = (artifacts: string) =>
  edited(['    channel: "#deploys"\n', `    channel: "#deploys"\n    artifacts: ${artifacts}\n`]);
const settingsOf = (artifacts: string, environment = {}) =>
  bench.check(withArtifacts(artifacts), environment).settings?.targets[0]?.artifacts;

describe('where artifacts come from', () => {
  it.each([
    ['a.example', { name: 'a.example', port: undefined }],
    ['A.Example:8443', { name: 'a.example', port: 8443 }],
    ['"*.example.com"', { name: '*.example.com', port: undefined }],
    ['"[::1]:80"', { name: '[::1]', port: 80 }],
    ['"[::1]"', { name: '[::1]', port: undefined }],
  ])('names the host %s', (name, host) => {
    expect(settingsOf(`{ hosts: [{ name: ${name} }] }`)?.hosts).toEqual([
      { ...host, http: false, privateAddresses: false, authorization: undefined },
    ]);
  });

  it('starts relative folders at the file, and calls a repository by its url', () => {
    const found = settingsOf('{ folders: [builds], repositories: [{ url: "https://git.example/shop.git" }] }');
    expect(found?.folders).toEqual([join(bench.folder, 'builds')]);
    expect(found?.repositories).toEqual([
      {
        url: 'https://git.example/shop.git',
        name: 'https://git.example/shop.git',
        authorization: undefined,
        build: undefined,
        output: '.',
      },
    ]);
  });

  it('takes a secret out of the environment, which no message shows', () => {
    const text = `{ hosts: [{ name: a.example, authorization: "Bearer \${TOKEN}" }] }`;
    const found = settingsOf(text, { TOKEN: 'hidden' });
    expect(found && artifactSecrets(found)).toEqual(['Bearer hidden']);
    const problems = bench.problems(withArtifacts(text), { TOKEN: 'hid\nden' });
    expect(problems.join()).toContain('services.shop.artifacts.hosts[0].authorization');
    expect(problems.join()).not.toContain('den');
  });

  it.each([
    ['{ hosts: [a.example] }', 'expected'],
    ['{ hosts: [{ name: "https://a.example" }] }', 'expected a host such as'],
    ['{ hosts: [{ name: "*" }] }', 'expected a host such as'],
    ['{ repositories: [{ url: "ext::sh -c evil" }] }', 'expected the address of a repository'],
    ['{ repositories: [{ url: "--upload-pack=x" }] }', 'expected the address of a repository'],
    ['{ repositories: [{ url: "https://a/b", output: "../x" }] }', 'expected a folder below the repository'],
    ['{ publicKeys: [nonsense] }', 'expected a public key of minisign'],
    ['{ limits: { download: 5 } }', 'expected a size'],
    ['{ limits: { file: 5 } }', 'did you mean "files"?'],
  ])('%s is refused', (artifacts, problem) => {
    expect(bench.problems(withArtifacts(artifacts)).join('\n')).toContain(problem);
  });
});
