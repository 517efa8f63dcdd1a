// The schema of a service's own database: shown, linted, and changed outside deployments.

import type { SchemaAct } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { settled } from '../follow/settled.ts';
import { readPlace, readVersion } from '../place.ts';
import { answered, refused } from '../refused.ts';
import { type Options, onEngine } from '../session.ts';
import { activityLines } from '../show/activity.ts';
import { contractLines, holdLines, migrationsLines, runLine, schemaPlanLines } from '../show/schema.ts';
import { usageError } from '../usage.ts';
import { type Command, reasonOption } from './command.ts';
import { lint } from './lint.ts';
import { trying } from './trying.ts';

const group = 'migrate' as const;
const releaseOption = ['--release <version>', 'the release whose files are meant (the one that is live)'] as const;
const released = ({ release }: Options) => (release === undefined ? {} : { version: readVersion(release) });

type Act = Exclude<SchemaAct, { kind: 'contract' }>;

export const migrating: readonly Command[] = [
  {
    group,
    usage: 'plan [place]',
    summary: 'what a release would do to the schema, and who still needs what it would take away',
    options: [releaseOption],
    examples: ['bg migrate plan --release v2.1', 'bg migrate plan shop/staging'],
    run: onEngine(async ({ engine, screen }, [place], options) => {
      const plan = await engine.migrations.plan({ ...readPlace(place, options), ...released(options) });
      const code = answered(screen, plan, schemaPlanLines);
      return plan.ok && plan.value.refusal !== undefined ? exitCodes.failed : code;
    }),
  },
  lint,
  trying,
  {
    group,
    usage: 'status [place]',
    summary: 'the state of each migration in the database',
    options: [releaseOption],
    examples: ['bg migrate status', 'bg migrate status shop/staging --json'],
    run: onEngine(async ({ engine, screen }, [place], options) =>
      answered(
        screen,
        await engine.migrations.status({ ...readPlace(place, options), ...released(options) }),
        migrationsLines,
      ),
    ),
  },
  {
    group,
    usage: 'activity [place]',
    summary: 'what the database is doing: long statements, who waits for whom, connections, replicas, index builds',
    examples: ['bg migrate activity', 'bg migrate activity shop/staging --json'],
    run: onEngine(async ({ engine, screen }, [place], options) =>
      answered(screen, await engine.migrations.activity(readPlace(place, options)), activityLines),
    ),
  },
  acting('expand', 'widen the schema for a release, as its deployment would', () => ({ kind: 'expand' }), {
    options: [releaseOption],
    examples: ['bg migrate expand --release v2.1'],
  }),
  acting(
    'backfill',
    'fill rows here instead of in the driver; Ctrl-C stops after a batch',
    () => ({ kind: 'backfill' }),
    {
      options: [releaseOption],
      examples: ['bg migrate backfill'],
    },
  ),
  {
    group,
    usage: 'pause [place]',
    summary: 'hold the backfill after the batch under way, also over restarts',
    options: [reasonOption],
    examples: ['bg migrate pause --reason "month end"'],
    run: onEngine(({ engine, actor, screen }, [place], { reason, ...options }) =>
      answered(screen, engine.migrations.pause({ ...readPlace(place, options), actor, reason }), holdLines),
    ),
  },
  {
    group,
    usage: 'resume [place]',
    summary: 'let a backfill go on that was held with pause',
    examples: ['bg migrate resume'],
    run: onEngine(({ engine, actor, screen }, [place], options) =>
      answered(screen, engine.migrations.resume({ ...readPlace(place, options), actor }), holdLines),
    ),
  },
  {
    group,
    usage: 'contract [place]',
    summary: 'ask to take away what only older releases need; refused while one of them may get users',
    options: [reasonOption],
    examples: ['bg migrate contract', 'bg migrate contract shop/staging --reason "v2.0 is gone"'],
    run: onEngine(async ({ engine, actor, screen }, [place], { reason, ...options }) =>
      answered(
        screen,
        await engine.migrations.contract({ ...readPlace(place, options), actor, reason }),
        contractLines,
      ),
    ),
  },
  {
    group,
    usage: 'approve <contract>',
    placeless: true,
    summary: 'say yes to a contract; it is run at once',
    examples: ['bg migrate approve c_4f1c2a9e'],
    run: onEngine(async (session, [id = '']) => {
      const { engine, actor, screen } = session;
      const approved = engine.migrations.approveContract(id, actor);
      if (!approved.ok) return refused(screen, approved.refusal);
      const view = (await settled(session, id)) ?? approved.value;
      screen.answer(view, contractLines);
      return view.status === 'failed' || view.status === 'refused' ? exitCodes.failed : exitCodes.done;
    }),
  },
  {
    group,
    usage: 'reject <contract>',
    placeless: true,
    summary: 'say no to a contract',
    options: [reasonOption],
    examples: ['bg migrate reject c_4f1c2a9e --reason "the report still reads it"'],
    run: onEngine(({ engine, actor, screen }, [id = ''], { reason }) =>
      answered(screen, engine.migrations.rejectContract(id, actor, reason ?? ''), contractLines),
    ),
  },
  acting(
    'revert <migration>',
    'take an expand step back that no release needs; for approvers',
    ([id = ''], { nothingNeedsIt = false }) => ({ kind: 'revert', id, nothingNeedsIt }),
    {
      options: [releaseOption, ['--nothing-needs-it', 'although rows were filled: what they hold is lost']],
      examples: ['bg migrate revert 003_cents --release v2.1'],
    },
  ),
  acting('repair [migration]', 'correct the record after a step that failed; for approvers', repairOf, {
    options: [
      releaseOption,
      reasonOption,
      ['--mark-applied', 'the step was finished by hand'],
      ['--mark-pending', 'nothing of the step is there'],
      ['--accept-edit', 'the files as they are now stand for what ran'],
      ['--accept-drift', 'the schema as it is now is what the next run begins with'],
    ],
    examples: [
      'bg migrate repair 003_cents --mark-pending --reason "dropped the half-built index"',
      'bg migrate repair --accept-drift --reason "index added in the incident of Monday"',
    ],
  }),
  acting(
    'baseline <number>',
    'take an existing database over: migrations up to this number count as done',
    baselineOf,
    {
      options: [releaseOption],
      examples: ['bg migrate baseline 12 --release v1.0'],
    },
  ),
];

