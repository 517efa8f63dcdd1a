// What of another room may be imported, where that is less than the whole room, and where each effect has its home, as data.
// Which rooms a room may import is in rooms.ts.

import { driverOf, engine, importing, inApps, inEngine, isPackage, isTest, type Rule } from './rule.ts';

export const importRules: readonly Rule[] = [
  {
    name: 'drivers-see-their-interface-only',
    says: 'a driver sees its own folder, its interface, the vocabulary, lib, and what subjects of the file are written with',
    governs: (path) => driverOf(path) !== undefined && !isTest(path),
    broken: importing((target, { path }) => {
      const own = driverOf(path) ?? '';
      if (!inEngine(target) || /\/src\/(lib|domain)\//.test(target) || target.startsWith(`${engine}/${own}/`))
        return false;
      const isInterface = target.startsWith(`${engine}/${own.split('/')[0]}/`) && driverOf(target) === undefined;
      return !isInterface && !target.startsWith(`${engine}/config/kit/`);
    }),
    except: [],
    planted: {
      path: `${engine}/load-balancer/nginx/planted.ts`,
      text: "import { changeRouting } from '../../orchestrator/routing.ts';",
    },
  },
  {
    name: 'drivers-see-no-settings-of-others',
    says: 'a driver is given its own settings: of config/ it sees the kit alone',
    governs: (path) => driverOf(path) !== undefined && !isTest(path),
    broken: importing(
      (target) => target.startsWith(`${engine}/config/`) && !target.startsWith(`${engine}/config/kit/`),
    ),
    except: [],
    planted: {
      path: `${engine}/load-balancer/haproxy/planted.ts`,
      text: "import type { TargetSettings } from '../../config/settings.ts';",
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
    ],
    planted: {
      path: `${engine}/orchestrator/run/steps/planted.ts`,
      text: "import { createEmbeddedBalancer } from '../../../load-balancer/embedded/driver.ts';",
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
    /\/src\/lib\/(spawn-detached|companion|run-watched|ssh-tunnel|copy-on-write)\.ts$/,
    'lib/spawn-detached.ts, lib/companion.ts, lib/run-watched.ts, lib/ssh-tunnel.ts and, before the state opens, lib/copy-on-write.ts',
  ),
  home('handlebars', /\/src\/lib\/template\.ts$/, 'lib/template.ts'),
  home('pino', /\/src\/lib\/log\.ts$/, 'lib/log.ts'),
  home('yaml', /\/src\/config\//, 'config/'),
  home('@slack/bolt', /^apps\/slack-bot\//, 'apps/slack-bot'),
  home('nodemailer', /\/src\/notify\/mail\/smtp\.ts$/, 'notify/mail/smtp.ts'),
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
