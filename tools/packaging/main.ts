// `npm run package`: everything that is handed out, in dist/: the npm package, the Debian package, what an image is built
// from, an SBOM, checksums.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildDebianPackage } from './debian-package.ts';
import { layImageContext } from './image-context.ts';
import { buildPackage } from './npm-package.ts';

const root = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } });
const out = resolve(values.out);
const folder = join(out, 'bluegreen');

const version = await buildPackage(root, folder);
const packages = join(out, 'packages');
rmSync(packages, { recursive: true, force: true });
mkdirSync(packages, { recursive: true });
execFileSync('npm', ['pack', '--silent', '--pack-destination', packages, folder], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const debian = buildDebianPackage({ root, folder, version, into: packages });
if (debian === undefined) console.error('without the Debian package: dpkg-deb is not installed');
const image = join(out, 'image');
layImageContext({ root, folder, into: image });
writeFileSync(join(packages, `bluegreen-${version}.cdx.json`), sbom());
const files = readdirSync(packages).toSorted();
writeFileSync(join(packages, 'SHA256SUMS'), files.map((file) => `${sha256(join(packages, file))}  ${file}\n`).join(''));
for (const file of [...files, 'SHA256SUMS'])
  console.log(`${join(packages, file)}  ${Math.ceil(statSync(join(packages, file)).size / 1024)} kB`);
console.log(`${image}  for: docker build --tag bluegreen:${version} ${image}`);

/** CycloneDX, of what is installed for production: what the bundle contains is a part of it. */
function sbom(): string {
  const options = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--omit', 'dev'];
  return execFileSync('npm', options, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
