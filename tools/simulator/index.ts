// The entry point of the Slack workspace simulator. It knows Slack and nothing of deployments.
export type { ClickInput, Controls, GroupInput, SelectInput, WaitOptions } from './controls.ts';
export { SimulatorError, type SimulatorErrorCode } from './errors.ts';
export type { ApiFault, ClockFault, DeliveryFault, DeliveryKind, Fault } from './faults.ts';
export type { ApiCall, Delivery, Violation } from './journal.ts';
export { type AppManifest, checkManifest, type ManifestCommand, RESERVED_COMMANDS } from './manifest.ts';
export {
  BOT_USER_ID,
  DEFAULT_CHANNELS,
  DEFAULT_USER_GROUPS,
  DEFAULT_USERS,
  type SimulatorChannel,
  type SimulatorOptions,
  type SimulatorUser,
  type SimulatorUserGroup,
  SLACKBOT_ID,
} from './options.ts';
export type { CommandInput } from './people/command.ts';
export type { SubmitInput, SubmitResult } from './people/modal.ts';
export type { DeliveryResult } from './people/payloads.ts';
export type { SeenMessage } from './people/see.ts';
export { sign } from './signing.ts';
export { type Simulator, startSimulator } from './simulator.ts';
