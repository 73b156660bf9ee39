/**
 * Layers as whole copies in folders.
 * @module
 */
export { vfsDriver } from "./driver.ts";
