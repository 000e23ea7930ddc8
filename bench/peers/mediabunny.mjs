import { UrlSource } from "mediabunny";

/** Driven as its own reader drives its source, which has no public way to read bytes. */
export function openReader(url) {
  const source = new UrlSource(url);
  const cut = ({ bytes, offset }, start, end) => bytes.subarray(start - offset, end - offset);
  return {
    read(start, end) {
      const found = source._read(start, end, 0, Number.POSITIVE_INFINITY);
      return found instanceof Promise
        ? found.then((later) => cut(later, start, end))
        : cut(found, start, end);
    },
    close: () => source._dispose?.(),
  };
}
