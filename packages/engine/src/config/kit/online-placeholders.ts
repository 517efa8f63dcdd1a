// What the command of an online schema change tool may ask for, in braces: `{table}`.

export const placeholders = ['host', 'port', 'socket', 'user', 'database', 'table', 'alter', 'defaults'] as const;

export const placeholderPattern = /\{([a-z]+)\}/g;
