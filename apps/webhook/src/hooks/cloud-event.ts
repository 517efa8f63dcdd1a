// Reads a CloudEvent in structured or binary mode into the structured form: the stored event contains all that came.

import { isObject, type JsonObject, readJsonObject } from '@bg/engine';
import { type Delivery, one } from './hook.ts';

/** What every CloudEvent has. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
}

export type CloudEventReading =
  | {
      readonly ok: true;
      readonly event: CloudEvent;
      /** In structured mode, as JSON. */
      readonly envelope: Buffer;
    }
  | { readonly ok: false; readonly problem: string };

const needed = ['id', 'source', 'type'] as const;
const maxAttributeLength = 1024;

/** `isSigned`: the signature covers the body and no header; what only a header says is not trusted then. */
export function readCloudEvent({ headers, body }: Delivery, isSigned: boolean): CloudEventReading {
  const media = (one(headers['content-type']) ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (media.startsWith('application/cloudevents-batch')) return fail('batches are not taken: send one event at a time');
  const reading = readJsonObject(body);
  if (!reading.ok) return reading;
  if (media === 'application/cloudevents+json') return structured(body, reading.value);
  if (headers['ce-specversion'] !== undefined) return binary(headers, reading.value, isSigned);
  return fail(
    'no CloudEvent: expected the content type application/cloudevents+json, or ce-specversion and its fellows',
  );
}

function structured(body: Buffer, envelope: JsonObject): CloudEventReading {
  const problem = problemWith(envelope);
  if (problem !== undefined) return fail(problem);
  if (Object.hasOwn(envelope, 'data_base64')) return fail('"data_base64" is not taken: send "data" as JSON');
  return { ok: true, event: eventOf(envelope), envelope: body };
}

function binary(headers: Delivery['headers'], data: JsonObject, isSigned: boolean): CloudEventReading {
  const attributes = attributesOf(headers);
  if (typeof attributes === 'string') return fail(attributes);
  const problem = problemWith(attributes);
  if (problem !== undefined) return fail(problem);
  if (isSigned && !repeats(data.context, attributes))
    return fail(
      'the ce-* headers are not signed: send the event in structured mode, or with a "context" in its data that says the same',
    );
  const event = eventOf(attributes);
  const kept = isSigned ? { specversion: '1.0', ...event } : attributes;
  const envelope = { ...kept, datacontenttype: 'application/json', data };
  return { ok: true, event, envelope: Buffer.from(JSON.stringify(envelope)) };
}

/** The attributes, or why they cannot be read. */
function attributesOf(headers: Delivery['headers']): Readonly<Record<string, string>> | string {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const attribute = /^ce-([a-z0-9]{1,40})$/.exec(name)?.[1];
    if (attribute === undefined) continue;
    const text = decoded(one(value));
    if (text === undefined || attribute === 'data') return `${name} is no attribute that can be read`;
    attributes[attribute] = text;
  }
  return attributes;
}

function problemWith(attributes: JsonObject): string | undefined {
  if (attributes.specversion !== '1.0') return 'specversion is not 1.0';
  for (const name of needed) {
    const value = attributes[name];
    if (typeof value !== 'string' || value === '') return `"${name}" is missing`;
    if (value.length > maxAttributeLength) return `"${name}" is longer than ${maxAttributeLength} characters`;
  }
  return undefined;
}

function eventOf({ id, source, type }: JsonObject): CloudEvent {
  return { id: String(id), source: String(source), type: String(type) };
}

/** A CDEvent has in its `context` what the headers say of it. */
function repeats(context: unknown, attributes: JsonObject): boolean {
  return isObject(context) && needed.every((name) => context[name] === attributes[name]);
}

/** Attributes in headers are percent-encoded where they are not plain ASCII. */
function decoded(value: string | undefined): string | undefined {
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function fail(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
