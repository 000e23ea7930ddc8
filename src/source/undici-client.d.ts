declare module "undici/lib/dispatcher/client.js" {
  import { type buildConnector, Client, type Dispatcher } from "undici";

  export type { buildConnector, Dispatcher };
  export default Client;
}
