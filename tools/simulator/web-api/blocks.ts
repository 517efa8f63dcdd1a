import { isRecord } from '../json.ts';
import { checkBlocks } from '../validate/blocks.ts';
import { checkView } from '../validate/view.ts';
import { type ApiAnswer, type ApiMethods, type ApiRequest, refuse } from './method.ts';

export const blocksMethods: ApiMethods = { 'blocks.validate': { scopes: [], run: validate } };

/** Slack's own check of blocks, a message's blocks, or a view; needs no scope. */
function validate({ args }: ApiRequest): ApiAnswer {
  if (args.view !== undefined) {
    const type = isRecord(args.view) && args.view.type === 'home' ? 'home' : 'modal';
    return answer(checkView(args.view, type));
  }
  const blocks = args.blocks ?? (isRecord(args.message) ? args.message.blocks : undefined);
  return blocks === undefined ? refuse('invalid_arguments') : answer(checkBlocks(blocks, 'message'));
}

function answer(
  checked: { readonly ok: true } | { readonly ok: false; readonly messages: readonly string[] },
): ApiAnswer {
  if (checked.ok) return { ok: true };
  const errors = checked.messages.map((line) => {
    const [, message, pointer] = /^\[ERROR\] (.*) \[json-pointer:(.*)\]$/.exec(line) ?? [];
    return { code: 'invalid', message, pointer };
  });
  return { ...refuse('invalid_blocks', checked.messages), errors };
}
