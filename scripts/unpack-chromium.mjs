// Unpacks the Chromium that npm delivered into TMPDIR and prints the path of its executable. It is a process of its own
// because the package decides at import, by environment variables, whether to unpack the libraries that a bare machine
// lacks (NSS, NSPR, expat), and where to.
const { default: chromium } = await import("@sparticuz/chromium");
process.stdout.write(await chromium.executablePath());
