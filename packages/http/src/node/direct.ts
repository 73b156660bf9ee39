import type { Socket, TcpNetConnectOpts } from "node:net";
import type { Duplex } from "node:stream";
import { builtin } from "./builtins.ts";

/**
 * A connection for one large response, whose body node:http never sees: it copies all that it reads into new memory, which takes
 * longer than everything else that is done to a body. It is told that it sends HEAD, so that it parses the head of the
 * response and expects nothing behind it; on the wire stands GET.
 */
export interface DirectConnection {
  /** What node:http takes for its socket. */
  readonly socket: Duplex;
  /** What came was the head of an interim response: another one follows. */
  interim(): void;
  /** The head has come: what follows is the body, of `length` bytes. */
  body(length: number, events: DirectEvents): DirectBody;
  /** Ends the connection. What has come of the body can still be taken. */
  end(): void;
  /** Ends the connection, and forgets what has come. */
  destroy(): void;
}

export interface DirectEvents {
  /** There is a chunk more, or none any more. */
  onChange(): void;
  onProgress(): void;
  /** The connection ended, or failed, before the body's end. */
  onCut(error: Error | undefined): void;
}

export interface DirectBody {
  /** The next chunk, if there is one: what was given out before may be overwritten from now on. */
  take(): Uint8Array | undefined;
  /** Whether every byte was taken. */
  ended(): boolean;
}

/** One is read into, one is the reader's, and the others wait for it. */
const slabCount = 4;
const slabSize = 256 * 1024;
/** More than one record of TLS. */
const leastPlace = 32 * 1024;
const mostWaiting = 2;

function newSlab(): Slab {
  return { memory: new Uint8Array(slabSize), used: 0, chunks: 0 };
}

function isFull({ used }: Slab): boolean {
  return slabSize - used < leastPlace;
}

const endOfHead = "\r\n\r\n";

type OnRead = NonNullable<TcpNetConnectOpts["onread"]>;

/** How the connection is made: plain, or with TLS. */
export interface DirectOptions {
  connect(onread: OnRead): Socket;
  /** The event of the connection that tells that it can be used. */
  readonly ready: "connect" | "secureConnect";
}

/** Memory that is read into from its start to its end. */
interface Slab {
  readonly memory: Uint8Array;
  used: number;
  /** How many chunks of it nobody has done with. */
  chunks: number;
}

/** Bytes of the body that lie one behind the other. */
interface Gathered {
  readonly slab: Slab | undefined;
  readonly bytes: Uint8Array;
}

