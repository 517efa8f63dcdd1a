// The real pt-online-schema-change, configured as the example shows it.

import type { OnlineTool } from '../../../online-tool.ts';

export function ptOsc(more: readonly string[] = []): OnlineTool {
  const argv = [
    ...['pt-online-schema-change', '--execute', '--no-version-check', '--recursion-method=none', ...more],
    ...['--alter', '{alter}', 'F={defaults},D={database},t={table}'],
  ];
  return { name: 'pt-osc', argv: argv as [string, ...string[]], timeoutMs: 120_000 };
}
