// Made by `npm run kernels` from assembly/checksums: not to be edited.
// biome-ignore format: lines of base64
export const checksumsWasm: string = [
  "AGFzbQEAAAABBQFgAAF/AwIBAAUDAQAABxQCB3ZlcnNpb24AAAZtZW1vcnkCAAoGAQQAQQAL",
].join("");
