// Who may import whom, and where each effect has its home, as data.

import { driverOf, engine, importing, inApps, inEngine, isPackage, isTest, type Rule } from './rule.ts';

export const importRules: readonly Rule[] = [
  {
    name: 'apps-enter-by-the-door',
    says: 'apps know the engine by its doors, never by a file inside it; the second door is the proxy’s, which counts',
    governs: (path) => inApps(path) && !isTest(path),
    broken: importing(
      (target, { path }) =>
        target.startsWith('packages/') ||
        (target.startsWith('@bg/engine/') && !(target === '@bg/engine/counting' && path.startsWith('apps/proxy/'))),
    ),
    except: [],
    planted: {
      path: 'apps/cli/src/planted.ts',
      text: "import { openDatabase } from '../../../packages/engine/src/state/database.ts';",
    },
  },
  {
    name: 'apps-keep-apart',
    says: 'an app imports no other app, and nothing of tools, test or bench',
    governs: (path) => inApps(path) && !isTest(path),
    broken: importing(
      (target, { path }) => /^(apps|tools|test|bench)\//.test(target) && target.split('/')[1] !== path.split('/')[1],
    ),
    except: [],
    planted: { path: 'apps/cli/src/planted.ts', text: "import { cards } from '../../slack-bot/src/cards/blocks.ts';" },
  },
  {
    name: 'the-engine-knows-no-app',
    says: 'packages import nothing of apps, tools, test or bench',
    governs: (path) => inEngine(path) && !isTest(path),
    broken: importing((target) => /^(apps|tools|test|bench)\/|^@bg\//.test(target)),
    except: [],
    planted: { path: `${engine}/lib/planted.ts`, text: "export * from '../../../../apps/proxy/src/proxy.ts';" },
  },
  {
    name: 'lib-sees-only-lib',
    says: 'lib is the only hand on the world, and knows nothing of what it is used for',
    governs: (path) => path.startsWith(`${engine}/lib/`) && !isTest(path),
    broken: importing((target) => inEngine(target) && !target.startsWith(`${engine}/lib/`)),
    except: [],
    planted: { path: `${engine}/lib/planted.ts`, text: "import type { Settings } from '../config/settings.ts';" },
  },
  {
    name: 'domain-is-vocabulary',
    says: 'domain holds the words that the rooms share: it imports nothing else of the engine',
    governs: (path) => path.startsWith(`${engine}/domain/`) && !isTest(path),
    broken: importing((target) => inEngine(target) && !target.startsWith(`${engine}/domain/`)),
    except: [],
    planted: { path: `${engine}/domain/planted.ts`, text: "import { deploy } from '../orchestrator/verbs/deploy.ts';" },
  },
  {
    name: 'drivers-see-their-interface-only',
    says: 'a driver sees its own folder, its interface, the vocabulary, and lib',
    governs: (path) => driverOf(path) !== undefined && !isTest(path),
    broken: importing((target, { path }) => {
      const own = driverOf(path) ?? '';
      if (!inEngine(target) || /\/src\/(lib|domain)\//.test(target) || target.startsWith(`${engine}/${own}/`))
        return false;
      const isInterface = target.startsWith(`${engine}/${own.split('/')[0]}/`) && driverOf(target) === undefined;
      return !isInterface;
    }),
    except: [],
    planted: {
      path: `${engine}/load-balancer/nginx/planted.ts`,
      text: "import { changeRouting } from '../../orchestrator/routing.ts';",
    },
  },
  {
    name: 'only-the-root-knows-drivers',
    says: 'compose/ puts drivers in; every other room sees interfaces',
    governs: (path) =>
      inEngine(path) && driverOf(path) === undefined && !path.startsWith(`${engine}/compose/`) && !isTest(path),
    broken: importing((target) => driverOf(target) !== undefined),
    except: [
      { path: `${engine}/index.ts`, because: 'the door exports the types that the proxy and its driver agree on' },
      { path: `${engine}/migrator/lint-release.ts`, because: 'a lint needs no engine: it picks the grammar by name' },
    ],
    planted: {
      path: `${engine}/orchestrator/run/steps/planted.ts`,
      text: "import { createEmbeddedBalancer } from '../../../load-balancer/embedded/driver.ts';",
    },
  },
  {
    name: 'state-sees-domain-and-lib',
    says: 'state stores what the other rooms do: it knows the vocabulary and lib, and no room that acts',
    governs: (path) => path.startsWith(`${engine}/state/`) && !isTest(path),
    broken: importing((target) => inEngine(target) && !/\/src\/(state|domain|lib)\//.test(target)),
    except: [],
    planted: { path: `${engine}/state/planted.ts`, text: "import type { Plan } from '../orchestrator/plan/plan.ts';" },
  },
  {
    name: 'config-knows-no-flow',
    says: 'the configuration is read before anything runs: it sees lib, and the words of the interfaces',
    governs: (path) => path.startsWith(`${engine}/config/`) && !isTest(path),
    broken: importing(
      (target) =>
        inEngine(target) &&
        !/\/src\/(config|domain|lib)\/|\/(environment\/environment|load-balancer\/load-balancer)\.ts$/.test(target),
    ),
    except: [],
    planted: { path: `${engine}/config/planted.ts`, text: "import { urlOf } from '../orchestrator/core.ts';" },
  },
  {
    name: 'builds-and-flow-meet-in-the-root',
    says: 'neither imports the other: the composition root hands each what it needs of the other',
    governs: (path) =>
      [`${engine}/builds/`, `${engine}/orchestrator/`].some((room) => path.startsWith(room)) && !isTest(path),
    broken: importing((target, { path }) =>
      target.startsWith(`${engine}/${path.startsWith(`${engine}/builds/`) ? 'orchestrator' : 'builds'}/`),
    ),
    except: [],
    planted: {
      path: `${engine}/builds/planted.ts`,
      text: "import type { Core } from '../orchestrator/core.ts';",
    },
  },
  {
    name: 'the-judge-is-pure',
    says: 'analysis takes counts and returns a verdict: it imports types only',
    governs: (path) => path.startsWith(`${engine}/analysis/`) && !isTest(path),
    broken: importing((target, _, { isType }) => !isType && !target.startsWith(`${engine}/analysis/`)),
    except: [],
    planted: { path: `${engine}/analysis/planted.ts`, text: "import { systemClock } from '../lib/clock.ts';" },
  },
  {
    name: 'the-simulator-is-slack',
    says: 'the Slack stand-in knows nothing of deployments',
    governs: (path) => path.startsWith('tools/simulator/') && !isTest(path),
    broken: importing((target) => /^(apps|packages)\/|^@bg\//.test(target)),
    except: [],
    planted: {
      path: 'tools/simulator/planted.ts',
      text: "import { buildManifest } from '../../apps/slack-bot/src/slack/manifest.ts';",
    },
  },
  {
    name: 'tools-know-the-manifest-only',
    says: 'tools start apps as processes; of their code they use the manifest',
    governs: (path) => path.startsWith('tools/') && !isTest(path),
    broken: importing((target) => inApps(target) && target !== 'apps/slack-bot/src/slack/manifest.ts'),
    except: [],
    planted: { path: 'tools/stack/planted.ts', text: "import { startBot } from '../../apps/slack-bot/src/bot.ts';" },
  },
  home('drizzle-orm', /\/src\/state\//, 'state/'),
  home('better-sqlite3', /\/src\/(state|migrator\/sqlite)\//, 'state/ and the SQLite migrator'),
  home('execa', /\/src\/lib\/exec\.ts$/, 'lib/exec.ts'),
  home(
    'node:child_process',
    /\/src\/lib\/(spawn-detached|companion)\.ts$/,
    'lib/spawn-detached.ts and lib/companion.ts',
  ),
  home('handlebars', /\/src\/lib\/template\.ts$/, 'lib/template.ts'),
  home('pino', /\/src\/lib\/log\.ts$/, 'lib/log.ts'),
  home('yaml', /\/src\/config\//, 'config/'),
  home('@slack/bolt', /^apps\/slack-bot\//, 'apps/slack-bot'),
  home('nodemailer', /\/src\/notify\/mail\/post\.ts$/, 'notify/mail/post.ts'),
  home('fastify', /^apps\/webhook\//, 'apps/webhook'),
  home('commander', /^apps\/cli\//, 'apps/cli'),
];

/** An effect that one place has for all the others. */
function home(name: string, at: RegExp, where: string): Rule {
  return {
    name: `${name.replaceAll(/[^a-z0-9]+/g, '-')}-has-one-home`,
    says: `${name} is imported in ${where} only`,
    governs: (path) => (inEngine(path) || inApps(path)) && !isTest(path) && !at.test(path),
    broken: importing((target) => isPackage(target, name)),
    except: [],
    planted: { path: `${engine}/orchestrator/planted.ts`, text: `import { thing } from '${name}';` },
  };
}
