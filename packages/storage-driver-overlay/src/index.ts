/**
 * The storage driver `overlay`: layers that the kernel lays over each other.
 * @module
 */
export { overlayDriver } from "./driver.ts";
