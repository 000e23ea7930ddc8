// Lists a zip as often as it is told to, each time from a closed source: node node-listing.mjs BUILT, started by run.mjs.
const { openZip } = await import(new URL("dist/zip.js", process.argv[2]));

async function list(url) {
  const began = performance.now();
  const archive = await openZip(url);
  const names = archive.entries.map(({ name }) => name);
  const ms = performance.now() - began;
  await archive.close();
  return { ms, names: names.length, last: names.at(-1) };
}

process.on("message", (url) => void list(url).then((listed) => process.send(listed)));
process.on("disconnect", () => process.exit());
process.send("ready");
