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
const bufferCount = 4;
const bufferSize = 256 * 1024;

const endOfHead = "\r\n\r\n";

export function connectDirectly(options: TcpNetConnectOpts): DirectConnection {
  const free: Uint8Array[] = Array.from({ length: bufferCount }, () => new Uint8Array(bufferSize));
  let current = free.pop() ?? new Uint8Array(bufferSize);
  const waiting: { readonly bytes: Uint8Array; readonly memory: Uint8Array | undefined }[] = [];
  /** What came behind the head. */
  let rest: Uint8Array = new Uint8Array();
  let lent: Uint8Array | undefined;
  let tail = "";
  let state: "head" | "between" | "body" | "over" = "head";
  let left = 0;
  let events: DirectEvents | undefined;

  const raw: Socket = builtin("node:net").connect({
    ...options,
    onread: {
      buffer: () => current,
      callback: (count, memory) => arrived(memory.subarray(0, count), memory),
    },
  });
  const socket = headSocket(raw, () => state === "head" || state === "between");

  /** False: no more is to be read for now. */
  function arrived(bytes: Uint8Array, memory: Uint8Array): boolean {
    if (state === "over") return false;
    if (state === "head") {
      const size = headSize(bytes);
      // Before the push, in which it may be found out what the head was.
      if (size !== undefined) {
        state = "between";
        rest = bytes.slice(size);
      }
      // A copy: the parser may look at it later.
      socket.push(Buffer.from(bytes.subarray(0, size ?? bytes.length)));
      return reads();
    }
    events?.onProgress();
    if (add(bytes, memory)) current = free.pop() ?? new Uint8Array(bufferSize);
    events?.onChange();
    return reads();
  }

  function reads(): boolean {
    if (state === "body") return left > 0 && waiting.length < bufferCount - 2;
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

  /** Whether there is anything of the body in it. */
  function add(bytes: Uint8Array, memory: Uint8Array | undefined): boolean {
    const wanted = bytes.subarray(0, left);
    left -= wanted.length;
    if (wanted.length === 0) return false;
    waiting.push({ bytes: wanted, memory });
    return true;
  }

  function release(): void {
    if (lent !== undefined) free.push(lent);
    lent = undefined;
  }

  raw.on("end", () => {
    if (state === "body") {
      if (left > 0) events?.onCut(undefined);
    } else socket.push(null);
  });
  raw.on("error", (error) => {
    if (state !== "body") socket.destroy(error);
    else if (left > 0) events?.onCut(error);
  });
  raw.on("close", () => {
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
        if (came.length === 0 || arrived(came, came)) raw.resume();
      });
    },
    body(length, told) {
      state = "body";
      events = told;
      left = length;
      add(rest, undefined);
      rest = new Uint8Array();
      if (left > 0) raw.resume();
      return {
        take() {
          release();
          const next = waiting.shift();
          if (next === undefined) return undefined;
          lent = next.memory;
          if (left > 0) raw.resume();
          return next.bytes;
        },
        ended: () => left === 0 && waiting.length === 0,
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
function headSocket(raw: Socket, owned: () => boolean): Duplex & { readonly connecting: boolean } {
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
  raw.once("connect", () => socket.emit("connect"));
  return socket;
}

function asGet(chunk: Buffer): Buffer {
  const text = "HEAD ";
  if (chunk.toString("latin1", 0, text.length) !== text)
    throw new TypeError("node:http begins with another line");
  return Buffer.concat([Buffer.from("GET "), chunk.subarray(text.length)]);
}
