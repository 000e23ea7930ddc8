import FetchStore from "@zarrita/storage/fetch";

export const name = "@zarrita/storage";

export async function open(url) {
  const { origin, pathname } = new URL(url);
  const store = new FetchStore(origin);
  return {
    read: (start, end) => store.getRange(pathname, { offset: start, length: end - start }),
    close: async () => undefined,
  };
}
