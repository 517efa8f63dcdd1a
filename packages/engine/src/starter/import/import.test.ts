// What is taken over from compose files and Kamal's deploy.yml, what is named as left out, and that each result is valid.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkConfig } from '../../compose/configuration.ts';
import { importFile } from './import-file.ts';
import type { Importing } from './imported.ts';
import { importedConfig } from './imported-config.ts';
import { interpolate } from './interpolate.ts';
import { bytesIn, durationIn, wordsIn } from './values.ts';

const folder = mkdtempSync(join(tmpdir(), 'bg-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function imported(text: string, service?: string): Importing {
  const result = importFile({ text, folder: '/srv/shop', service });
  if (!result.ok) throw new Error(result.why);
  return result.importing;
}

const refusal = (text: string, service?: string): string => {
  const result = importFile({ text, folder: '/srv/shop', service });
  return result.ok ? 'was taken' : result.why;
};

const left = (text: string, service?: string) =>
  Object.fromEntries(imported(text, service).left.map(({ key, why }) => [key, why]));

/** The settings of the configuration that is written; nothing of it may be an error. */
function configured(importing: Importing) {
  const text = importedConfig({
    importing,
    source: 'compose.yaml',
    state: '.bluegreen/state',
    releases: `releases/${importing.service}`,
    ports: { blue: 8001, green: 8101, front: 8080 },
    loadBalancer: 'embedded',
    person: { id: 'alice', osUser: 'alice' },
  });
  mkdirSync(join(folder, 'releases', importing.service), { recursive: true });
  for (const name of [`${importing.service}.env`, ...(importing.imported.envFiles ?? [])])
    writeFileSync(join(folder, name), 'DB_PASSWORD=hush\nAPI_TOKEN=hush\nDATABASE_URL=hush\nSECRET_KEY_BASE=hush\n');
  const checked = checkConfig({ text, file: join(folder, 'bluegreen.yaml'), environment: { REGISTRY_PASSWORD: 'x' } });
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return { text, target: checked.settings?.targets[0] };
}

const compose = `
name: acme
x-common: &common
  restart: always
  environment: &env
    LOG_LEVEL: \${LOG_LEVEL:-info}
    PORT: 3000
services:
  web:
    <<: *common
    image: registry.example.com/acme/web:1.2
    entrypoint: ["/usr/bin/node"]
    command: server.mjs --listen "0.0.0.0:3000" --greeting 'a b' --price "$$5"
    environment:
      <<: *env
      API_TOKEN: hush-hush
      DATABASE_URL: postgres://shop:hush@db/shop
      DB_PASSWORD: \${DB_PASSWORD}
      PLAIN: "cost is $\${x}"
      INSTANCE: "7"
    env_file: [web.env, { path: more.env, required: false }]
    ports: ["127.0.0.1:8088:3000", "9229:9229"]
    volumes:
      - ./certs:/certs:ro
      - { type: volume, source: media, target: /media }
      - fixed:/fixed:ro
    networks: [back, front]
    extra_hosts: ["db.internal:10.0.0.9", "host.docker.internal:host-gateway"]
    user: "1000:1000"
    ulimits: { nofile: { soft: 1024, hard: 2048 }, nproc: 100 }
    stop_grace_period: 1m30s
    mem_limit: 512m
    deploy: { replicas: 3, resources: { limits: { cpus: "1.5", pids: 200 } }, update_config: { order: start-first } }
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost:3000/up || exit 1"]
      interval: 10s
      timeout: 3s
      retries: 5
      start_period: 40s
    cap_add: [NET_BIND_SERVICE]
    privileged: true
    depends_on: [db]
    labels: { traefik.enable: "true" }
    build: .
    profiles: [prod]
    extends: { service: base }
    secrets: [token]
    unheard: 1
  db:
    image: postgres:17
networks: { back: {}, front: { external: true } }
volumes: { media: {}, fixed: { name: the-fixed } }
secrets: { token: { file: ./token } }
`;

describe('a compose file', () => {
  it('becomes a configuration with everything that a slot has, and no secret in it', () => {
    const importing = imported(compose, 'web');
    const { text, target } = configured(importing);
    expect(target?.command).toEqual([
      '/usr/bin/node',
      'server.mjs',
      '--listen',
      `0.0.0.0:\${APPLICATION_PORT}`,
      '--greeting',
      'a b',
      '--price',
      '$5',
    ]);
    expect(importing.imported.env).toEqual({ LOG_LEVEL: 'info', PORT: '3000', PLAIN: `cost is \${x}` });
    expect(text).toContain(`PORT: "\${APPLICATION_PORT}"`);
    expect(text).toContain(`PLAIN: "cost is $\${x}"`);
    expect(importing.imported.named).toEqual(['API_TOKEN', 'DATABASE_URL', 'DB_PASSWORD']);
    expect(text).not.toMatch(/hush/);
    expect(importing.imported).toMatchObject({
      port: 3000,
      front: '127.0.0.1:8088',
      network: 'acme_back',
      instances: 3,
      graceMs: 90_000,
      memoryBytes: 512 * 1024 ** 2,
      cpus: 1.5,
      pids: 200,
      envFiles: ['web.env', 'more.env'],
      extraHosts: ['db.internal:10.0.0.9'],
      volumes: [
        { source: '/srv/shop/certs', path: '/certs' },
        { source: 'the-fixed', path: '/fixed' },
      ],
      ulimits: [
        { name: 'nofile', soft: 1024, hard: 2048 },
        { name: 'nproc', soft: 100, hard: 100 },
      ],
      health: { path: '/up', intervalMs: 10_000, timeoutMs: 3_000, failures: 5, startupMs: 40_000 },
      capabilities: ['NET_BIND_SERVICE'],
    });
  });

  it('names each key that is not taken over, and why', () => {
    const importing = imported(compose, 'web');
    const keys = new Set(importing.left.map(({ key }) => key));
    for (const key of [
      'privileged',
      'depends_on',
      'labels',
      'build',
      'profiles',
      'extends',
      'secrets',
      'unheard',
      'deploy',
    ])
      expect(keys).toContain(`services.web.${key}`);
    const why = left(compose, 'web');
    expect(why['services.web.volumes']).toContain('acme_media:/media: two versions run at once');
    expect(why['services.web.ports']).toContain('9229');
    expect(why['services.web.networks']).toContain('front: a container is in one network');
    expect(why['services.web.extra_hosts']).toContain('host-gateway');
    expect(why['services.web.unheard']).toBe('this engine has nothing like it');
    expect(why['services.db']).toContain('stays with compose');
    expect(why.secrets).toContain('never copied');
    expect(why['services.web.environment']).toContain('INSTANCE is given by this engine');
    expect(configured(importing).text).toContain('# - services.web.privileged: ');
  });

  it('with one small service needs no choice and no network', () => {
    const importing = imported('services:\n  shop_Web:\n    image: acme/shop:1\n    ports: [80]\n');
    expect(importing.service).toBe('shop-web');
    expect(importing.imported).toEqual({ image: 'acme/shop:1', port: 80 });
    expect(configured(importing).text).toContain('\n  shop-web:\n');
  });

  it.each([
    ['a service is not named', compose, undefined, 'has several services: name one of web, db with --service'],
    ['there is no such service', compose, 'nope', 'has no service nope; it has web, db'],
    ['services is a list', 'services: [web]\n', undefined, 'has no `services`, as a compose file has'],
    ['a service is a text', 'services: { web: hello }\n', undefined, 'services.web is not a mapping of keys'],
    ['it is empty', '', undefined, 'is not a mapping of keys'],
    ['it is no YAML', 'services: {\n', undefined, /is no valid YAML/],
    ['it is neither', 'a: 1\n', undefined, 'has no `service`, as a deploy.yml of Kamal has'],
    ['a key comes twice', 'services: {}\nservices: {}\n', undefined, /is no valid YAML/],
    [
      'an anchor is inside itself',
      'services: &a { web: *a }\n',
      undefined,
      /too deeply|cannot be read|several|no valid/,
    ],
    ['it is huge', `services: {}\n# ${'x'.repeat(1 << 20)}`, undefined, /bytes large; at most 1 MiB/],
    ['it is deep', `services: ${'['.repeat(100_000)}`, undefined, /too deeply|no valid YAML/],
  ])('is refused with a sentence where %s', (_, text, service, sentence) => {
    const why = refusal(text, service);
    if (typeof sentence === 'string') expect(why).toBe(sentence);
    else expect(why).toMatch(sentence);
  });

  it('whose anchors multiply is refused in time', () => {
    const rows = [...'bcdefgh'].map(
      (name, at) => `x-${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`).join(', ')}]`,
    );
    expect(refusal(`x-a: &a [x]\n${rows.join('\n')}\nservices: { web: { image: a, x: *h } }\n`)).toMatch(
      /cannot be read|holds more than/,
    );
  });

  it('with a value of the wrong type loses that key alone', () => {
    const keys = [
      'image: []',
      'command: {}',
      'environment: 7',
      'ports: yes',
      'volumes: {}',
      'user: [1]',
      'user: "a b;c"',
      'ulimits: []',
      'ulimits: { "x y": 1 }',
      'stop_grace_period: soon',
      'mem_limit: lots',
      'scale: -1',
      'deploy: 3',
      'healthcheck: []',
      'cap_add: ["a b"]',
      'env_file: [[]]',
      'networks: [{}]',
      'command: "a \\"b"',
    ];
    for (const key of keys) {
      const importing = imported(`services:\n  web:\n    ${key}\n    tty: true\n`);
      const name = `services.web.${key.split(':')[0]}`;
      expect(
        importing.left.map((each) => each.key),
        key,
      ).toContain(name);
      configured(importing);
    }
  });

  it('that needs values which it does not hold says which', () => {
    const why = left(`services:\n  web:\n    image: \${REGISTRY}/web:\${TAG:?no tag}\n    user: $UID_OF\n`);
    expect(why['services.web.image']).toContain('needs REGISTRY, TAG');
    expect(why['services.web.user']).toContain('needs UID_OF');
  });
});

describe('a deploy.yml of Kamal', () => {
  const kamal = `
service: shop
image: acme/shop
servers:
  web: { hosts: [192.0.2.1, 192.0.2.2], cmd: bin/server -p 3000, options: { memory: 512m, cpus: 2, gpus: all } }
  job: { hosts: [192.0.2.3], cmd: bin/jobs }
proxy:
  ssl: true
  host: shop.example.com
  app_port: 3000
  healthcheck: { path: /healthy, interval: 2, timeout: 3 }
registry: { server: registry.example.com, username: deploy, password: [REGISTRY_PASSWORD] }
env:
  clear: { LOG_LEVEL: info, RAILS_MAX_THREADS: 5 }
  secret: [SECRET_KEY_BASE, "DB_PASSWORD:MAIN_DB_PASSWORD"]
volumes: ["storage:/rails/storage", "/etc/certs:/certs:ro"]
builder: { arch: amd64 }
accessories: { db: { image: "postgres:17" } }
retain_containers: 7
drain_timeout: 20
asset_path: /rails/public/assets
aliases: { console: app exec -i bash }
`;

  it('becomes a configuration, with references for its secrets', () => {
    const importing = imported(kamal);
    const { text, target } = configured(importing);
    expect(importing.service).toBe('shop');
    expect(importing.imported).toMatchObject({
      image: 'registry.example.com/acme/shop',
      port: 3000,
      command: ['bin/server', '-p', '3000'],
      env: { LOG_LEVEL: 'info', RAILS_MAX_THREADS: '5' },
      named: ['SECRET_KEY_BASE', 'DB_PASSWORD'],
      health: { path: '/healthy', intervalMs: 2_000, timeoutMs: 3_000 },
      volumes: [{ source: '/etc/certs', path: '/certs' }],
      keepReleases: 7,
      graceMs: 20_000,
      memoryBytes: 512 * 1024 ** 2,
      cpus: 2,
    });
    expect(target?.command).toEqual(['bin/server', '-p', `\${APPLICATION_PORT}`]);
    expect(text).toContain(`password: "\${REGISTRY_PASSWORD}"`);
  });

  it('names what is left: hosts, roles, TLS, accessories and the rest', () => {
    const all = imported(kamal)
      .left.map(({ key, why }) => `${key}: ${why}`)
      .join('\n');
    for (const part of [
      '192.0.2.1, 192.0.2.2',
      'job: only the role that serves users',
      'web.options.gpus',
      'ssl: put TLS in front',
      'host shop.example.com',
      'storage:/rails/storage: two versions run at once',
      'builder: ',
      'accessories: ',
      'asset_path: ',
      'aliases: ',
    ])
      expect(all).toContain(part);
  });

  it('is asked on port 80 at /up unless it says otherwise, and is never run as ERB', () => {
    expect(imported('service: a\nimage: b\nservers: [192.0.2.1]\n').imported).toMatchObject({
      port: 80,
      health: { path: '/up' },
    });
    expect(refusal('service: <%= ENV["X"] %>\n')).toContain('holds ERB');
  });
});

describe('values', () => {
  it.each([
    ['$A and ${B}', ' and ', ['A', 'B']],
    ['${A:-x}${B-y}', 'xy', []],
    ['${A:-${B:-deep}}', 'deep', []],
    ['${A:+other}', '', []],
    ['$$A ${A:?must}', '$A ', ['A']],
    ['100%', '100%', []],
  ])('%s', (text, filled, missing) => expect(interpolate(text)).toEqual({ text: filled, missing }));

  it('are read as compose writes them', () => {
    expect([durationIn('1m30s'), durationIn('500ms'), durationIn(5), durationIn('7')]).toEqual([
      90_000, 500, 5_000, 7_000,
    ]);
    expect([bytesIn('512m'), bytesIn('1.5gb'), bytesIn(1024), bytesIn('64k')]).toEqual([
      512 * 1024 ** 2,
      1.5 * 1024 ** 3,
      1024,
      65_536,
    ]);
    expect(wordsIn(`a "b c" d'e f'g \\"h "i\\"j"`)).toEqual(['a', 'b c', 'de fg', '"h', 'i"j']);
  });
});
