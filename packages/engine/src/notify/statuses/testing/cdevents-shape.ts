// What the published schemas of CDEvents 0.5.1 require of the events that we send.

interface Shape {
  /** Fields that must be there, and those that may be; there are no others. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const top: Shape = { required: ['context', 'subject'], optional: ['customData', 'customDataContentType'] };
const context: Shape = {
  required: ['specversion', 'id', 'source', 'type', 'timestamp'],
  optional: ['schemaUri', 'chainId', 'links'],
};
const subject: Shape = { required: ['id', 'content'], optional: ['source'] };
const environment: Shape = { required: ['id'], optional: ['source'] };
const ofService: Shape = { required: ['environment', 'artifactId'], optional: [] };

const contents: Readonly<Record<string, Shape>> = {
  'dev.cdevents.service.deployed.0.3.0': ofService,
  'dev.cdevents.service.upgraded.0.3.0': ofService,
  'dev.cdevents.service.rolledback.0.3.0': ofService,
  'dev.cdevents.service.removed.0.3.0': { required: [], optional: ['environment'] },
  'dev.cdevents.pipelinerun.finished.0.3.0': {
    required: [],
    optional: ['pipelineName', 'uri', 'outcome', 'errors'],
  },
};

type Fields = Readonly<Record<string, unknown>>;

/** Everything that is wrong with an event; empty for a good one. */
export function wrongWith(event: unknown): readonly string[] {
  const found = fields(event);
  const about = fields(found.context);
  const what = fields(found.subject);
  const content = fields(what.content);
  const shape = contents[String(about.type)];
  return [
    ...differences('event', found, top),
    ...differences('context', about, context),
    ...differences('subject', what, subject),
    ...(shape ? differences('content', content, shape) : [`type ${about.type} is none of the published ones`]),
    ...('environment' in content ? differences('environment', fields(content.environment), environment) : []),
    ...emptyTexts('context', about, ['specversion', 'id', 'source', 'type', 'timestamp', 'chainId']),
    ...emptyTexts('subject', what, ['id', 'source']),
    ...emptyTexts('content', content, ['artifactId', 'pipelineName', 'outcome', 'errors']),
    ...values(about, content),
  ];
}

function values(about: Fields, { outcome, artifactId }: Fields): readonly string[] {
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(String(about.timestamp));
  const isUuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  return [
    ...(isTime ? [] : ['timestamp is no RFC 3339 time']),
    ...('chainId' in about && !isUuid4.test(String(about.chainId)) ? ['chainId is no UUID of version 4'] : []),
    ...(outcome === undefined || ['success', 'failure', 'cancel', 'error'].includes(String(outcome))
      ? []
      : [`outcome ${outcome}`]),
    ...(artifactId === undefined || /^pkg:[a-z]+\/[^\s@?]+(@[^\s@?]+)?(\?[^\s?]+)?$/.test(String(artifactId))
      ? []
      : [`artifactId ${artifactId} is no package URL`]),
  ];
}

function differences(where: string, found: Fields, { required, optional }: Shape): readonly string[] {
  const known = [...required, ...optional];
  return [
    ...required.filter((key) => !(key in found)).map((key) => `${where}.${key} is missing`),
    ...Object.keys(found)
      .filter((key) => !known.includes(key))
      .map((key) => `${where}.${key} is not allowed`),
  ];
}

function emptyTexts(where: string, found: Fields, keys: readonly string[]): readonly string[] {
  return keys
    .filter((key) => key in found && (typeof found[key] !== 'string' || found[key] === ''))
    .map((key) => `${where}.${key} is no text`);
}

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
