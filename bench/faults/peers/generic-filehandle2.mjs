import { RemoteFile } from "generic-filehandle2";

export const name = "generic-filehandle2";

export async function open(url) {
  const file = new RemoteFile(url);
  return {
    read: (start, end) => file.read(end - start, start),
    close: async () => undefined,
  };
}
