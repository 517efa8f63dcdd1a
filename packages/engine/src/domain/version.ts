// What a version may look like: it names a folder and is a word of a command.

const shape = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

export const isVersion = (text: string): boolean => shape.test(text);
