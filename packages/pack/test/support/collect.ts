import { TarDecoder, type TarEvent, type TarHeader } from "@drayage/tar";

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

export interface ReadEntry {
  readonly header: TarHeader;
  readonly body: Uint8Array;
}

/** The entries of a tar, in their order. */
export function entriesOf(tar: Uint8Array): readonly ReadEntry[] {
  const entries: { header: TarHeader; parts: Uint8Array[] }[] = [];
  for (const event of eventsOf(tar)) {
    if (event.type === "header") entries.push({ header: event.header, parts: [] });
    if (event.type === "data") entries.at(-1)?.parts.push(event.bytes.slice());
  }
  return entries.map(({ header, parts }) => ({ header, body: Buffer.concat(parts) }));
}

/** Names, with what a hard link is one of. */
export function namesOf(tar: Uint8Array): readonly string[] {
  return entriesOf(tar).map(({ header }) =>
    header.type === "link" ? `${header.name} = ${header.linkname}` : header.name,
  );
}

function* eventsOf(tar: Uint8Array): Generator<TarEvent> {
  const decoder = new TarDecoder();
  decoder.push(tar);
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
  decoder.finish();
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
}
