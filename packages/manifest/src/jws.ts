import { DrayageError } from "@drayage/errors";
import { type FieldReader, type ReadContext, readFields } from "./json/fields.ts";
import { parseJson } from "./json/parse.ts";
import { manifestLimit } from "./limits.ts";

/** Where a signed document's own text ends, and what follows it in the text that was signed. */
interface SignedFormat {
  readonly length: number;
  readonly tail: Uint8Array;
}

const code = "ERR_DRAYAGE_MANIFEST_INVALID";

/**
 * The text that the signatures of a docker v2s1 manifest were made for: the document without them. Each
 * signature's protected header says how much of the document it is (`formatLength`) and how it ends
 * (`formatTail`), as docker's libtrust has it. The signatures are not verified: nothing says whose they are.
 *
 * @throws ERR_DRAYAGE_MANIFEST_INVALID
 */
export function signedPayload(bytes: Uint8Array): Uint8Array {
  const root = parseJson(bytes, { what: "manifest", code, limit: manifestLimit, duplicates: true });
  const context: ReadContext = { what: "manifest", code, bytes, otherCase: "accept" };
  const document = readFields(root, context, { path: "", fields: ["signatures"] });
  const signatures = document.objects("signatures", ["header", "signature", "protected"]);
  if (signatures === undefined || signatures.length === 0) {
    throw document.invalid("signatures", "there is none");
  }
  let format: SignedFormat = { length: 0, tail: new Uint8Array() };
  for (const signature of signatures) {
    const next = readFormat(signature);
    if (format.length > 0 && (format.length !== next.length || !equalBytes(format.tail, next.tail))) {
      throw signature.invalid("protected", "it does not agree with the other signatures");
    }
    format = next;
  }
  if (format.length > bytes.length) {
    throw document.invalid("signatures", "formatLength is larger than the document");
  }
  const payload = new Uint8Array(format.length + format.tail.length);
  payload.set(bytes.subarray(0, format.length));
  payload.set(format.tail, format.length);
  return payload;
}

function readFormat(signature: FieldReader): SignedFormat {
  const header = decodeBase64Url(signature.string("protected") ?? "");
  if (header === undefined) throw signature.invalid("protected", "it is not base64url");
  const what = `manifest ${signature.path("protected")}`;
  const root = parseJson(header, { what, code, limit: manifestLimit });
  const fields = readFields(
    root,
    { what, code, bytes: header, otherCase: "accept" },
    {
      path: "",
      fields: ["formatLength", "formatTail"],
    },
  );
  const length = fields.integer("formatLength");
  const tailText = fields.string("formatTail");
  if (length === undefined || length < 0) throw fields.invalid("formatLength", "it is missing or negative");
  if (tailText === undefined) throw fields.invalid("formatTail", "it is missing");
  const tail = decodeBase64Url(tailText);
  if (tail === undefined) throw fields.invalid("formatTail", "it is not base64url");
  return { length, tail };
}

function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/").replaceAll("=", ""));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** An error for a signed document that says more than what was signed. */
export function unsignedContent(name: string): DrayageError {
  return new DrayageError(
    code,
    `manifest ${name}: ambiguous: it is not part of what the manifest's signatures and digest cover`,
  );
}
