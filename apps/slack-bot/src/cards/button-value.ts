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

/** Which build goes where, and the latest deployment of its version there when the button was drawn. */
export interface BuildRef {
  readonly service: string;
  readonly target: string;
  readonly build: number;
  readonly version: string;
  readonly last: string | undefined;
}

export function buildRefText({ service, target, build, version, last }: BuildRef): string {
  return `${service}/${target}:${build}:${version}:${last ?? '-'}`;
}

export function readBuildRef(value: string): BuildRef | undefined {
  const pattern = /^([\w-]{1,64})\/([\w-]{1,64}):(\d{1,12}):([\w.+-]{1,64}):([\w.-]{1,80})$/;
  const [, service, target, build, version, last] = pattern.exec(value) ?? [];
  if (service === undefined || target === undefined || version === undefined) return undefined;
  return { service, target, build: Number(build), version, last: last === '-' ? undefined : last };
}

/** Which delivery, and when it was given up: it may have been worked on since. */
export function deliveryRefText({ id, settledAt }: { readonly id: number; readonly settledAt: number }): string {
  return `${id}:${settledAt}`;
}

export function readDeliveryRef(value: string): { readonly id: number; readonly settledAt: number } | undefined {
  const [, id, settledAt] = /^(\d{1,12}):(\d{1,16})$/.exec(value) ?? [];
  return id === undefined ? undefined : { id: Number(id), settledAt: Number(settledAt) };
}
