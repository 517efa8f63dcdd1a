// What no file may hold, as data.

import type { SourceFile } from '../../../tools/nx/source-file.ts';
import { containing, engine, importing, inApps, inEngine, inProduct, isMain, isTest, type Rule } from './rule.ts';

/** Whole words, in names and in sentences alike: what each means has a plain word, which its readers know. */
const dialect =
  /\b(?:whoever|anew|Desk|Charge|mustTarget|runBy|letOthersIn|sleepAside|butFor|holdAlone|dismantle|foresee[ns]?|turnAway|turnedAway|putAside|takeWord|driverLease|liveDriver|driverAlive|Learnt|learnTarget|bringUp|bringBack|[Tt]ellers?|[Ff]ate|[Nn]ewcomers?|Seat|wish|obey|nobodys|shelfOf|obtain|Letter|refusedAtDoor|countStranger)\b/g;

export const contentRules: readonly Rule[] = [
  {
    name: 'time-is-a-parameter',
    says: 'in the engine, timers and the time of day come from lib/clock.ts',
    governs: (path) => inEngine(path) && !isTest(path) && path !== `${engine}/lib/clock.ts`,
    broken: (file) => [...containing(/\bDate\.now\(\)|\bnew Date\(\)/g)(file), ...timers(file)],
    except: [],
    planted: { path: `${engine}/orchestrator/planted.ts`, text: 'setTimeout(() => move(), 100);' },
  },
  {
    name: 'apps-wait-by-the-clock',
    says: 'apps set no timers; the proxy, which is sockets and their deadlines, does',
    governs: (path) => inApps(path) && !isTest(path) && !path.startsWith('apps/proxy/'),
    broken: timers,
    except: [{ path: 'apps/slack-bot/src/main.ts', because: 'the last resort when stopping hangs must not hang too' }],
    planted: {
      path: 'apps/webhook/src/planted.ts',
      text: "import { setTimeout as delay } from 'node:timers/promises';",
    },
  },
  {
    name: 'the-environment-is-read-in-main',
    says: 'process.env is read in a main.ts, and handed on as values',
    governs: (path) => inProduct(path) && !isMain(path),
    broken: containing(/\bprocess\.env\b/g),
    except: [],
    planted: { path: 'apps/webhook/src/planted.ts', text: 'const secret = process.env.WEBHOOK_SECRET;' },
  },
  {
    name: 'only-main-prints',
    says: 'the console is for a main.ts; everybody else has a log',
    governs: (path) => inProduct(path) && !isMain(path),
    broken: containing(/\bconsole\.\w+/g),
    except: [],
    planted: { path: `${engine}/state/planted.ts`, text: "console.log('here');" },
  },
  {
    name: 'no-default-exports',
    says: 'a thing has one name, wherever it is imported',
    governs: (path) => !path.endsWith('vitest.config.ts'),
    broken: containing(/^export (?:default\b|\{[^}]*\bdefault\b)/gm),
    except: [],
    planted: { path: 'tools/planted.ts', text: 'export default function planted() {}' },
  },
  {
    name: 'no-any',
    says: 'unknown becomes a typed value once, at the door',
    governs: (path) => path.endsWith('.ts'),
    broken: containing(/(?::|<|\||&|\bas|=>|,)\s*any\b(?=\s*[[\]),;>|&={]|\s*$)/gm),
    except: [{ path: 'test/house/architecture/content-rules.ts', because: 'it holds the planted one' }],
    planted: { path: 'apps/proxy/src/planted.ts', text: 'export const read = (value: any) => value;' },
  },
  {
    name: 'a-step-is-one-file',
    says: 'the name of a step is in its file and in the plan; everybody else asks the registry, or the view, about it',
    governs: (path) =>
      inProduct(path) && !/\/orchestrator\/(run\/steps\/|plan\/plan\.ts$)/.test(path) && !path.includes('/migrator/'),
    broken: containing(
      /'(?:expand-schema|start-preview|check-health|smoke-test|prove-preview|ready-standby|shift-traffic|await-approval|hand-over-roles|verify-live)'|\bphase\s*[!=]==\s*'(?!fetching'|finished')[\w-]+'/g,
    ),
    except: [],
    planted: { path: 'apps/slack-bot/src/cards/planted.ts', text: "if (view.phase === 'hold') return 'held';" },
  },
  {
    name: 'actions-are-written-out',
    says: 'the name of an action of the audit log is found by searching for it: no template puts one together',
    governs: (path) => inProduct(path),
    broken: containing(/\baction:\s*`/g),
    except: [],
    planted: {
      path: `${engine}/orchestrator/planted.ts`,
      text: 'tx.audit({ actor, action: `crashed`, sentence });',
    },
  },
  {
    name: 'words-of-the-field',
    says: 'names and comments use the terms of the field, and no dialect of this project',
    governs: (path) => path.endsWith('.ts'),
    broken: ({ text }) => [...text.matchAll(dialect)].map(([found]) => `says ${found}`),
    except: [{ path: 'test/house/architecture/content-rules.ts', because: 'it holds the words' }],
    planted: { path: `${engine}/orchestrator/planted.ts`, text: '// It is started anew by whoever drives.' },
  },
  {
    name: 'files-stay-short',
    says: 'a file that needs scrolling is two files: at most 250 lines',
    governs: (path) => !isTest(path),
    broken: longerThan(250),
    except: [],
    planted: { path: `${engine}/orchestrator/planted.ts`, text: 'const a = 1;\n'.repeat(251) },
  },
  {
    name: 'tests-are-split-by-theme',
    says: 'a file of tests has at most 350 lines',
    governs: isTest,
    broken: longerThan(350),
    except: [],
    planted: { path: 'test/planted.test.ts', text: 'const a = 1;\n'.repeat(351) },
  },
];

function timers(file: SourceFile): readonly string[] {
  return [
    ...containing(/(?<![.\w])(?:setTimeout|setInterval|setImmediate)\(/g)(file),
    ...importing((target) => /^(node:)?timers(\/|$)/.test(target))(file),
  ];
}

function longerThan(limit: number): Rule['broken'] {
  return ({ text }) => {
    const lines = text.trimEnd().split('\n').length;
    return lines > limit ? [`has ${lines} lines`] : [];
  };
}
