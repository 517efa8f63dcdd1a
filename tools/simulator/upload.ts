/** The bytes of the first part of a multipart body; any other body is the file itself. */
export function firstPart(body: Buffer, contentType: string): Buffer {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return body;
  const headEnd = body.indexOf('\r\n\r\n');
  const end = body.indexOf(`\r\n--${boundary}`, headEnd + 4);
  return headEnd < 0 || end < 0 ? Buffer.alloc(0) : body.subarray(headEnd + 4, end);
}
