/**
 * Keeps one place of images like another: many images, in parallel, resumable.
 * @module
 */
export {};
