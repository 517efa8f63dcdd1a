// The web page: shows everything, changes nothing. Served beside the bot, or by `bg web`.

export { type ServedWeb, serveWeb } from './serve.ts';
