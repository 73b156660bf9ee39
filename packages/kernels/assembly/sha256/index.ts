/*
 * SHA-256 over bytes that the caller has put at `input`, `inputSize` at most: it stands alone since a short program needs
 * it and nothing else.
 */
export { input, inputSize } from "../input";
export { sha256Blocks, state } from "./compress";
