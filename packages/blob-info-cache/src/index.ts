/**
 * Where blobs are and what their compressed twins are, remembered between runs.
 * @module
 */
export {};
