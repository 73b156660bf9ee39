/**
 * Layers of container images in memory: a storage driver for tests and pipelines.
 * @module
 */
export { createMemoryDriver, type MemoryDriverOptions, memoryDriver } from "./driver.ts";