export function connectDirectly({ connect, ready }: DirectOptions): DirectConnection {
  const free: Slab[] = Array.from({ length: slabCount }, newSlab);
  let current = free.pop() ?? newSlab();
  let gathering: { readonly slab: Slab; readonly start: number; end: number } | undefined;
  let flushing = false;
  const waiting: Gathered[] = [];
  /** What came behind the head. */
  let rest: Uint8Array = new Uint8Array();
  let lent: Slab | undefined;
  let tail = "";
  let state: "head" | "between" | "body" | "over" = "head";
  let left = 0;
  let events: DirectEvents | undefined;

  const raw = connect({ buffer: nextPlace, callback: (count) => arrived(count) });
  const socket = headSocket(raw, { ready, owned: () => state === "head" || state === "between" });

  /** Where the next bytes are read to. It is asked for once before each reading. */
  function nextPlace(): Uint8Array {
    if (isFull(current)) {
      const full = current;
      current = free.pop() ?? newSlab();
      recycle(full);
    }
    return current.memory.subarray(current.used);
  }

  function recycle(slab: Slab): void {
    if (slab.chunks > 0 || slab === current) return;
    slab.used = 0;
    free.push(slab);
  }

  /** False: no more is to be read for now. TLS gives what it has decrypted all the same. */
  function arrived(count: number): boolean {
    const start = current.used;
    const bytes = (): Uint8Array => current.memory.subarray(start, start + count);
    switch (state) {
      case "head":
        headArrived(bytes());
        break;
      case "between":
        rest = Buffer.concat([rest, bytes()]);
        break;
      case "body":
        current.used += count;
        bodyArrived(start, count);
        break;
      case "over":
        break;
    }
    return reads();
  }

  function headArrived(bytes: Uint8Array): void {
    const size = headSize(bytes);
    // Before the push, in which it may be found out what the head was.
    if (size !== undefined) {
      state = "between";
      rest = bytes.slice(size);
    }
    // A copy: the parser may look at it later.
    socket.push(Buffer.from(bytes.subarray(0, size ?? bytes.length)));
  }

  /** Small pieces, such as the records of TLS, are gathered for as long as they come one after the other. */
  function bodyArrived(start: number, count: number): void {
    const wanted = Math.min(count, left);
    left -= wanted;
    if (wanted > 0) gather(start, start + wanted);
    const full = left === 0 || isFull(current);
    if (!full && flushing) return;
    events?.onProgress();
    if (full) {
      flush();
      return;
    }
    flushing = true;
    setImmediate(() => {
      flushing = false;
      flush();
    });
  }

  function gather(start: number, end: number): void {
    if (gathering?.slab === current && gathering.end === start) {
      gathering.end = end;
      return;
    }
    flush();
    current.chunks += 1;
    gathering = { slab: current, start, end };
  }

  function flush(): void {
    if (gathering === undefined) return;
    const { slab, start, end } = gathering;
    gathering = undefined;
    waiting.push({ slab, bytes: slab.memory.subarray(start, end) });
    events?.onChange();
  }

  function reads(): boolean {
    if (state === "body") return left > 0 && waiting.length < mostWaiting;
    return state === "head";
  }

  /** How many of the bytes belong to the head; undefined where it does not end in them. */
  function headSize(bytes: Uint8Array): number | undefined {
    const text = tail + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const end = text.indexOf(endOfHead);
    if (end !== -1) {
      const size = end + endOfHead.length - tail.length;
      tail = "";
      return size;
    }
    tail = text.slice(-(endOfHead.length - 1));
    return undefined;
  }

  function release(): void {
    if (lent === undefined) return;
    lent.chunks -= 1;
    recycle(lent);
    lent = undefined;
  }

  raw.on("end", () => {
    flush();
    if (state === "body") {
      if (left > 0) events?.onCut(undefined);
    } else socket.push(null);
  });
  raw.on("error", (error) => {
    flush();
    if (state !== "body") socket.destroy(error);
    else if (left > 0) events?.onCut(error);
  });
  raw.on("close", () => {
    flush();
    if (state !== "body") socket.destroy();
    else if (left > 0) events?.onCut(undefined);
  });

  return {
    socket,
    interim() {
      // The parser is in the midst of what it was given.
      setImmediate(() => {
        if (state !== "between") return;
        const came = rest;
        rest = new Uint8Array();
        state = "head";
        if (came.length > 0) headArrived(came);
        if (reads()) raw.resume();
      });
    },
    body(length, told) {
      state = "body";
      events = told;
      left = length;
      const came = rest.subarray(0, left);
      rest = new Uint8Array();
      left -= came.length;
      if (came.length > 0) waiting.push({ slab: undefined, bytes: came });
      if (left > 0) raw.resume();
      return {
        take() {
          release();
          const next = waiting.shift();
          if (next === undefined) return undefined;
          lent = next.slab;
          if (left > 0) raw.resume();
          return next.bytes;
        },
        ended: () => left === 0 && gathering === undefined && waiting.length === 0,
      };
    },
    end: () => raw.destroy(),
    destroy() {
      state = "over";
      waiting.length = 0;
      raw.destroy();
    },
  };
}

/** What node:http writes goes to the connection, with the method that is meant; `owned`: it still has the connection. */
function headSocket(
  raw: Socket,
  { ready, owned }: Pick<DirectOptions, "ready"> & { owned(): boolean },
): Duplex & { readonly connecting: boolean } {
  let begun = false;
  const { Duplex } = builtin("node:stream");
  class HeadSocket extends Duplex {
    get connecting(): boolean {
      return raw.connecting;
    }
    override _read(): void {
      // What comes is pushed as it comes.
    }
    override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
      const bytes = begun ? chunk : asGet(chunk);
      begun = true;
      raw.write(bytes, done);
    }
    override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
      if (owned()) raw.destroy();
      done(error);
    }
  }
  const socket = new HeadSocket();
  raw.once(ready, () => socket.emit(ready));
  return socket;
}

function asGet(chunk: Buffer): Buffer {
  const text = "HEAD ";
  if (chunk.toString("latin1", 0, text.length) !== text)
    throw new TypeError("node:http begins with another line");
  return Buffer.concat([Buffer.from("GET "), chunk.subarray(text.length)]);
}
