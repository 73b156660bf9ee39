import { register } from "tsx/esm/api";

// The thread of the fuzzer in which the kernels run.
register();
await import("./src/fuzz/worker.ts");
