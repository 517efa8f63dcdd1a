// A separate process that clicks several times at a given moment, as fast as it can, and prints the answers.

import { type Actor, type DeploymentRef, type Engine, loadSettings, openEngine, silentLog } from '@bg/engine';
import type { Answered, Click } from './clicks.ts';

const [file = '', at = '0', clicks = '[]'] = process.argv.slice(2);
const engine = openEngine({ settings: loadSettings({ file, environment: {} }), log: silentLog, processName: 'clicks' });

function press({ verb, person, ref }: Click): Answered {
  const actor: Actor = { kind: 'person', id: person, door: 'slack' };
  const answer = answerOf(engine, verb, ref, actor);
  return { verb, person, code: answer.ok ? 'ok' : answer.refusal.code };
}

function answerOf(
  { approve, reject, abort, promote, rollback }: Engine,
  verb: Click['verb'],
  ref: DeploymentRef,
  actor: Actor,
) {
  switch (verb) {
    case 'approve':
      return approve(ref, actor);
    case 'reject':
      return reject(ref, actor, 'no');
    case 'abort':
      return abort(ref, actor, 'no');
    case 'promote':
      return promote(ref, actor);
    case 'rollback':
      return rollback({ actor, reason: 'no' });
    default:
      return verb satisfies never;
  }
}

const left = Number(at) - Date.now();
if (left > 0) await new Promise((wake) => setTimeout(wake, left));
process.stdout.write(JSON.stringify((JSON.parse(clicks) as Click[]).map(press)));
engine.close();
