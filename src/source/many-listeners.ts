/** Elsewhere than in Node any number of listeners is fine. */
export function allowManyListeners(_signal: AbortSignal): void {}
