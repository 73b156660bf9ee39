/** Collects what is written into chunks of one size. */
export interface Chunker {
  write(bytes: Uint8Array): Promise<void>;
  /** Hands over what is left. */
  end(): Promise<void>;
}

export function createChunker(size: number, send: (chunk: Uint8Array) => Promise<void>): Chunker {
  let buffer: Uint8Array | undefined;
  let length = 0;
  const flush = async (): Promise<void> => {
    if (buffer === undefined || length === 0) return;
    const chunk = buffer.subarray(0, length);
    length = 0;
    await send(chunk);
  };
  return {
    async write(bytes) {
      buffer ??= new Uint8Array(size);
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + size - length);
        buffer.set(part, length);
        length += part.length;
        at += part.length;
        if (length === size) await flush();
      }
    },
    end: flush,
  };
}
