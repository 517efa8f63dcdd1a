// What is wrong with the YAML, in words of our own: the parser's messages quote the text, which may hold a secret.

import type { YAMLError } from 'yaml';

const sentences: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias (*name) cannot carry an anchor or a tag',
  BAD_ALIAS: 'this anchor (&name) or alias (*name) has no usable name',
  BAD_COLLECTION_TYPE: 'this tag does not fit what follows it; leave tags (!name) out',
  BAD_DIRECTIVE: 'directives (%…) are not used here; leave this line out',
  BAD_DQ_ESCAPE: 'this escape is unknown in "…"; write \\\\ for a backslash, or use \'…\'',
  BAD_INDENT: 'this line is not indented like its neighbours, or a bracket is not closed',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a text that starts with this character must stand in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping or list starts in the middle of a line; quote a text that holds ": ", or start a new line',
  BLOCK_IN_FLOW: 'inside { } and [ ], lists and mappings are written with brackets too',
  DUPLICATE_KEY: 'this key is given twice',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'something is missing here: a colon after a key, a comma, a closing quote or a closing bracket',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line, followed by a colon',
  MULTIPLE_ANCHORS: 'a value has two anchors (&name)',
  MULTIPLE_DOCS: 'the file holds more than one document; keep one, without ---',
  MULTIPLE_TAGS: 'a value has two tags (!name)',
  NON_STRING_KEY: 'a key must be a plain text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'a tab stands in the indentation; YAML wants spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) are not used here; write the value without',
  UNEXPECTED_TOKEN: 'this is not expected here; look for a wrong indentation, or a text that needs quotes',
};

export const yamlSentence = ({ code }: Pick<YAMLError, 'code'>): string => sentences[code] ?? sentences.IMPOSSIBLE;
