import { DrayageError } from "@drayage/errors";
import { quoteName } from "../problem.ts";
import { decodeText, encodeText } from "../text.ts";
import { fromBase64 } from "./base64.ts";
import type { TarSplitEntry } from "./entry.ts";

const newline = 0x0a;

export interface TarSplitDecoderOptions {
  /** Whose tar-split it is, for messages. */
  readonly what: string;
  readonly lineBytes: number;
}

/**
 * Reads tar-split's JSON from chunks of any size: `push` a chunk, take entries with `next` until there are none; `finish`
 * at the end, and take the last ones. Every line is an object of JSON, in any order of keys, as Go's tools read it.
 *
 * Throws `ERR_DRAYAGE_STORE_INVALID` and `ERR_DRAYAGE_LIMIT_EXCEEDED`.
 */
export class TarSplitDecoder {
  readonly #options: TarSplitDecoderOptions;
  #chunk: Uint8Array = new Uint8Array();
  #position = 0;
  /** The start of a line, from chunks before. */
  #pieces: Uint8Array[] = [];
  #pending = 0;
  #line = 0;

  constructor(options: TarSplitDecoderOptions) {
    this.#options = options;
  }

  /** Takes input when `next` has nothing more. The chunk has to stay as it is until then. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  next(): TarSplitEntry | undefined {
    for (;;) {
      const line = this.#nextLine();
      if (line === undefined) return undefined;
      this.#line++;
      const entry = this.#parse(line);
      if (entry !== undefined) return entry;
    }
  }

  /** Says that the input is over. The last line may lack its end; where it is cut off, it is no JSON. */
  finish(): void {
    if (this.#pending > 0) this.push(new Uint8Array([newline]));
  }

  #nextLine(): Uint8Array | undefined {
    const end = this.#chunk.indexOf(newline, this.#position);
    const bytes = this.#chunk.subarray(this.#position, end === -1 ? undefined : end);
    if (this.#pending + bytes.length > this.#options.lineBytes) {
      throw this.#problem(
        `has a line of more than ${this.#options.lineBytes} bytes`,
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        this.#line + 1,
      );
    }
    if (end !== -1) {
      this.#position = end + 1;
      return this.#pending === 0 ? bytes : this.#joined(bytes);
    }
    // A copy, as the chunk is its owner's again.
    if (bytes.length > 0) this.#pieces.push(bytes.slice());
    this.#pending += bytes.length;
    this.#position = this.#chunk.length;
    return undefined;
  }

  #joined(last: Uint8Array): Uint8Array {
    const line = new Uint8Array(this.#pending + last.length);
    let at = 0;
    for (const piece of this.#pieces) {
      line.set(piece, at);
      at += piece.length;
    }
    line.set(last, at);
    this.#pieces = [];
    this.#pending = 0;
    return line;
  }

  #parse(line: Uint8Array): TarSplitEntry | undefined {
    const text = decodeText(line);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      if (text.trim() === "") return undefined;
      throw this.#problem("is no JSON", "ERR_DRAYAGE_STORE_INVALID", this.#line, error);
    }
    if (typeof value !== "object" || value === null) throw this.#invalid("is no object");
    const {
      type,
      name = "",
      name_raw: nameRaw,
      size = 0,
      payload,
    } = value as Readonly<Record<string, unknown>>;
    if (type !== 1 && type !== 2) throw this.#invalid("is of an unknown type");
    const bytes = this.#bytes(payload, "payload");
    if (type === 2) return { type: "segment", payload: bytes };
    if (typeof name !== "string") throw this.#invalid("has a name that is no text");
    const raw = this.#bytes(nameRaw, "name_raw");
    const quoted = quoteName(name === "" ? decodeText(raw) : name);
    if (!Number.isSafeInteger(size) || (size as number) < 0) throw this.#invalid(`gives ${quoted} no size`);
    if (size !== 0 && bytes.length !== 8) throw this.#invalid(`gives ${quoted} a checksum that is none`);
    return {
      type: "file",
      rawName: raw.length > 0 ? raw : encodeText(name),
      size: size as number,
      crc64: bytes,
    };
  }

  #bytes(value: unknown, field: string): Uint8Array {
    if (value === undefined || value === null) return new Uint8Array();
    const bytes = typeof value === "string" ? fromBase64(value) : undefined;
    if (bytes === undefined) throw this.#invalid(`has a ${field} that is no base64`);
    return bytes;
  }

  #invalid(what: string): DrayageError {
    return this.#problem(what, "ERR_DRAYAGE_STORE_INVALID", this.#line);
  }

  #problem(
    what: string,
    code: "ERR_DRAYAGE_STORE_INVALID" | "ERR_DRAYAGE_LIMIT_EXCEEDED",
    line: number,
    cause?: unknown,
  ): DrayageError {
    return new DrayageError(code, `the tar-split of ${this.#options.what}, line ${line}, ${what}`, { cause });
  }
}
