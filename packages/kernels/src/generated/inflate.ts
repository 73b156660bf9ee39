// Made by `npm run kernels` from assembly/inflate: not to be edited.
// biome-ignore format: lines of base64
export const inflateWasm: string = [
  "AGFzbQEAAAABBQFgAAF/AwIBAAUDAQAABxQCB3ZlcnNpb24AAAZtZW1vcnkCAAoGAQQAQQAL",
].join("");
