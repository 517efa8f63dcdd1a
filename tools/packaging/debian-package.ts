// The Debian package: the npm package with its dependencies and a Node of its own, since Debian's may be older than what
// this needs.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { launched } from './bundle.ts';
import { copyDependencies } from './copy-dependencies.ts';

interface Plan {
  /** Of the repository. */
  readonly root: string;
  /** What `buildPackage` has written. */
  readonly folder: string;
  readonly version: string;
  readonly into: string;
}

const architectures = { x64: 'amd64', arm64: 'arm64' } as const;
const place = 'usr/lib/bluegreen';

/** The file; undefined where there is no dpkg-deb. @throws Error for an architecture without a Node to put in */
export function buildDebianPackage({ root, folder, version, into }: Plan): string | undefined {
  if (!existsSync('/usr/bin/dpkg-deb')) return undefined;
  const architecture = architectures[process.arch as keyof typeof architectures];
  const node = join(root, 'node_modules', `node-${process.platform}-${process.arch}`);
  if (architecture === undefined || !existsSync(node))
    throw new Error(`there is no Node to package for ${process.arch}`);
  const staging = mkdtempSync(join(tmpdir(), 'bg-deb-'));
  try {
    writeTree({ root, folder, staging, node });
    writeControl(staging, { version, architecture });
    const file = join(into, `bluegreen_${version}_${architecture}.deb`);
    // xz with two threads' worth of memory is what dpkg does by default; gzip builds in a fifth of the time.
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', staging, file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return file;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

interface Tree {
  readonly root: string;
  readonly folder: string;
  readonly staging: string;
  /** Package with the Node to put in. */
  readonly node: string;
}

function writeTree({ root, folder, staging, node }: Tree): void {
  const home = join(staging, place);
  cpSync(folder, home, { recursive: true, filter: (path) => !path.startsWith(join(folder, 'share', 'man')) });
  copyDependencies(root, home);
  put(join(node, 'bin', 'node'), join(home, 'node', 'bin', 'node'));
  put(join(node, 'LICENSE'), join(home, 'node', 'LICENSE'));
  mkdirSync(join(staging, 'usr/bin'), { recursive: true });
  for (const name of launched) {
    const text = `#!/bin/sh\nexec /${place}/node/bin/node /${place}/bin/${name}.mjs "$@"\n`;
    writeFileSync(join(staging, 'usr/bin', name), text, { mode: 0o755 });
  }
  writeDocumentation(folder, staging);
}

function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
}

/** Where dpkg, man and the shells look. */
function writeDocumentation(folder: string, staging: string): void {
  const manual = gzipSync(readFileSync(join(folder, 'share/man/bg.1')), { level: 9 });
  mkdirSync(join(staging, 'usr/share/man/man1'), { recursive: true });
  writeFileSync(join(staging, 'usr/share/man/man1/bg.1.gz'), manual);
  const completions = join(folder, 'share/completions');
  put(join(completions, 'bg.bash'), join(staging, 'usr/share/bash-completion/completions/bg'));
  put(join(completions, 'bg.zsh'), join(staging, 'usr/share/zsh/vendor-completions/_bg'));
  put(join(completions, 'bg.fish'), join(staging, 'usr/share/fish/vendor_completions.d/bg.fish'));
  mkdirSync(join(staging, 'usr/share/doc/bluegreen'), { recursive: true });
  const licences = ['LICENSE', 'THIRD-PARTY-LICENCES.txt'].map((name) => readFileSync(join(folder, name), 'utf8'));
  writeFileSync(join(staging, 'usr/share/doc/bluegreen/copyright'), licences.join('\n'));
  symlinkSync(`/${place}/share`, join(staging, 'usr/share/doc/bluegreen/examples'));
}

function writeControl(staging: string, { version, architecture }: { version: string; architecture: string }): void {
  const kilobytes = execFileSync('du', ['-sk', staging], { encoding: 'utf8' }).split('\t')[0];
  const control = {
    Package: 'bluegreen',
    Version: version,
    Architecture: architecture,
    Maintainer: 'The bluegreen authors <bluegreen@localhost>',
    'Installed-Size': kilobytes,
    // What the Node inside is linked with.
    Depends: 'libc6 (>= 2.28), libstdc++6',
    Suggests: 'haproxy | nginx',
    Section: 'admin',
    Priority: 'optional',
    Description:
      'Blue-green deployments that never drop a request\n The command bg, the Slack bot and the webhook receiver. A Node of its own comes with it.',
  };
  mkdirSync(join(staging, 'DEBIAN'));
  const lines = Object.entries(control).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(staging, 'DEBIAN/control'), lines.join(''));
}
