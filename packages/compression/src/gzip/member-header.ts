import { invalid, trailing } from "../errors.ts";
import { gzipChecksum } from "./checksum.ts";

/** Reads the header of one gzip member (RFC 1952, 2.3), however its bytes come. */
export interface MemberHeaderReader {
  /** Whether the header has ended. */
  readonly ended: boolean;
  /**
   * Takes the next bytes and returns how many of them are the header's.
   *
   * @throws ERR_DRAYAGE_COMPRESSION_INVALID
   */
  read(bytes: Uint8Array): number;
}

const magic = [0x1f, 0x8b];
const deflateMethod = 8;
const flag = { checksum: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 };

/** The parts of a header in their order. Which ones there are is said by the flags in the first. */
const parts = ["fixed", "extraLength", "extra", "name", "comment", "checksum"] as const;
type Part = (typeof parts)[number];

/** The lengths of parts that are kept until they are complete. */
const fieldLengths: { readonly [part in Part]?: number } = { fixed: 10, extraLength: 2, checksum: 2 };

/**
 * `later` says that another member came before. As in zlib, reserved flags are refused and a header's checksum is
 * verified. Names, comments and extra fields are passed over, however long they are: none of them is kept.
 */
export function createMemberHeaderReader(later: boolean): MemberHeaderReader {
  const field = new Uint8Array(10);
  let filled = 0;
  let part: Part | undefined = "fixed";
  let flags = 0;
  let extraLeft = 0;
  let checksum = 0;

  /** Reads bytes of `current`. Returns how many; it is for `end` to go on. */
  function take(current: Part, bytes: Uint8Array): number {
    if (current === "extra") return takeExtra(bytes);
    if (current === "name" || current === "comment") return takeText(current, bytes);
    return takeField(current, bytes);
  }

  function takeExtra(bytes: Uint8Array): number {
    const taken = Math.min(extraLeft, bytes.length);
    extraLeft -= taken;
    if (extraLeft === 0) end("extra");
    return taken;
  }

  function takeText(current: Part, bytes: Uint8Array): number {
    const terminator = bytes.indexOf(0);
    if (terminator === -1) return bytes.length;
    end(current);
    return terminator + 1;
  }

  function takeField(current: Part, bytes: Uint8Array): number {
    const length = fieldLengths[current] ?? 0;
    const taken = bytes.subarray(0, length - filled);
    field.set(taken, filled);
    filled += taken.length;
    if (current === "fixed") checkFixed();
    if (filled === length) endField(current);
    return taken.length;
  }

  /** Checks what there is of the fixed part: what is no gzip is to be known from its first byte on. */
  function checkFixed(): void {
    if (magic.some((byte, at) => at < filled && field[at] !== byte)) {
      throw later ? trailing("gzip") : invalid("gzip", "it does not start as gzip does");
    }
    if (filled > 2 && field[2] !== deflateMethod) {
      throw invalid("gzip", `a member is compressed by the unknown method ${field[2]}`);
    }
    if (filled > 3) flags = field[3] ?? 0;
    if (flags & flag.reserved) throw invalid("gzip", "a member's header has flags that mean nothing");
  }

  function endField(current: Part): void {
    const value = (field[0] ?? 0) | ((field[1] ?? 0) << 8);
    if (current === "extraLength") extraLeft = value;
    if (current === "checksum" && value !== (checksum & 0xffff)) {
      throw invalid("gzip", "a member's header has another checksum than it says");
    }
    filled = 0;
    end(current);
  }

  /** Goes on with the next part that there is. */
  function end(current: Part): void {
    part = parts.slice(parts.indexOf(current) + 1).find(isThere);
  }

  function isThere(candidate: Part): boolean {
    if (candidate === "extraLength") return (flags & flag.extra) !== 0;
    if (candidate === "extra") return extraLeft > 0;
    return candidate !== "fixed" && (flags & flag[candidate]) !== 0;
  }

  return {
    get ended() {
      return part === undefined;
    },
    read(bytes) {
      let position = 0;
      while (part !== undefined && position < bytes.length) {
        const rest = bytes.subarray(position);
        const current: Part = part;
        const taken = take(current, rest);
        if (current !== "checksum") checksum = gzipChecksum(rest.subarray(0, taken), checksum);
        position += taken;
      }
      return position;
    },
  };
}
