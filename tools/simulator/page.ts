// The page: static files from ./page, plain HTML, CSS and JavaScript modules.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';

const FOLDER = join(import.meta.dirname, 'page');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function addPage(server: FastifyInstance): Promise<void> {
  const names = (await readdir(FOLDER)).filter((name) => extname(name) in TYPES);
  for (const name of names) server.get(`/page/${name}`, (_request, reply) => sendFile(reply, name));
  server.get('/', (_request, reply) => sendFile(reply, 'index.html'));
  server.get('/archives/:channel/:message', (_request, reply) => sendFile(reply, 'index.html'));
  server.get('/favicon.ico', (_request, reply) => reply.code(204).send());
}

async function sendFile(reply: FastifyReply, name: string): Promise<FastifyReply> {
  const bytes = await readFile(join(FOLDER, name));
  reply.header('content-security-policy', POLICY).header('referrer-policy', 'no-referrer');
  return reply.type(TYPES[extname(name)] ?? 'application/octet-stream').send(bytes);
}
