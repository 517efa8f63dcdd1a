// SARIF 2.1.0, which code hosts read: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

import type { Finding } from '../finding.ts';
import { fingerprint } from './narrow.ts';
import { type LintReport, placeOf, printable, wordsOf } from './report.ts';

export function sarifReport(report: LintReport): string {
  const rules = [...new Map(report.findings.map((finding) => [finding.rule, finding])).values()];
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'bg migrate lint', rules: rules.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: report.findings.map((finding) => resultOf(report, finding, rules)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function ruleOf(finding: Finding): unknown {
  return {
    id: finding.rule,
    shortDescription: { text: `${finding.rule}: ${wordsOf(finding)}` },
    help: { text: `See docs/hazards/${finding.rule}.md` },
    defaultConfiguration: { level: level(finding) },
    properties: { tags: [...finding.classes] },
  };
}

function resultOf(report: LintReport, finding: Finding, rules: readonly Finding[]): unknown {
  const { rule, line, message, safe, accepted } = finding;
  const uri = placeOf(report, finding).split('/').map(encodeURIComponent).join('/');
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex((each) => each.rule === rule),
    level: level(finding),
    message: { text: printable(safe === undefined ? message : `${message}\n\ninstead:\n${safe}`) },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: line } } }],
    partialFingerprints: { 'statement/v1': fingerprint(finding) },
    // An empty list says that suppressions were checked and there are none.
    suppressions: accepted === undefined ? [] : [{ kind: 'inSource', justification: accepted }],
  };
}

function level({ severity }: Finding): 'error' | 'warning' | 'note' {
  if (severity === 'error') return 'error';
  return severity === 'review' ? 'warning' : 'note';
}
