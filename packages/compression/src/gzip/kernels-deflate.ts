import { createDeflater, kernelsUnavailable } from "@drayage/kernels";
import type { DeflateEngine } from "../engine.ts";

/** The kernel of @drayage/kernels in WebAssembly: faster than zlib at the same size. */
export const kernelsDeflate: DeflateEngine = {
  algorithm: "gzip",
  name: "kernels",
  unavailable: () => kernelsUnavailable("deflate"),
  open() {
    const deflater = createDeflater();
    return {
      engine: "kernels",
      deflateBlock: ({ bytes, ...options }) => deflater.deflateBlock(bytes, options),
      close: () => undefined,
    };
  },
};
