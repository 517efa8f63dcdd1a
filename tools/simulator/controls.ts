// The hands and eyes of a test or a page: what people do, what they see, and what is broken on purpose.
import type { Context } from './context.ts';
import { SimulatorError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { ApiCall, Delivery, Violation } from './journal.ts';
import type { Json } from './json.ts';
import { checkAppUrl } from './options.ts';
import { click, type ElementInput, type SuggestInput, suggest } from './people/click.ts';
import { type CommandInput, runCommand } from './people/command.ts';
import { closeView, type SubmitInput, type SubmitResult, submitView } from './people/modal.ts';
import { type DeliveryResult, resultOf } from './people/payloads.ts';
import { addToGroup, openHome, removeFromGroup, type SayInput, say, verifyUrl } from './people/presence.ts';
import { type ChannelChange, changeChannel, deleteMessage } from './people/rooms.ts';
import { type SeeInput, type SeenMessage, seeEverything, seeHome, seeMessages, seeModals } from './people/see.ts';
import type { DisconnectReason } from './socket-mode.ts';

export type ClickInput = Omit<ElementInput, 'choice'>;
export interface SelectInput extends Omit<ElementInput, 'value' | 'choice'> {
  /** An option's value, several for a multi select, an id, a date; null clears. */
  readonly value: unknown;
}
export type GroupInput = { readonly user: string; readonly group: string };
export interface WaitOptions {
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Look through this person's eyes, in `channel`; otherwise at everything. */
  readonly user?: string;
  readonly channel?: string;
}

export interface Controls {
  command(input: CommandInput): Promise<DeliveryResult>;
  click(input: ClickInput): Promise<DeliveryResult>;
  select(input: SelectInput): Promise<DeliveryResult>;
  suggest(input: SuggestInput): Promise<DeliveryResult & { readonly options: readonly Json[] }>;
  submitView(input: SubmitInput): Promise<SubmitResult>;
  closeView(input: { readonly user: string; readonly viewId: string; readonly all?: boolean }): Promise<void>;
  openHome(user: string): Promise<DeliveryResult>;
  say(input: SayInput): Promise<{ readonly ts: string }>;
  changeChannel(change: ChannelChange): void;
  deleteMessage(message: { readonly channel: string; readonly ts: string }): void;
  messages(input: SeeInput): readonly SeenMessage[];
  modals(user: string): readonly Json[];
  home(user: string): Json | undefined;
  deliveries(): readonly Delivery[];
  apiCalls(): readonly ApiCall[];
  violations(): readonly Violation[];
  /** From now on, these types of newer blocks are refused, and no others. */
  forgetBlocks(types: readonly string[]): void;
  fault(fault: Fault): void;
  clearFaults(): void;
  replay(deliveryId: string): Promise<DeliveryResult>;
  removeFromGroup(input: GroupInput): Promise<void>;
  addToGroup(input: GroupInput): Promise<void>;
  verifyUrl(): Promise<DeliveryResult>;
  setAppUrl(appUrl: string): void;
  /** Lets the workspace's time pass at once, for trigger ids and response URLs. */
  advance(ms: number): void;
  connectedSockets(): number;
  disconnectSockets(reason: DisconnectReason): void;
  /**
   * Resolves with the first truthy answer of `look`, asked now and after every change of a message.
   * @throws SimulatorError `wait-timeout`, saying what was there instead
   */
  waitFor<T>(
    look: (messages: readonly SeenMessage[]) => T | undefined | false | null,
    options?: WaitOptions,
  ): Promise<T>;
}

export function createControls(context: Context): Controls {
  const { faults, journal, sockets, workspace, deliverer } = context;
  return {
    command: (input) => runCommand(context, input),
    click: (input) => click(context, input),
    select: ({ value, ...input }) => click(context, { ...input, choice: value }),
    suggest: (input) => suggest(context, input),
    submitView: (input) => submitView(context, input),
    closeView: (input) => closeView(context, input),
    openHome: (user) => openHome(context, user),
    say: (input) => say(context, input),
    changeChannel: (change) => changeChannel(context, change),
    deleteMessage: (message) => deleteMessage(context, message),
    messages: (input) => seeMessages(context, input),
    modals: (user) => seeModals(context, user),
    home: (user) => seeHome(context, user),
    deliveries: journal.deliveries,
    apiCalls: journal.apiCalls,
    violations: journal.violations,
    forgetBlocks: (types) => {
      workspace.unknownBlocks.clear();
      for (const type of types) workspace.unknownBlocks.add(type);
    },
    fault: faults.add,
    clearFaults: faults.clear,
    replay: async (deliveryId) => resultOf(await deliverer.replay(deliveryId)),
    removeFromGroup: (input) => removeFromGroup(context, input),
    addToGroup: (input) => addToGroup(context, input),
    verifyUrl: async () => resultOf(await verifyUrl(context)),
    setAppUrl: (appUrl) => deliverer.setAppUrl(checkAppUrl(appUrl)),
    advance: workspace.clock.advance,
    connectedSockets: sockets.connected,
    disconnectSockets: sockets.disconnect,
    waitFor: (look, options) => waitFor(context, look, options),
  };
}

function waitFor<T>(
  context: Context,
  look: (messages: readonly SeenMessage[]) => T | undefined | false | null,
  { timeoutMs = 10_000, user, channel }: WaitOptions = {},
): Promise<T> {
  const { events } = context.workspace;
  const visible = (): readonly SeenMessage[] =>
    user !== undefined && channel !== undefined ? seeMessages(context, { user, channel }) : seeEverything(context);
  return new Promise((resolve, reject) => {
    const check = (): void => {
      try {
        const answer = look(visible());
        if (answer !== undefined && answer !== false && answer !== null) finish(() => resolve(answer));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(() => finish(() => reject(timedOut(visible(), timeoutMs))), timeoutMs);
    const finish = (end: () => void): void => {
      clearTimeout(timer);
      events.off('changed', check);
      end();
    };
    events.on('changed', check);
    check();
  });
}

function timedOut(messages: readonly SeenMessage[], timeoutMs: number): SimulatorError {
  const last = messages
    .slice(-5)
    .map((message) => `  ${message.isEphemeral ? '(ephemeral) ' : ''}${message.text.slice(0, 200)}`);
  return new SimulatorError(
    'wait-timeout',
    `nothing of the kind within ${timeoutMs} ms; the last messages were:\n${last.join('\n')}`,
  );
}
