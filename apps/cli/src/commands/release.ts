// The releases on the disk of this machine: what is here, why it stays, what goes.

import type { StoredReleaseView } from '@bg/engine';
import { readPlace, readVersion } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import { bytesText, timeText } from '../show/amounts.ts';
import type { Light } from '../show/light.ts';
import { tableLines } from '../show/table.ts';
import { readSource, sourceForms } from '../source.ts';
import { type Command, reasonOption } from './command.ts';

export const release: readonly Command[] = [
  {
    group: 'release',
    usage: 'list [place]',
    summary: 'the releases on the disk that the engine has registered or fetched: size, last use, why each stays',
    examples: ['bg release list', 'bg release list shop --json'],
    run: onEngine(({ engine, screen }, [place], options) =>
      answered(screen, engine.storedReleases.list(readPlace(place, options)), storedLines),
    ),
  },
  {
    group: 'release',
    usage: 'fetch <version> [place]',
    summary: 'bring a release to its folder before it is deployed: what CI announced, or --from',
    options: [
      ['--from <source>', sourceForms],
      ['--sha256 <digest>', 'what an archive must have'],
    ],
    examples: ['bg release fetch v2.0', 'bg release fetch v2.0 shop --from /srv/builds/shop-2.0.tar.gz'],
    run: onEngine(async ({ engine, actor, screen, stop }, [version = '', place], options) => {
      const from = readSource(options.from, options.sha256);
      const request = { ...readPlace(place, options), version: readVersion(version), from, actor, signal: stop };
      return answered(screen, await engine.storedReleases.fetch(request), (sentence) => [sentence]);
    }),
  },
  {
    group: 'release',
    usage: 'pin <version> [place]',
    summary: 'keep a release on the disk until it is unpinned',
    options: [reasonOption],
    examples: ['bg release pin v2.0 --reason "the auditors ask for it"'],
    run: onEngine(({ engine, actor, screen }, [version = '', place], options) => {
      const request = {
        ...readPlace(place, options),
        version: readVersion(version),
        reason: options.reason ?? '',
        actor,
      };
      return answered(screen, engine.storedReleases.pin(request), (sentence) => [sentence]);
    }),
  },
  {
    group: 'release',
    usage: 'unpin <version> [place]',
    summary: 'let a release go when nothing else keeps it',
    examples: ['bg release unpin v2.0', 'bg release unpin v2.0 shop'],
    run: onEngine(({ engine, actor, screen }, [version = '', place], options) => {
      const request = { ...readPlace(place, options), version: readVersion(version), actor };
      return answered(screen, engine.storedReleases.unpin(request), (sentence) => [sentence]);
    }),
  },
  {
    group: 'release',
    usage: 'clear <version> [place]',
    summary: 'take the mark "bad" off a release, so that machines, a switch and a rollback may bring it back',
    options: [reasonOption],
    examples: ['bg release clear v2.1 --reason "the database was down, not the release"'],
    run: onEngine(({ engine, actor, screen }, [version = '', place], options) => {
      const reason = options.reason ?? '';
      const request = { ...readPlace(place, options), version: readVersion(version), reason, actor };
      return answered(screen, engine.storedReleases.clearMark(request), (sentence) => [sentence]);
    }),
  },
  {
    group: 'release',
    usage: 'prune [place]',
    summary: 'remove now what nothing keeps, by `keepReleases` of the configuration',
    options: [['--dry-run', 'only show what would be removed']],
    examples: ['bg release prune --dry-run', 'bg release prune shop'],
    run: onEngine(async ({ engine, actor, screen }, [place], options) => {
      const dryRun = options.dryRun === true;
      const request = { ...readPlace(place, options), dryRun, actor };
      return answered(screen, await engine.storedReleases.prune(request), (gone, light) =>
        prunedLines(gone, dryRun, light),
      );
    }),
  },
];

function storedLines(releases: readonly StoredReleaseView[], light: Light): readonly string[] {
  const { paint } = light;
  if (releases.length === 0) return ['no registered release is on this disk'];
  return tableLines(
    releases.map((each) => [
      ...cells(each, light),
      each.pinned ? paint.cyan('pinned') : '',
      each.kept ?? paint.yellow('nothing keeps it'),
    ]),
  );
}

function prunedLines(releases: readonly StoredReleaseView[], dryRun: boolean, light: Light): readonly string[] {
  const bytes = releases.reduce((sum, each) => sum + (each.bytes ?? 0), 0);
  const what = dryRun ? 'would be removed' : 'removed';
  return [
    ...tableLines(releases.map((each) => cells(each, light))),
    releases.length === 0
      ? `nothing ${dryRun ? 'would be' : 'was'} removed: each release is still needed`
      : `${releases.length} ${what}, ${bytesText(bytes)}`,
  ];
}

function cells({ version, bytes, usedAt }: StoredReleaseView, { now, paint }: Light): readonly string[] {
  return [version, bytes === undefined ? '–' : bytesText(bytes), paint.dim(`used ${timeText(usedAt, now)}`)];
}
