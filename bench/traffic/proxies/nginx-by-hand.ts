// nginx as people run it: a configuration file with the side in it, and `nginx -s reload` to change that. And the same
// without any change: what the driver's own configuration is measured against.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotName } from '@bg/engine';
import { command, endAll, launch, listening } from './program.ts';
import { type Ground, type Mechanism, userCookie } from './proxy.ts';

interface Share {
  readonly active: SlotName;
  readonly greenPercent: number;
}

export const nginxReload: Mechanism = {
  name: 'nginx reload',
  kind: 'raw',
  family: 'nginx',
  start: async (ground) => {
    const { folder } = ground;
    await startNginx(ground, { active: 'blue', greenPercent: 0 });
    const reload = async (share: Share): Promise<void> => {
      writeConfig(ground, share);
      await command(['nginx', '-p', folder, '-c', configOf(folder), '-s', 'reload'], folder);
    };
    return {
      switchTo: (active) => reload({ active, greenPercent: 0 }),
      weigh: (greenPercent) => reload({ active: 'blue', greenPercent }),
      stop: () => endAll(folder),
    };
  },
};

export const nginxStatic: Mechanism = {
  name: 'nginx, static',
  kind: 'static',
  family: 'nginx',
  start: async (ground) => {
    await startNginx(ground, { active: 'blue', greenPercent: 0 });
    return { switchTo: () => Promise.resolve(), weigh: undefined, stop: () => endAll(ground.folder) };
  },
};

const configOf = (folder: string): string => join(folder, 'nginx.conf');

async function startNginx(ground: Ground, share: Share): Promise<void> {
  mkdirSync(join(ground.folder, 'temp'), { recursive: true });
  writeConfig(ground, share);
  launch(['nginx', '-p', ground.folder, '-c', configOf(ground.folder), '-g', 'daemon off;'], ground.folder);
  await listening(ground.port, 'nginx');
}

function writeConfig(ground: Ground, share: Share): void {
  const file = configOf(ground.folder);
  writeFileSync(`${file}.new`, textOf(ground, share));
  renameSync(`${file}.new`, file);
}

/** Logging, headers, buffering and connections as in the driver's own configuration. */
function textOf({ folder, port, backends }: Ground, { active, greenPercent }: Share): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${folder}/temp;`,
  );
  const upstream = (slot: SlotName): string =>
    `  upstream ${slot} { server 127.0.0.1:${backends[slot]} max_fails=0; keepalive 256; keepalive_timeout 1s; keepalive_requests 1000000; }`;
  const split =
    greenPercent === 0 ? '' : `  split_clients "$cookie_${userCookie}" $side { ${greenPercent}% green; * blue; }`;
  return `worker_processes auto;
worker_rlimit_nofile 65536;
pcre_jit on;
worker_shutdown_timeout 15m;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 8192; }
http {
${temp.join('\n')}
  log_format timed '$msec user ${greenPercent === 0 ? active : '$side'} $status $request_time $upstream_connect_time $upstream_header_time $stream $id';
${upstream('blue')}
${upstream('green')}
${split}
  map $http_upgrade $upgrade { "" ""; default upgrade; }
  map $http_x_request_id $id { "~^[A-Za-z0-9._-]{1,128}$" $http_x_request_id; default $request_id; }
  map $http_x_forwarded_proto $proto { "" $scheme; "~*^https\\b" https; default http; }
  map $sent_http_content_type $stream { "~*^text/event-stream" 1; default -; }
  map $http_x_forwarded_host $forwarded_host { "" $http_host; default $http_x_forwarded_host; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    access_log ${folder}/access.log timed buffer=64k flush=40ms;
    open_file_cache off;
    client_max_body_size 0;
    keepalive_timeout 30s;
    keepalive_requests 1000000;
    merge_slashes off;
    location / {
      proxy_http_version 1.1;
      proxy_next_upstream off;
      proxy_buffering off;
      proxy_buffer_size 16k;
      proxy_buffers 8 16k;
      proxy_request_buffering off;
      proxy_redirect off;
      proxy_connect_timeout 5s;
      proxy_read_timeout 60s;
      proxy_send_timeout 60s;
      proxy_set_header Host $http_host;
      proxy_set_header Connection $upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header X-Request-Id $id;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $proto;
      proxy_set_header X-Forwarded-Host $forwarded_host;
      proxy_pass http://${greenPercent === 0 ? active : '$side'};
    }
  }
}
`;
}
