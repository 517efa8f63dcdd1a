// Prints the Slack app's manifest as JSON, to be pasted at https://api.slack.com/apps ("From a manifest").
//   node apps/slack-bot/src/manifest-main.ts --url https://deploy.example.com
//   node apps/slack-bot/src/manifest-main.ts --socket

import { parseArgs } from 'node:util';
import { buildManifest } from './manifest.ts';

const usage = 'Usage: manifest-main.ts --url https://deploy.example.com [--prefix word-] | --socket [--prefix word-]';

try {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, socket: { type: 'boolean' }, prefix: { type: 'string' } },
  });
  const prefix = values.prefix ?? '';
  const words = {
    deploy: `${prefix}deploy`,
    switch: `${prefix}switch`,
    rollback: `${prefix}rollback`,
    status: `${prefix}status`,
  };
  console.log(JSON.stringify(buildManifest({ url: values.url, socketMode: values.socket ?? false, words }), null, 2));
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : String(thrown));
  console.error(usage);
  process.exitCode = 2;
}
