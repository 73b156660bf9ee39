import { createDeflater, type Deflater, kernelsUnavailable } from "@drayage/kernels";
import type { DeflateEngine } from "../engine.ts";

/** One that is closed, for the next user: each has a memory of its own, which is slow to come and go. */
let spare: Deflater | undefined;

/** The kernel of @drayage/kernels in WebAssembly: faster than zlib at the same size. */
export const kernelsDeflate: DeflateEngine = {
  algorithm: "gzip",
  name: "kernels",
  unavailable: () => kernelsUnavailable("deflate"),
  open() {
    const deflater = spare ?? createDeflater();
    spare = undefined;
    return {
      engine: "kernels",
      deflateBlock: ({ bytes, ...options }) => deflater.deflateBlock(bytes, options),
      close() {
        spare = deflater;
      },
    };
  },
};
