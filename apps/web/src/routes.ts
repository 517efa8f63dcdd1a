// Which page, and which JSON, is at which address. The JSON is that of `bg … --json`.

import type { Engine, Result } from '@bg/engine';
import { type Answer, json, page } from './answer.ts';
import { auditPage, findRows } from './pages/audit.ts';
import { deploymentPage } from './pages/deployment.ts';
import { findDeployments, historyPage } from './pages/history.ts';
import type { Site } from './pages/layout.ts';
import { overview } from './pages/overview.ts';
import { reportAsked, reportPage } from './pages/report.ts';
import { targetPage } from './pages/target.ts';

/** Undefined: there is nothing. */
type Routes = (path: string, query: URLSearchParams) => Promise<Answer | undefined>;

const usualRows = 100;
const mostRows = 1_000;
const mostDeployments = 200;

export function createRoutes(engine: Engine, site: Site): Routes {
  return async (path, query) => {
    const words = wordsOf(path);
    if (words === undefined) return undefined;
    return words[0] === 'api' ? forPrograms(engine, words.slice(1), query) : forPeople(engine, words, { query, site });
  };
}

/** `/targets/shop/production` → its words; undefined for what is no address. */
function wordsOf(path: string): readonly string[] | undefined {
  try {
    return path
      .split('/')
      .filter((word) => word !== '')
      .map((word) => decodeURIComponent(word));
  } catch {
    return undefined;
  }
}

async function forPeople(
  engine: Engine,
  words: readonly string[],
  { query, site }: { readonly query: URLSearchParams; readonly site: Site },
): Promise<Answer | undefined> {
  const [first, second = '', third = ''] = words;
  switch (words.length === 0 ? 'now' : `${first}/${words.length}`) {
    case 'now':
      return page(overview(engine, site));
    case 'targets/3': {
      const found = engine.target({ service: second, target: third });
      return found.ok ? page(targetPage(engine, found.value, site)) : undefined;
    }
    case 'history/1':
      return page(historyPage(engine, query, site));
    case 'deployments/2': {
      const timeline = engine.timelines.of(second);
      return timeline && page(deploymentPage(timeline, site));
    }
    case 'audit/1':
      return page(auditPage(engine, query, site));
    case 'report/1': {
      const asked = reportAsked(query);
      return page(reportPage(engine, { asked, report: await engine.reports.of(asked) }, site));
    }
    default:
      return undefined;
  }
}

async function forPrograms(
  engine: Engine,
  words: readonly string[],
  query: URLSearchParams,
): Promise<Answer | undefined> {
  const [first, second = '', third = ''] = words;
  switch (`${first}/${words.length}`) {
    case 'status/1':
      return json(engine.status());
    case 'targets/3':
      return answered(engine.target({ service: second, target: third }));
    case 'history/1':
      return json(findDeployments(engine, query).slice(0, limitOf(query, mostDeployments, mostDeployments)));
    case 'deployments/2': {
      const timeline = engine.timelines.of(second);
      return timeline && json(timeline);
    }
    case 'audit/1': {
      const { rows, problem } = findRows(engine, query, limitOf(query, usualRows, mostRows));
      return problem === undefined
        ? json(rows.toReversed())
        : json({ error: { code: 'refused', message: problem } }, 400);
    }
    case 'audit/2':
      return second === 'standing' ? json(engine.audit.standing()) : undefined;
    case 'report/1':
      return answered(await engine.reports.of(reportAsked(query)));
    default:
      return undefined;
  }
}

const limitOf = (query: URLSearchParams, usual: number, most: number): number =>
  Math.min(most, Math.max(1, Math.floor(Number(query.get('limit'))) || usual));

const answered = <T>(result: Result<T>): Answer => {
  if (result.ok) return json(result.value);
  const { code, sentence, hint } = result.refusal;
  return json({ error: { code, message: sentence, help: hint } }, code.endsWith('-unknown') ? 404 : 400);
};
