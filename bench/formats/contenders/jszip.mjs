import JSZip from "jszip";

export async function listZip(input) {
  const zip = await JSZip.loadAsync(input);
  // It tells the size of a member in this field alone.
  return Object.values(zip.files).map(({ name, _data }) => ({ name, size: _data.uncompressedSize }));
}

export async function readZip(input, { names }) {
  const zip = await JSZip.loadAsync(input);
  return Promise.all(names.map((name) => zip.file(name).async("uint8array")));
}
