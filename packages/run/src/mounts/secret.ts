import { closeSync, openSync, readSync, statSync } from "node:fs";
import { ioError } from "@drayage/errors";
import { usage } from "./options.ts";

/** A secret that commands may ask for by its ID; read when one does. */
export interface Secret {
  readonly id: string;
  readonly source: { readonly file: string } | { readonly variable: string };
}

const secretLimit = 512 * 1024;

/**
 * A secret of `--secret`: `id=…[,src=FILE|,env=VARIABLE][,type=file|env]`. Without a source it is the variable of that name, else the file.
 * @throws `ERR_DRAYAGE_USAGE`
 */
export function parseSecret(text: string, env: NodeJS.ProcessEnv = process.env): Secret {
  const form = "write id=NAME,src=FILE or id=NAME,env=VARIABLE";
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const [name = "", value] = splitField(part);
    // What is neither may be the secret itself, mistyped.
    if (value === undefined) throw usage("a secret has a field without a value", form);
    if (!["id", "src", "source", "env", "type"].includes(name))
      throw usage(`a secret has the field ${JSON.stringify(name)}, which it cannot have`, form);
    fields.set(name, value);
  }
  const id = fields.get("id") ?? "";
  const type = fields.get("type");
  if (id === "" || id.includes("/") || id === "." || id === "..")
    throw usage("a secret has no usable id", form);
  if (type !== undefined && type !== "file" && type !== "env") {
    throw usage(`${JSON.stringify(type)} is no type of a secret`, "it is file or env");
  }
  const source = fields.get("src") ?? fields.get("source");
  const variable = fields.get("env");
  if (variable !== undefined) return { id, source: { variable } };
  if (type === "env" || (type === undefined && source === undefined && env[id] !== undefined)) {
    return { id, source: { variable: source ?? id } };
  }
  return { id, source: { file: source ?? id } };
}

/**
 * Refuses a secret whose file or variable is not there, before anything asks for it.
 * @throws `ERR_DRAYAGE_USAGE` for a variable, `ERR_DRAYAGE_IO` for a file
 */
export function checkSource({ id, source }: Secret, env: NodeJS.ProcessEnv = process.env): void {
  if ("variable" in source) {
    variableOf(id, source.variable, env);
    return;
  }
  try {
    statSync(source.file);
  } catch (error) {
    throw ioError(error, `read the secret ${JSON.stringify(id)} from`, { path: source.file });
  }
}

function variableOf(id: string, variable: string, env: NodeJS.ProcessEnv): string {
  const value = env[variable];
  if (value !== undefined) return value;
  throw usage(
    `the variable ${JSON.stringify(variable)} of the secret ${JSON.stringify(id)} is not set`,
    "set it, or name another",
  );
}

/** @throws `ERR_DRAYAGE_USAGE` and `ERR_DRAYAGE_IO`, which never have what the secret is */
export function readSecret({ id, source }: Secret, env: NodeJS.ProcessEnv = process.env): Uint8Array {
  if ("variable" in source) {
    return Buffer.from(variableOf(id, source.variable, env));
  }
  try {
    const bytes = readAtMost(source.file, secretLimit + 1);
    if (bytes.length <= secretLimit) return bytes;
    throw usage(`the secret ${JSON.stringify(id)} is longer than 512 KiB`, "make it shorter");
  } catch (error) {
    throw ioError(error, `read the secret ${JSON.stringify(id)} from`, { path: source.file });
  }
}

/** Also of a pipe, as a shell's `<(command)` is, which says nothing of its length. */
function readAtMost(file: string, limit: number): Uint8Array {
  const fd = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(limit);
    let size = 0;
    for (let count = -1; count !== 0 && size < limit; size += count)
      count = readSync(fd, bytes, { offset: size });
    return bytes.subarray(0, size);
  } finally {
    closeSync(fd);
  }
}

export function splitField(part: string): readonly [name: string, value: string | undefined] {
  const at = part.indexOf("=");
  return at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)];
}
