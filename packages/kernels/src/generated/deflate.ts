// Made by `npm run kernels` from assembly/deflate: not to be edited.
// biome-ignore format: lines of base64
export const deflateWasm: string = [
  "AGFzbQEAAAABBQFgAAF/AwIBAAUDAQAABxQCB3ZlcnNpb24AAAZtZW1vcnkCAAoGAQQAQQAL",
].join("");
