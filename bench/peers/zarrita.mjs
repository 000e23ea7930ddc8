import { FetchStore, withByteCaching, withRangeCoalescing } from "zarrita";

export function openReader(url) {
  const { origin, pathname } = new URL(url);
  const store = withByteCaching(withRangeCoalescing(new FetchStore(origin)));
  return {
    read: (start, end) => store.getRange(pathname, { offset: start, length: end - start }),
    close: () => undefined,
  };
}
