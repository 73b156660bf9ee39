import { register } from "tsx/esm/api";

// node --conditions=@drayage/source tools/kernels/levels.mjs FILE [MEBIBYTES]: the levels of deflate, beside zlib's.
register();
const { main } = await import("./src/levels/main.ts");
process.exitCode = main(process.argv.slice(2));
