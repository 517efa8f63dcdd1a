// What a button or a form sends back: which deployment and which state it was drawn for. Nothing in it is trusted;
// it only says what to look up.

import type { DeploymentRef } from '@bg/engine';

export function refText({ id, stateVersion }: { readonly id: string; readonly stateVersion: number }): string {
  return `${id}:${stateVersion}`;
}

export function readRef(value: string): (DeploymentRef & { readonly stateVersion: number }) | undefined {
  const [, id, stateVersion] = /^([\w.-]{1,80}):(\d{1,9})$/.exec(value) ?? [];
  return id === undefined ? undefined : { id, stateVersion: Number(stateVersion) };
}

export interface SideRef {
  readonly service: string;
  readonly target: string;
  readonly deploymentId: string;
}

export function readSideRef(value: string): SideRef | undefined {
  const [, service, target, deploymentId] = /^([\w-]{1,64})\/([\w-]{1,64}):([\w.-]{1,80})$/.exec(value) ?? [];
  if (service === undefined || target === undefined || deploymentId === undefined) return undefined;
  return { service, target, deploymentId };
}
