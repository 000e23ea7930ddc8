import { unpackTar } from "modern-tar";

export async function listTar(input) {
  const listed = [];
  const filter = ({ name, size }) => {
    listed.push({ name, size });
    return false;
  };
  await unpackTar(input, { filter });
  return listed;
}

export async function readTar(input) {
  return (await unpackTar(input)).map(({ data }) => data);
}
