// files.*: the three calls of an upload. The bytes themselves come to the upload URL.
import { secretPart, slackId } from '../ids.ts';
import { records, text } from '../json.ts';
import { addMessage, fileSummary } from '../messages.ts';
import type { UploadedFile, Workspace } from '../store.ts';
import { checkBlocks } from '../validate/blocks.ts';
import { type ApiAnswer, type ApiMethods, type ApiRequest, refuse, writableChannel } from './method.ts';

const MOST_FILE_BYTES = 8 << 20;
const MOST_FILES = 200;

export const filesMethods: ApiMethods = {
  'files.getUploadURLExternal': { scopes: ['files:write'], run: getUploadUrl },
  'files.completeUploadExternal': { scopes: ['files:write'], run: complete },
};

function getUploadUrl({ context, args }: ApiRequest): ApiAnswer {
  const name = text(args.filename) ?? '';
  const length = Number(args.length);
  if (name === '' || !(length > 0 && length <= MOST_FILE_BYTES)) return refuse('invalid_arguments');
  const { files } = context.workspace;
  for (const old of [...files.keys()].slice(0, Math.max(0, files.size - MOST_FILES))) files.delete(old);
  const file: UploadedFile = {
    id: slackId('F'),
    name,
    title: name,
    length,
    mimetype: typeOf(name),
    secret: secretPart(),
    isComplete: false,
  };
  files.set(file.id, file);
  return { ok: true, file_id: file.id, upload_url: `${context.baseUrl()}/upload/v1/${file.id}/${file.secret}` };
}

/** What the upload URL does with the bytes: 200 when they are as many as promised. */
export function receiveUpload(
  workspace: Workspace,
  at: { readonly id: string; readonly secret: string },
  bytes: Buffer,
): number {
  const file = workspace.files.get(at.id);
  if (file === undefined || file.secret !== at.secret || file.isComplete) return 404;
  if (bytes.length !== file.length) return 400;
  workspace.files.set(file.id, { ...file, bytes });
  return 200;
}

function complete(request: ApiRequest): ApiAnswer {
  const { context, args } = request;
  const wanted = records(args.files);
  const files = wanted.map((each) => context.workspace.files.get(text(each.id) ?? ''));
  if (files.length === 0 || files.some((file) => file?.bytes === undefined)) return refuse('file_not_found');
  for (const each of wanted) {
    const file = context.workspace.files.get(String(each.id));
    if (file !== undefined)
      context.workspace.files.set(file.id, { ...file, title: text(each.title) ?? file.name, isComplete: true });
  }
  const ids = wanted.map((each) => String(each.id));
  const problem = args.channel_id === undefined ? undefined : share(request, ids);
  return problem ?? { ok: true, files: ids.map((id) => fileSummary(context.workspace, id)) };
}

function share(request: ApiRequest, ids: readonly string[]): ApiAnswer | undefined {
  const { context, args } = request;
  const channel = writableChannel({ context, args: { channel: args.channel_id } });
  if (!channel.ok) return channel;
  const checked = args.blocks === undefined ? undefined : checkBlocks(args.blocks, 'message');
  if (checked !== undefined && !checked.ok) return refuse('invalid_blocks', checked.messages);
  addMessage(context.workspace, {
    channel: channel.value.id,
    user: context.workspace.app.botUserId,
    text: text(args.initial_comment) ?? '',
    blocks: checked?.blocks,
    threadTs: text(args.thread_ts),
    files: ids,
  });
  return undefined;
}

function typeOf(name: string): string {
  const types: Readonly<Record<string, string>> = {
    png: 'image/png',
    jpg: 'image/jpeg',
    gif: 'image/gif',
    txt: 'text/plain',
    json: 'application/json',
    csv: 'text/csv',
  };
  return types[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}