function acting(
  usage: string,
  summary: string,
  actOf: (words: readonly string[], options: Options) => Act,
  more: Pick<Command, 'options' | 'examples'>,
): Command {
  const [verb = '', argument] = usage.split(' ');
  return {
    group,
    usage: `${usage} [place]`,
    summary,
    ...more,
    run: onEngine(async ({ engine, actor, screen, stop }, words, options) => {
      const place = argument === undefined ? words[0] : words[1];
      const result = await engine.migrations.run({
        ...readPlace(place, options),
        ...released(options),
        act: actOf(words, options),
        actor,
        signal: stop,
        say: (event) => {
          const line = runLine(event);
          if (line !== undefined) screen.aside(line);
        },
      });
      return answered(screen, result, (ids) => [
        `${verb}: ${ids.length === 0 ? 'nothing was left to do' : ids.join(', ')}`,
      ]);
    }),
  };
}

function repairOf([id]: readonly string[], options: Options): Act {
  const { markApplied, markPending, acceptEdit, acceptDrift, reason = '' } = options;
  const because = reason.trim();
  if (because === '') throw usageError('A repair needs its reason: --reason "…".');
  const chosen = [
    ...(markApplied ? (['mark-applied'] as const) : []),
    ...(markPending ? (['mark-pending'] as const) : []),
    ...(acceptEdit ? (['accept-edit'] as const) : []),
  ];
  if (acceptDrift && chosen.length === 0) return { kind: 'repair', repair: { kind: 'accept-drift' }, because };
  const [kind] = chosen;
  if (kind === undefined || chosen.length > 1 || acceptDrift || id === undefined)
    throw usageError(
      'Say what is so: bg migrate repair <migration> with one of --mark-applied, --mark-pending, --accept-edit; or --accept-drift alone.',
    );
  return { kind: 'repair', repair: { kind, id }, because };
}

function baselineOf([word = '']: readonly string[]): Act {
  if (!/^\d{1,15}$/.test(word)) throw usageError(`"${word}" is no number of a migration.`);
  return { kind: 'baseline', upTo: Number(word) };
}
