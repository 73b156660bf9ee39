import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import type { ConsumerSink, CreateConsumer, FileSink } from "../sink.ts";
import type { PlainSink } from "./messages.ts";

/** A sink of this thread, of what another one has sent. */
export function liveSink(sink: PlainSink): FileSink | ConsumerSink {
  if (sink.kind === "file") return sink;
  const { kind, code, settings } = sink;
  return { kind, settings, create: createConsumerOf(code), code: async () => code };
}

/** By its text: most layers of an image are unpacked by one program. */
const programs = new Map<string, CreateConsumer>();

function createConsumerOf(code: string): CreateConsumer {
  const known = programs.get(code) ?? load(code);
  programs.set(code, known);
  return known;
}

function load(code: string): CreateConsumer {
  const module: { exports: { createConsumer?: CreateConsumer } } = { exports: {} };
  const script = compileFunction(code, ["require", "module", "exports"], { filename: "drayage-consumer" });
  script(createRequire(import.meta.url), module, module.exports);
  const { createConsumer } = module.exports;
  if (createConsumer === undefined)
    throw new TypeError("the program of a consumer exports no createConsumer");
  return createConsumer;
}
