import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { defaultBalancer, defaultPreview, defaultStickyCookie } from '../config/balancer/keys.ts';
import { defaultOptions } from '../config/defaults.ts';
import { defaultFields } from '../config/health/health.ts';
import { isMapping, merge, valueAt } from '../config/kit/draft.ts';
import { formatPath, type Path } from '../config/kit/path.ts';
import { checkConfig, configJsonSchema } from './configuration.ts';

const example = readFileSync(new URL('../../../../bluegreen.example.yaml', import.meta.url), 'utf8');
/** Comments that hold a setting, `# key: value` or `# - key: value`, made into settings. Prose never looks like that. */
const complete = example.replaceAll(/^( *)# ( *(?:- )?[a-z][A-Za-z0-9]*:(?: .*)?)$/gm, '$1$2');
const environment = {
  REGISTRY_PASSWORD: 'a-password',
  PREVIEW_TOKEN: '0123456789abcdef',
  GITHUB_TOKEN: '0123456789abcdef',
  CDEVENTS_TOKEN: '0123456789abcdef',
  OTLP_TOKEN: '0123456789abcdef',
  ARTIFACTS_TOKEN: 'a-token',
  PROMETHEUS_TOKEN: 'a-token-of-prometheus',
  DATADOG_API_KEY: 'an-api-key',
  DATADOG_APPLICATION_KEY: 'an-application-key',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'a-secret-access-key',
  AWS_SESSION_TOKEN: 'a-session-token',
  CDEVENTS_SECRET: `whsec_${'A'.repeat(32)}`,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-example-'));
  mkdirSync(join(folder, 'releases', 'shop'), { recursive: true });
  mkdirSync(join(folder, 'mail-templates'));
  for (const name of ['shop-ca.pem', 'shop.env', 'shop.blue.env', 'shop.green.env'])
    writeFileSync(join(folder, name), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = (text: string) => checkConfig({ file: join(folder, 'bluegreen.yaml'), text, environment });

describe('bluegreen.example.yaml', () => {
  it('loads as it is, without an error or a warning', () => {
    const { settings, problems } = check(example);
    expect(problems).toEqual([]);
    expect(settings?.targets.map(({ target }) => target)).toEqual(['production', 'staging']);
  });

  it('loads with everything that is commented out', () => {
    // The accounts that it names are of no machine.
    const isOfAccounts = ({ message }: { message: string }) => message.startsWith('there is no account');
    expect(check(complete).problems.filter((problem) => !isOfAccounts(problem))).toEqual([]);
  });

  it('names the schema for editors, in its first line', () => {
    expect(example.split('\n')[0]).toBe('# yaml-language-server: $schema=./bluegreen.schema.json');
  });

  it('shows every key that the schema has', () => {
    const shown = new Set(pathsOf(parse(complete)).map(inGeneral));
    expect(keysOf(JSON.parse(configJsonSchema())).filter((key) => !shown.has(key))).toEqual([]);
  });

  it('shows, where it comments a setting out, its default', () => {
    const live = parse(example);
    const all = parse(complete);
    const shop: Path = ['services', 'shop'];
    const balancer: Path = [...shop, 'targets', 'production', 'loadBalancer'];
    const defaults: readonly (readonly [Path, unknown])[] = [
      ...leavesOf(merge(defaultOptions, { health: { fields: defaultFields } }), shop),
      ...leavesOf(
        merge(
          { driver: 'embedded', ...defaultBalancer },
          { sticky: { by: 'cookie', name: defaultStickyCookie }, preview: defaultPreview },
        ),
        balancer,
      ),
    ];
    const hidden = defaults.filter(([path, value]) => valueAt(live, path) === undefined && !isEmpty(value));
    expect(hidden.length).toBeGreaterThan(30);
    expect(hidden.map(([path]) => [formatPath(path), valueAt(all, path)])).toEqual(
      hidden.map(([path, value]) => [formatPath(path), value]),
    );
  });
});

describe('whatever is done to one key of the example', () => {
  const root = parse(complete);
  const paths = pathsOf(root).filter((path) => path.length > 0);
  const mutate = (path: Path, change: (parent: Record<string | number, unknown>, key: string | number) => void) => {
    const copy = structuredClone(root);
    const key = path.at(-1);
    const parent = valueAt(copy, path.slice(0, -1));
    if (key === undefined || typeof parent !== 'object' || parent === null)
      throw new Error('not a path of the example');
    change(parent as Record<string | number, unknown>, key);
    return check(stringify(copy));
  };
  /** Below these, keys and values are the user's own. */
  const isFree = (path: Path) => /\.(env|headers|body|json|labels|dimensions)(\.|\[|$)/.test(formatPath(path));
  const errorsOf = (problems: ReturnType<typeof check>['problems']) =>
    problems.filter(({ severity }) => severity === 'error');

  it('there are many keys', () => {
    expect(paths.length).toBeGreaterThan(150);
  });

  it('removed: either it still loads, or the problem says what is missing', () => {
    for (const path of paths) {
      const { settings, problems } = mutate(path, (parent, key) => {
        if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else delete parent[key];
      });
      expect(settings !== undefined, formatPath(path)).toBe(errorsOf(problems).length === 0);
      for (const problem of problems) expect(problem.path, formatPath(path)).not.toBe('');
    }
  });

  const values: readonly (readonly [what: string, value: () => unknown])[] = [
    ['a mapping', () => ({ '\u0000': [{}] })],
    ['a list of lists', () => [[[]]]],
    ['nothing', () => null],
    ['a huge number', () => Number.MAX_VALUE],
    ['not a number', () => Number.NaN],
    ['a text that fits nowhere', () => '\u0000 ?'],
  ];
  it.each(values)('set to %s: a problem names it, or a place below', (what, value) => {
    const turn = values.findIndex(([each]) => each === what);
    for (const [at, path] of paths.filter((one) => !isFree(one)).entries()) {
      // Each key once in `npm test`, with each value in `npm run test:hostile`.
      if (process.env.HOSTILE === undefined && at % values.length !== turn) continue;
      const { settings, problems } = mutate(path, (parent, key) => {
        parent[key] = value();
      });
      const named = errorsOf(problems).filter(
        (problem) => problem.path.startsWith(formatPath(path)) || problem.path === '',
      );
      if (settings === undefined)
        expect(named.length, `${formatPath(path)}: ${JSON.stringify(problems)}`).toBeGreaterThan(0);
      else expect(isFreeText(path), `${formatPath(path)} took it`).toBe(true);
    }
  });

  it('misspelled: the problem names the wrong key and the right one', () => {
    for (const path of paths) {
      const key = path.at(-1);
      if (typeof key !== 'string' || isFree(path) || isChosen(path)) continue;
      const wrong = `${key}x`;
      const { settings, problems } = mutate(path, (parent) => {
        parent[wrong] = parent[key];
        delete parent[key];
      });
      expect(settings).toBeUndefined();
      const problem = problems.find((one) => one.path === formatPath([...path.slice(0, -1), wrong]));
      expect(problem?.message).toBe(`"${wrong}" is not a known key; did you mean "${key}"?`);
      expect(problem?.line).toBeGreaterThan(0);
    }
  });
});

/** Keys that the user chooses: names of services, targets and process roles. */
const isChosen = (path: Path) => /^services\.[^.]+(\.targets\.[^.]+)?(\.processRoles\.[^.]+)?$/.test(formatPath(path));

/** Any value of its kind is sound there: names for people, arguments, texts to look for, limits in a unit of the user. */
const isFreeText = (path: Path) =>
  /(people\[\d+\]\.name|\.command\[\d+\]|\.text\[\d+\]|\.(ok|degraded)Values\[\d+\]|health\.fields\.\w+|dependencies\[\d+\]\.path|smokeTests\[\d+\]\.name|freezes\[\d+\]\.name|checks\[\d+\]\.(min|max))$/.test(
    formatPath(path),
  );

const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => pathsOf((value as Record<string | number, unknown>)[key], [...path, key]))];
}

function leavesOf(value: unknown, path: Path): readonly (readonly [Path, unknown])[] {
  if (!isMapping(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, below]) => leavesOf(below, [...path, key]));
}

/** `services.shop.targets.production.bake` → `services.*.bake`: an option counts where service or target shows it. */
function inGeneral(path: Path): string {
  const text = path
    .map((key, index) =>
      typeof key === 'number'
        ? '[]'
        : (index === 1 && path[0] === 'services') ||
            (index === 3 && path[2] === 'targets') ||
            path[index - 1] === 'processRoles'
          ? '*'
          : key,
    )
    .join('.');
  return asOption(text);
}

const asOption = (text: string) => {
  const option = /^services\.\*\.targets\.\*\.([A-Za-z]+)/.exec(text)?.[1];
  return option !== undefined && !['default', 'slots', 'loadBalancer'].includes(option)
    ? text.replace('.targets.*', '')
    : text;
};

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

function keysOf(schema: Schema, path = ''): readonly string[] {
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  const named = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    asOption(below(key)),
    ...keysOf(value, below(key)),
  ]);
  const chosen = typeof schema.additionalProperties === 'object' ? keysOf(schema.additionalProperties, below('*')) : [];
  return [...named, ...chosen, ...(schema.items ? keysOf(schema.items, below('[]')) : [])];
}
