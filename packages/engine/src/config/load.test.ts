import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../lib/errors.ts';
import { checkConfigFile, loadSettings } from '../testing/small-drivers.ts';
import { type Bench, edited, makeBench, smallConfig } from './test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const sentences = (name: string) =>
  checkConfigFile({ file: join(bench.folder, name), environment: {} }).problems.map(({ message }) => message);

describe('the file itself', () => {
  it('is missing', () => {
    expect(sentences('nowhere.yaml')).toEqual(['there is no such file; copy bluegreen.example.yaml and adapt it']);
  });

  it('is a folder', () => {
    mkdirSync(join(bench.folder, 'folder.yaml'));
    expect(sentences('folder.yaml')).toEqual(['is a folder; expected the configuration file']);
  });

  it('is something that never ends', () => {
    expect(checkConfigFile({ file: '/dev/zero', environment: {} }).problems.map(({ message }) => message)).toEqual([
      'is not a regular file',
    ]);
  });

  it('is too large', () => {
    writeFileSync(join(bench.folder, 'large.yaml'), Buffer.alloc(3 << 20, '#'));
    expect(sentences('large.yaml')).toEqual(['is 3.0 MiB large; a configuration has at most 1 MiB']);
  });

  it('is not text', () => {
    writeFileSync(join(bench.folder, 'binary.yaml'), Buffer.from([0x73, 0xff, 0xfe]));
    expect(sentences('binary.yaml')).toEqual(['is not UTF-8 text']);
  });

  it('is in UTF-16', () => {
    writeFileSync(join(bench.folder, 'utf16.yaml'), Buffer.from(`\uFEFF${smallConfig}`, 'utf16le'));
    expect(sentences('utf16.yaml')).toEqual(['is UTF-16 text; save it as UTF-8']);
  });

  it('may start with a byte order mark and have CRLF', () => {
    writeFileSync(join(bench.folder, 'mark.yaml'), `\uFEFF${smallConfig.replaceAll('\n', '\r\n')}`);
    expect(sentences('mark.yaml')).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('may not be read', () => {
    writeFileSync(join(bench.folder, 'closed.yaml'), smallConfig);
    chmodSync(join(bench.folder, 'closed.yaml'), 0);
    expect(sentences('closed.yaml')[0]).toContain('cannot be read: EACCES');
  });
});

describe('loading', () => {
  it('gives settings, with the absolute path of their file', () => {
    writeFileSync(bench.file, smallConfig);
    const settings = loadSettings({ file: bench.file, environment: {} });
    expect(settings.file).toBe(bench.file);
    expect(settings.warnings).toEqual([]);
  });

  it('throws one error that lists every problem, one to a line', () => {
    writeFileSync(bench.file, edited(['8001', 'x'], ['8002', 'y'], ['releases: releases', 'releases: none']));
    const port = 'expected a port from 1 to 65535, found';
    const slots = 'services.shop.targets.production.slots';
    try {
      loadSettings({ file: bench.file, environment: {} });
      expect.fail('it loaded');
    } catch (thrown) {
      if (!(thrown instanceof BlueGreenError)) throw thrown;
      expect(thrown.code).toBe('config-invalid');
      expect(thrown.message.split('\n')).toEqual([
        'The configuration has 2 problems:',
        `${bench.file}:8:15 warning: services.shop.releases: there is no such folder yet; put releases there, one folder per version`,
        `${bench.file}:18:25 ${slots}.blue.port: ${port} "x"`,
        `${bench.file}:19:26 ${slots}.green.port: ${port} "y"`,
      ]);
    }
  });
});
