import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { withOwnCheck } from '../own-checks.ts';
import { describeCheck, hasCheck } from './own-check.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const found = (Status: string, secondsAgo = 1, Interval = 5e9) =>
  ({
    State: { Health: { Status, Log: [{ End: new Date(now - secondsAgo * 1000).toISOString(), Output: 'no rows\n' }] } },
    Config: { Healthcheck: { Test: ['CMD', 'x'], Interval, Timeout: 1e9 } },
  }) as unknown as Docker.ContainerInspectInfo;

const warned = (status: string, secondsAgo?: number, interval?: number) =>
  describeCheck(found(status, secondsAgo, interval), { now, counts: false });

describe('the HEALTHCHECK of an image', () => {
  it('says what Docker says, with its last output', () => {
    const sentence = 'the HEALTHCHECK of its image says unhealthy: no rows';
    expect(warned('unhealthy')).toEqual({ status: 'unhealthy', counts: false, sentence });
    expect(warned('starting')).toMatchObject({ status: 'starting' });
    expect(warned('none')).toBeUndefined();
  });

  it('says nothing when it has not run for some of its intervals', () => {
    expect(warned('unhealthy', 15)).toBeDefined();
    expect(warned('unhealthy', 17)).toBeUndefined();
    expect(warned('healthy', 90, 0)).toBeDefined();
    expect(warned('healthy', 95, 0)).toBeUndefined();
  });

  it('is one only where the image has it', () => {
    const image = (Healthcheck: object | undefined) => hasCheck({ Config: { Healthcheck } } as never);
    expect([image(undefined), image({ Test: [] }), image({ Test: ['NONE'] }), image({ Test: ['CMD', 'x'] })]).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});

describe('an instance that answers well, and that its HEALTHCHECK calls unhealthy', () => {
  const report = { healthy: true, answered: true, proof: 'fields', ms: 1 } as const;
  const check = { status: 'unhealthy', sentence: 'the HEALTHCHECK says so' } as const;

  it('is degraded, and ill where that counts', () => {
    expect(withOwnCheck(report, { ...check, counts: false })).toEqual({ ...report, degraded: check.sentence });
    expect(withOwnCheck(report, { ...check, counts: true })).toEqual({
      ...report,
      healthy: false,
      problem: check.sentence,
    });
    expect(withOwnCheck(report, { ...check, status: 'starting', counts: true })).toBe(report);
    expect(withOwnCheck(report, undefined)).toBe(report);
    const ill = { ...report, healthy: false, problem: 'no answer' };
    expect(withOwnCheck(ill, { ...check, counts: true })).toBe(ill);
  });
});
