// Removes the build output, so that a renamed file leaves no ghost in the package.
import { rmSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
