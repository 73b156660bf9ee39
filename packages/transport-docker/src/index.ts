/**
 * The docker: transport of drayage, images in registries.
 * @module
 */
export {};
